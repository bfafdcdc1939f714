"""Offsite: snapshots in a bucket of S3, of R2, or of anything that speaks as they do."""
