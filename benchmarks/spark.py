"""What Spark costs on one machine: `features` by both engines in a row, each command a process of its own.

    python benchmarks/spark.py [--sizes 20000 60000] [--shards N]

Seconds of the clock, of processor time (Java and its Python workers included) and peak memory of all processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import psutil

from credit_scoring.tables.synthetic import synthesize


def measured(*arguments: str) -> tuple[float, float, float]:
    """Run a command; return its seconds, processor seconds and peak memory in GB, its descendants' included."""
    start, peak = time.perf_counter(), 0
    spent: dict[int, float] = {}
    with TemporaryDirectory() as folder, (Path(folder) / "said.txt").open("w+", encoding="utf-8") as said:
        command = [str(Path(sys.executable).with_name("credit-scoring")), *arguments]
        process = psutil.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        while process.poll() is None:
            memory = 0
            for one in [process, *process.children(recursive=True)]:
                try:
                    times = one.cpu_times()
                    spent[one.pid] = times.user + times.system
                    memory += one.memory_full_info().pss
                except psutil.Error:
                    continue
            peak = max(peak, memory)
            time.sleep(0.1)
        if process.wait():
            said.seek(0)
            sys.exit(f"{' '.join(arguments)} failed:\n{said.read()}")
    return time.perf_counter() - start, sum(spent.values()), peak / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 60_000])
    parser.add_argument("--shards", type=int, default=2)
    options = parser.parse_args()
    if find_spec("pyspark") is None or (which("java") is None and not os.environ.get("JAVA_HOME")):
        print("skipped: this benchmark needs the spark extra and Java")
        return
    print("| applications | rows | format | Polars, s | Spark, s | ÷ Polars | peak GB: Polars | Spark |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|")
    for size in options.sizes:
        for file_format in ("csv", "parquet"):
            with TemporaryDirectory() as folder:
                data, place = str(Path(folder) / "data"), ["-o", str(Path(folder) / "out.parquet")]
                made = synthesize(Path(data), applications=size, seed=7, file_format=file_format)
                chosen = ["features", data, "--applications", "application_train"]
                one = measured(*chosen, *place)
                Path(place[1]).unlink()
                many = measured(*chosen, *place, "--engine", "spark", "--shards", str(options.shards))
            seconds = f"{one[0]:.1f} ({one[1]:.1f}) | {many[0]:.1f} ({many[1]:.1f})"
            ratio = f"{many[0] / one[0]:.1f} ({many[1] / one[1]:.1f})"
            cells = f"{seconds} | {ratio} | {one[2]:.2f} | {many[2]:.2f}"
            print(f"| {size:,} | {sum(made.values()):,} | {file_format} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
