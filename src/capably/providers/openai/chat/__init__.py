"""The Chat Completions format, of OpenAI and of hosts that speak it."""
