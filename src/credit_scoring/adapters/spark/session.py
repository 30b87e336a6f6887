"""Spark's session, its errors in one sentence, and its progress."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from credit_scoring.adapters.spark.errors import plain
from credit_scoring.bundle.model import usable_cores
from credit_scoring.domain.errors import EngineError

T = TypeVar("T")
OnTasks = Callable[[int, int], None]
_POLL_SECONDS = 0.5
_QUIET = Path(__file__).with_name("log4j2.properties").as_uri()
# For the Spark that we start on this machine; one that was submitted brings its own settings.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_QUIET}",
    # Spark runs a task a core: more threads in each would fight for them.
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.executorEnv.OMP_THREAD_LIMIT": "1",
}


@contextmanager
def opened_session() -> Iterator[SparkSession]:
    """Open Spark's current session, which is left running, or one of our own, which is stopped at the end.

    Ours is what ``spark-submit`` prepared, or else Spark on this machine's cores, each task tried up to 4 times.

    Raises
    ------
    EngineError
        If Spark cannot start.
    """
    handler = signal.getsignal(signal.SIGINT)
    with plain_errors():
        current = SparkSession.getActiveSession()
        spark = current or _builder().getOrCreate()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)  # Spark's own would talk to Java from within: see `interruptible`
    try:
        yield spark
    finally:
        if current is None:
            spark.stop()


def _builder() -> SparkSession.Builder:
    builder = SparkSession.Builder().appName("credit-scoring")
    if "PYSPARK_GATEWAY_PORT" in os.environ or "PYSPARK_SUBMIT_ARGS" in os.environ:
        return builder
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise EngineError("Spark needs Java 17 or newer: install it (on Debian, default-jre-headless)")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = builder.master(f"local[{usable_cores()},4]")
    for name, value in _LOCAL.items():
        builder = builder.config(name, value)
    return builder


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn Spark's errors, with their traces of Java and Python, into ours."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise plain(str(error)) from error


def file_system(spark: SparkSession, place: str) -> tuple[Any, Any]:
    """Return Hadoop's file system behind an address, and the address as its path."""
    path = spark._jvm.org.apache.hadoop.fs.Path(place)
    return path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), path


def interruptible(spark: SparkSession, call: Callable[[], T], on_tasks: OnTasks = lambda *_: None) -> T:
    """Return what `call` returns; tell the tasks done and their number meanwhile; after Ctrl-C, cancel and wait.

    This thread never talks to Java: an interrupt in the midst of an answer would leave the connection unusable.
    """
    with ThreadPoolExecutor(2) as pool:
        work = pool.submit(call)
        try:
            while not wait([work], _POLL_SECONDS).done:
                on_tasks(*pool.submit(_tasks, spark).result())
            with plain_errors():
                return work.result()
        except KeyboardInterrupt:
            while not wait([work], _POLL_SECONDS).done:
                pool.submit(spark.sparkContext.cancelAllJobs).result()
            raise


def _tasks(spark: SparkSession) -> tuple[int, int]:
    """Return how many tasks of the stages at work are done, and how many there are."""
    tracker = spark.sparkContext.statusTracker()
    stages = [info for number in tracker.getActiveStageIds() if (info := tracker.getStageInfo(number))]
    return sum(stage.numCompletedTasks for stage in stages), sum(stage.numTasks for stage in stages)
