"""What the benchmarks share: a function's time and memory, measured in a process of its own."""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """What a function returned, its time on the clock and on the cores (s), its process's peak memory (MiB)."""

    result: Any
    seconds: float
    core_seconds: float
    peak: float


def run_apart(function: Callable[..., Any], *args: Any) -> Measured:
    """Run `function` in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, function, *args).result()


def _measure(function: Callable[..., Any], *args: Any) -> Measured:
    start, core_start = time.perf_counter(), time.process_time()
    result = function(*args)
    seconds, core_seconds = time.perf_counter() - start, time.process_time() - core_start
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return Measured(result, seconds, core_seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
