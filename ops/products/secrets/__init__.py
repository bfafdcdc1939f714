"""the Secrets Store: stores and the names of their secrets."""
