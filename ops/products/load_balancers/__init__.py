"""Load balancers of a zone; pools and monitors of an account."""
