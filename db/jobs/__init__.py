"""Jobs, their items, calls, usage, prices and workers."""
