"""Gateway: rules, and the lists and locations that they name."""
