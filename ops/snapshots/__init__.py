"""Snapshots: an inventory on disk, with a manifest."""
