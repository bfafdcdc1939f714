"""The judges of the sandbox: the official OpenAPI document and the official SDK."""
