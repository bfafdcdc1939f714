"""Run random lines of tasks on the sandbox, with random faults: `python -m tests.tools.soak --minutes 20`.

After each line its output, the sandbox's own state, the journal and the snapshots must agree.
"""
