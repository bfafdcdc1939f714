"""Jobs against the sandbox, beside other programs: `python -m tests.tools.bench` writes one table."""
