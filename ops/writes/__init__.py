"""Every write, and the journal of what was written."""
