#!/usr/bin/env python3
"""bertrt under Spark: one process for each partition, JSON lines in, JSON lines out.

    python spark_tasks.py --input texts.jsonl --output answers --workers 2 -- bertrt embed --model all-MiniLM-L6-v2

Each line of the input is {"id": ..., "text": "..."}; the output is a folder of JSON lines {"id", "answer"}, where answer is
what the command says of the text: embed, classify, ner, or any other that answers a line by a line. With --npy FOLDER the
vectors go to FOLDER/part-N.npy instead, a row a text, and their ids to part-N.ids.json: what Spark then writes are the
files' names. A worker that dies is an exception in its task, so Spark runs the partition again; only whole partitions are
seen by anybody. Needs pyspark, pandas, pyarrow and a Java runtime.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

from pyspark import TaskContext
from pyspark.sql import SparkSession
from worker import Worker, WorkerDied


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--workers", type=int, default=2, help="processes at a time on this machine")
    parser.add_argument("--partitions", type=int, help="of the texts: what is done again when a worker dies; default: 4 a worker")
    parser.add_argument("--npy", help="folder for .npy files (embed alone)")
    parser.add_argument("command", nargs="+", help="bertrt, its command and options")
    return parser.parse_args()


def answers(command):
    """For mapInPandas: frames with id and text to frames with id and answer, by one process for the partition."""
    import pandas

    def run(frames):
        with Worker(command) as worker:
            for frame in frames:
                found = [json.dumps(answer) for answer in worker(frame["text"])]
                yield pandas.DataFrame({"id": frame["id"].to_numpy(), "answer": found})

    return run


def files(command, folder):
    """Likewise, but a partition's vectors go to a file, which gets its name when it is whole."""
    import pandas

    def run(frames):
        part = Path(folder) / f"part-{TaskContext.get().partitionId():05d}"
        partial = f"{part}.{TaskContext.get().taskAttemptId()}.partial"  # another attempt has another name
        arguments = [*command, "--input-format", "jsonl", "--output", partial]
        ids = []
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for frame in frames:
                ids += [str(one) for one in frame["id"]]
                process.stdin.write("".join(json.dumps({"text": text}) + "\n" for text in frame["text"]).encode())
        except BrokenPipeError:
            pass  # its exit status says what it was
        last_words = process.communicate()[1].decode(errors="replace").strip()
        if process.returncode != 0:
            raise WorkerDied(f"bertrt ended ({process.returncode}): {last_words}")
        part.with_suffix(".ids.json").write_text(json.dumps(ids))
        os.replace(partial, part.with_suffix(".npy"))
        yield pandas.DataFrame({"id": [str(part.with_suffix(".npy"))], "answer": [json.dumps({"rows": len(ids)})]})

    return run


def main():
    options = parse()
    os.environ.setdefault("PYSPARK_PYTHON", os.sys.executable)
    here = str(Path(__file__).parent)
    spark = (
        SparkSession.builder.master(f"local[{options.workers},4]")  # 4: a task's tries
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 2048)  # texts that a worker sorts by length together
        .config("spark.executorEnv.PYTHONPATH", here)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(str(Path(here) / "worker.py"))
    texts = spark.read.schema("id string, text string").json(options.input)
    texts = texts.repartition(options.partitions or 4 * options.workers)
    if options.npy:
        Path(options.npy).mkdir(parents=True, exist_ok=True)
        run = files(options.command, str(Path(options.npy).resolve()))
    else:
        run = answers(options.command)
    texts.mapInPandas(run, "id string, answer string").write.mode("overwrite").json(options.output)
    spark.stop()


if __name__ == "__main__":
    main()
