"""One typed, model-agnostic SDK for every frontier LLM: `from capably import llm`."""

__version__ = "0.1.0"
