"""waiting rooms."""
