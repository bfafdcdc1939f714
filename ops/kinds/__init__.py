"""What a kind is, and what a change of one of its items is."""
