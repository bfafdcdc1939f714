"""Output for people: tables, colors, progress, questions."""
