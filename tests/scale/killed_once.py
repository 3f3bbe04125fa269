#!/usr/bin/env python3
"""Stands for bertrt: the first process that starts is killed (SIGKILL) after some answers, later ones are let alone.

    FLAG=folder-that-is-not-there-yet PROGRAM=bertrt killed_once.py embed ...
"""

import os
import signal
import subprocess
import sys

program = os.environ["PROGRAM"]
try:
    os.mkdir(os.environ["FLAG"])
except FileExistsError:
    os.execv(program, [program, *sys.argv[1:]])

child = subprocess.Popen([program, *sys.argv[1:]], stdout=subprocess.PIPE)
if "--output" in sys.argv:  # it answers into a file
    sys.stdin.close()
else:
    for _ in range(5):
        sys.stdout.buffer.write(child.stdout.readline())
    sys.stdout.flush()
os.kill(child.pid, signal.SIGKILL)
child.wait()
os.kill(os.getpid(), signal.SIGKILL)
