"""A registry: its schema, its facts as plain data, the names that follow from it, and what was decided about it."""
