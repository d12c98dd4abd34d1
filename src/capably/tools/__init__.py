"""Tools: functions that a model may call, their interface, and running the calls."""
