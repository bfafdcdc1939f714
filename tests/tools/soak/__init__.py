"""Run random lines of tasks on the sandbox, with random faults: `python -m tests.tools.soak --minutes 20`.

After each of them what the line said, the sandbox's own state, the journal and the snapshots must agree.
"""
