"""R2: object storage buckets."""

DEFAULT = "default"
JURISDICTIONS = (DEFAULT, "eu", "us", "fedramp", "fedramp-high")
