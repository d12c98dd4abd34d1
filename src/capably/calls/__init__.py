"""A model and a call to it: from content and parameters to a request, an adapter and a response."""
