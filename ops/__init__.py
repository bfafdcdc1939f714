"""cfops: an operations toolkit for Cloudflare."""

import sys

# Invoke turns the writing of byte code off before it loads tasks.py, so an editable install would
# compile every module again on each run.
sys.dont_write_bytecode = False
