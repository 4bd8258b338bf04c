"""The commands that need the training extra. Heavy imports stay inside each command."""
