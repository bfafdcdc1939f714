"""Plugins: what is on and what is off, what they bring, hooks in a process of their own, and the kit."""
