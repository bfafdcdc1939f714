"""The user behind the token."""
