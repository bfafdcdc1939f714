"""WARP clients: profiles, and checks of their posture."""
