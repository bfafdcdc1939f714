"""A soak: `python -m tests.soak --minutes 20` runs random lines of tasks on the sandbox, with random faults.

After each of them what the line said, the sandbox's own state, the journal and the snapshots must agree.
"""
