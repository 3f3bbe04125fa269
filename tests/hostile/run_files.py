#!/usr/bin/env python3
"""Puts the files of make_files.py through the command line: python3 run_files.py CLI FOLDER [PART_OF_A_NAME]

Each is inspected and run. Every command must end within 20 seconds and 1 GB with exit code 0, 1 or 2, say at most one
line on standard error, and leave no file behind; no control character may reach either stream. A file marked "answer"
must run, one marked "refuse" must not. Prints what falls short; exit 1 if anything does.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 20  # of processor time, so that a busy machine changes nothing; three times as long by the clock
MEGABYTES = 1024
ADDRESSES = 16 << 30


def run(command, folder):
    """(exit code, or minus a signal, or None for too long; peak megabytes; standard output; standard error)"""

    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limit)
        end = time.monotonic() + 3 * SECONDS
        late = False
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > end and not late:
                late = True
                process.kill()
            time.sleep(0.005)
        process.returncode = 0
        streams = []
        for stream in (out, err):
            stream.seek(0)
            streams.append(stream.read())
    code = os.waitstatus_to_exitcode(status)
    if late or code == -signal.SIGXCPU:
        code = None
    return code, usage.ru_maxrss // 1024, *streams


def faults(expect, command, is_run):
    with tempfile.TemporaryDirectory() as folder:
        code, megabytes, out, err = run(command, folder)
        found = [f"left {name}" for name in os.listdir(folder)]
    if code is None:
        found.append("did not end")
    elif code < 0:
        found.append(f"died of {signal.Signals(-code).name}")
    elif code > 2:
        found.append(f"exit code {code}")
    if megabytes > MEGABYTES:
        found.append(f"{megabytes} MB")
    lines = [line for line in err.split(b"\n") if line.strip()]
    if len(lines) > 1:
        found.append(f"{len(lines)} lines on standard error")
    if any(byte < 32 and byte != 10 for byte in out + err):
        found.append("control characters")
    if code in (1, 2) and not lines:
        found.append("no reason given")
    if is_run and expect == "refuse" and code == 0:
        found.append("ran")
    if is_run and expect == "answer" and code != 0:
        found.append("did not run")
    return found, lines[0].decode("utf8", "replace")[:160] if lines else ""


def main(cli, folder, only=""):
    cli, folder = Path(cli).resolve(), Path(folder).resolve()
    usage = subprocess.run([cli, "--help"], capture_output=True, text=True, check=False).stdout
    verb = "run" if "\n  run " in usage else "encode"
    total, wrong = 0, 0
    for entry in json.loads((folder / "files.json").read_text()):
        if only not in entry["file"]:
            continue
        file = folder / entry["file"]
        # The bundle has a tokenizer of its own, and so have its lies.
        inside = entry["file"].startswith(("bundle", "manifest", "self-test", "tokenizer", "weights"))
        tokenizer = [] if inside else ["--tokenizer", folder / "vocab.txt"]
        for command in ([cli, "inspect", file], [cli, verb, "--model", file, *tokenizer, "hello world"]):
            found, line = faults(entry["expect"], command, command[1] == verb)
            total += 1
            wrong += bool(found)
            if found:
                print(f"{entry['file']} {command[1]}: {', '.join(found)}: {line}")
    print(f"{total - wrong} of {total} commands clean")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
