"""The sandbox: an embedded, offline Cloudflare on loopback, written from the API's documentation."""
