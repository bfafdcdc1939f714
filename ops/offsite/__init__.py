"""Offsite: snapshots in a bucket of S3, R2, or a compatible service."""
