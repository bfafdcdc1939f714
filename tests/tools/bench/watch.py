"""Run a command and measure it: ``watch.py FILE COMMAND…`` writes [seconds, KiB, exit code].

The peak memory that the kernel reports for a process includes its parent's memory at the time of the fork. A
test suite or a bench may use a gigabyte; this parent uses less than any command that is measured.
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
