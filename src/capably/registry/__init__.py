"""What the registry knows of models: facts, the rules read from them, lookup, selection and cost."""
