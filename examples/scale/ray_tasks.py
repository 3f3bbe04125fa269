#!/usr/bin/env python3
"""bertrt under Ray Data: one process for each actor, JSON lines in, JSON lines out.

    python ray_tasks.py --input texts.jsonl --output answers --workers 2 -- bertrt embed --model all-MiniLM-L6-v2

Input and output are those of spark_tasks.py. When a worker dies, its actor gives itself up, and Ray gives the batch to a new
one. Needs ray[data].
"""

import argparse
import json
import os

import ray
from worker import Worker, WorkerDied


class Answers:
    """An actor: a process, and the batches that it answers."""

    def __init__(self, command):
        self.worker = Worker(command)

    def __call__(self, batch):
        try:
            batch["answer"] = [json.dumps(answer) for answer in self.worker(batch.pop("text"))]
        except WorkerDied as death:
            print(death, flush=True)
            os._exit(1)  # an actor without its process is none: Ray starts another and repeats the batch
        return batch


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=2048, help="texts that a worker sorts by length together")
    parser.add_argument("command", nargs="+", help="bertrt, its command and options")
    return parser.parse_args()


def main():
    options = parse()
    here = os.path.dirname(os.path.abspath(__file__))
    environment = {"env_vars": {"PYTHONPATH": here}}
    ray.init(num_cpus=options.workers + 2, include_dashboard=False, log_to_driver=False, runtime_env=environment)
    ray.data.DataContext.get_current().enable_progress_bars = False
    texts = ray.data.read_json(options.input).repartition(4 * options.workers)
    answers = texts.map_batches(
        Answers,
        fn_constructor_args=(options.command,),
        batch_size=options.batch,
        concurrency=options.workers,
        num_cpus=1,
        max_restarts=4,
        max_task_retries=4,
    )
    answers.write_json(options.output)
    ray.shutdown()


if __name__ == "__main__":
    main()
