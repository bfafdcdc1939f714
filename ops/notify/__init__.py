"""Notify: tell someone outside how a job went."""
