"""Channels: where notices go. Each kind is a class with `send`, declared in `kinds.py`."""
