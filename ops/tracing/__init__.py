"""The trace of a run: its spans, sent to an OpenTelemetry collector or written to a file."""
