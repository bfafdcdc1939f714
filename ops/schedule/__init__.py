"""Schedule: what another program needs to run an export by itself, again and again."""
