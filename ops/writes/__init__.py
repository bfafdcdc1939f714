"""The road of every write, and the memory of what was written."""
