"""Recorded conversations through the real SDK clients, and recorded requests in our API: `python -m conformance`."""
