"""Measurements against the sandbox: `python -m tests.bench` prints ratios taken in one run."""
