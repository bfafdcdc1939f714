"""The sandbox compared with the official OpenAPI document and with other people's clients."""
