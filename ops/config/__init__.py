"""Settings, credentials and profiles: the only package that reads the environment and its files."""
