"""The report: a snapshot, what changed, what needs attention, and the runs, as one page without a server."""
