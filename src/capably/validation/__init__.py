"""Everything that is checked before a request is sent: arguments, parameters, content, conversations."""
