"""Requests and answers of the wire formats, shared by the tests of their adapters."""
