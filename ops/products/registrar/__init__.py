"""the registrar: domains."""
