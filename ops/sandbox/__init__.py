"""The sandbox: an embedded, offline Cloudflare, written from the API's documentation."""
