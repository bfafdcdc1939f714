"""The wire: everything between a service function and Cloudflare."""

from ops.http.deferred import defer

defer("charset_normalizer")
defer("idna")
