"""R2: object storage buckets."""
