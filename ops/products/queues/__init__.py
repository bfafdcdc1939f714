"""Queues with their producers and consumers."""
