"""A line becomes a call: options, tasks, and how each ends."""
