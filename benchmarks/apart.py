"""What the benchmarks share: a function's time and memory, measured in a process of its own, and a row of the table
that `make bench` ends in."""

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

# Memory is kept instead of given back after every layer, as in all jobs of the workflow (workflow/rules/common.smk).
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**34), "MALLOC_ARENA_MAX": "1"}
_SILENT = 8  # seconds, at most


class Measured(NamedTuple):
    """What a function returned, its time on the clock and on the cores (s), its process's peak memory (MiB)."""

    result: Any
    seconds: float
    core_seconds: float
    peak: float


def run_apart(
    function: Callable[..., Any],
    *args: Any,
    environment: Mapping[str, str] | None = None,
    start: Literal["spawn", "fork"] = "spawn",
) -> Measured:
    """Run `function` in a process of its own, so that its memory is its own; what it starts itself counts as well.
    Meanwhile say on standard error what runs.

    start: a new process has the environment to begin with; a fork has, in no time, what is imported here.
    """
    name, begun = function.__name__.replace("_", " "), time.perf_counter()
    print(f"{name} …", file=sys.stderr, flush=True)
    with (
        patch.dict(os.environ, environment or {}),
        ProcessPoolExecutor(1, mp_context=get_context(start)) as pool,
    ):
        running = pool.submit(_measure, function, *args)
        while wait([running], _SILENT).not_done:
            print(f"{name} … {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        return running.result()


def _measure(function: Callable[..., Any], *args: Any) -> Measured:
    start, core_start = time.perf_counter(), _on_cores()
    result = function(*args)
    seconds, core_seconds = time.perf_counter() - start, _on_cores() - core_start
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Measured(result, seconds, core_seconds, peak / unit)


def _on_cores() -> float:
    """Seconds that this process and what it started have been on the cores."""
    return time.process_time() + sum(os.times()[2:4])


def best_time(function: Callable[[], object]) -> float:
    """The least of ten, in seconds."""
    times = []
    for _ in range(10):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def tell(work: str, seconds: float, against: str = "", theirs: float | None = None, target: str = "") -> None:
    """Print a row of the table that `make bench` ends in: what is done and on what, our seconds, and those of what it
    is compared with, where there is something."""
    compared = ["", ""] if theirs is None else [f"{theirs:.3g}", f"{theirs / seconds:.2g}"]
    print("|", " | ".join([work, f"{seconds:.3g}", against, *compared, target]), "|", flush=True)
