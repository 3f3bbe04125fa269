"""bertrt's rerank or ner over a file of texts, as peer.py runs a rival: loaded and warmed up before the clock starts.

    python ours.py rerank PASSAGES bertrt rerank --model FOLDER ...

ner: one process that is given 64 texts, answers them, and then gets all of them. rerank: the library's time, as a process
that answers the same documents 1 and 5 times shows it.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

QUERY = "how does a plant turn light into sugar"


def stream(command, texts):
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--json", "--aggregation", "first"], stdin=pipe, stdout=pipe, text=True) as process:
        def answer(lines):
            import threading

            def write():
                process.stdin.write("\n".join(lines) + "\n")
                process.stdin.flush()

            writer = threading.Thread(target=write)
            writer.start()
            found = [json.loads(process.stdout.readline()) for _ in lines]
            writer.join()
            return found

        answer(texts[:64])
        start = time.perf_counter()
        answer(texts)
        seconds = time.perf_counter() - start
        process.stdin.close()
    return seconds


def repeated(command, texts):
    def seconds(times):
        lines = "\n".join(texts * times) + "\n"
        start = time.perf_counter()
        subprocess.run([*command, "--query", QUERY, "--json"], input=lines, capture_output=True, text=True, check=True)
        return time.perf_counter() - start

    once = min(seconds(1) for _ in range(3))
    return (min(seconds(5) for _ in range(2)) - once) / 4


def main():
    task, file, *command = sys.argv[1:]
    texts = Path(file).read_text(encoding="utf-8").splitlines()
    print(json.dumps({"seconds": repeated(command, texts) if task == "rerank" else stream(command, texts)}))


if __name__ == "__main__":
    main()
