"""Page Shield: its settings and policies."""
