"""Checks of leaked credentials: the switch of zones, and what is checked."""
