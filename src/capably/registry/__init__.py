"""Facts about models: lookup, the rules derived from facts, requirements and cost."""
