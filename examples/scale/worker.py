"""One bertrt process that answers batch after batch: what a worker of Spark's, of Ray's or of any other engine holds.

    with Worker(["bertrt", "embed", "--model", "all-MiniLM-L6-v2"]) as worker:
        vectors = worker(["a text", "another"])    # [{"embedding": [...]}, ...], in the order of the texts

The process is started once and reads JSON lines; the model is loaded once. Where it dies (killed, out of memory) the next
answer is a WorkerDied, and the batch has no answers: let the engine run the task again, as it does for any exception.
Needs nothing but Python.
"""

import json
import subprocess
import threading


class WorkerDied(RuntimeError):
    """The process ended before it had answered; the message has its last words."""


class Worker:
    def __init__(self, command, environment=None):
        """command: the program and its arguments; the texts' format is added. environment: instead of this process's."""
        arguments = [*map(str, command), "--json", "--input-format", "jsonl", "--keep-going"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        self._last_words = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __call__(self, texts):
        """An answer (the command's JSON object; {"error"} for a bad text) for each text, or WorkerDied."""
        texts = list(texts)
        writer = threading.Thread(target=self._write, args=(texts,), daemon=True)  # or both pipes fill up
        writer.start()
        answers = []
        for _ in texts:
            line = self._process.stdout.readline()
            if not line.endswith(b"\n"):
                raise WorkerDied(self._how_it_ended(len(answers), len(texts)))
            answers.append(json.loads(line))
        writer.join()
        return answers

    def close(self):
        """Lets the process come to its end."""
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()
            except OSError:
                pass  # it is gone already
        self._process.wait()
        self._listener.join()
        self._process.stderr.close()

    def _write(self, texts):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        try:
            self._process.stdin.write(lines.encode())
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it died: whoever reads its answers says so

    def _listen(self):
        for line in self._process.stderr:
            self._last_words = [*self._last_words[-4:], line.decode(errors="replace").strip()]

    def _how_it_ended(self, answered, asked):
        code = self._process.wait()
        self._listener.join(timeout=5)
        how = f"signal {-code}" if code < 0 else f"exit {code}"
        return f"bertrt ended ({how}) after {answered} of {asked} answers: {' '.join(self._last_words)}"
