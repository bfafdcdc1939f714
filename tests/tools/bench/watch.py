"""Run a command and write down what it took: ``watch.py FILE COMMAND…`` writes [seconds, KiB, exit code].

The peak memory that the kernel tells of a process begins with what its parent held when it forked. A test
suite or a bench may hold a gigabyte; this parent holds less than any command that is measured.
"""

import json
import os
import sys
import time
from pathlib import Path

to, *command = sys.argv[1:]
began = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - began
Path(to).write_text(json.dumps([seconds, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))
