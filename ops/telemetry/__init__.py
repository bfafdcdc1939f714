"""The debug log, the audit log, and the redaction of secrets."""
