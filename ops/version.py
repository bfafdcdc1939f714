"""The version of this package: `pyproject.toml` reads it here, so that no run has to look it up."""

VERSION = "0.1.0"
