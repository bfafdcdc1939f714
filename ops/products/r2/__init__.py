"""R2: object storage buckets."""

DEFAULT = "default"
# The jurisdictions that every account may use, and all of them.
LISTED = (DEFAULT, "eu")
JURISDICTIONS = (*LISTED, "us", "fedramp", "fedramp-high")
