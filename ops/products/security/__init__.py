"""Security Center."""
