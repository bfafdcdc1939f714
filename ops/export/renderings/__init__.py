"""Export: a snapshot rendered as another format."""
