"""Jobs against the sandbox, beside the programs that others use: `python -m tests.bench` writes one table."""
