# SPDX-License-Identifier: Apache-2.0
"""bounded.py FILE COMMAND...: runs the command and writes to FILE how much memory it had at its peak, in MiB. The exit code is the command's."""
import os
import subprocess
import sys

child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as out:
    out.write("%d\n" % (usage.ru_maxrss // 1024))
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
