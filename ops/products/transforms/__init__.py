"""transformations of zones: managed headers, normalization of URLs."""
