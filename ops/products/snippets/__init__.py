"""snippets of zones."""
