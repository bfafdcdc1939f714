"""Metrics: what the runs so far did and how long it took, for people, for Prometheus, and for a forecast."""
