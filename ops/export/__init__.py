"""What becomes of a scan: a snapshot, delivered, guarded and reported."""
