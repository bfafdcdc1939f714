"""Alerts: rules over the history of runs and the stored snapshots, and notices about them to channels."""
