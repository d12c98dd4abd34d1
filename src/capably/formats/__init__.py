"""Structured output: a Python type as the format of an answer, and text as a value of that type."""
