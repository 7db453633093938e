"""usage.py COMMAND...   runs it and prints what it took, from start to end, as JSON.

A process of its own, as small as Python can be: Linux counts what a process was before exec into its largest
resident set, so a child of the benchmark itself would seem as large as pandas.
"""
import json
import os
import sys
import time

with open(os.devnull, "w") as nowhere:
    start = time.monotonic()
    pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                          file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - start
print(json.dumps({"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                  "memory_mb": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status)}))
