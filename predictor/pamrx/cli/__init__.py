"""The `pamrx` command: one module per group of commands. Heavy imports stay inside each command."""
