"""A function of tensors as a CUDA graph: its kernels are launched once each, recorded, and from then on started all at
once. A small batch goes through hundreds of layers, and to launch their kernels one by one can take longer than to run
them.

As PyTorch's notes on CUDA graphs say (docs.pytorch.org/docs/stable/notes/cuda.html, "CUDA Graphs"): run a few times on
another stream first, so that libraries set themselves up; tensors keep their places in memory, so inputs are copied in.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[..., tuple[Tensor, ...]]


def recorded(function: Function, example: tuple[Tensor, ...], say: Callable[[str], None]) -> Function:
    """`function`, to be called with tensors of the shapes and types of `example`, on a CUDA device; gradients may be
    taken inside it, not through it. It gives the same numbers: the kernels are the same.

    Where it cannot be recorded, as it waits for what the device has computed (how many objects were found, say), it is
    returned as it is, and `say` gets the reason.
    """
    places = [values.clone() for values in example]
    try:
        results, graph = _record(function, places)
    except RuntimeError as error:
        say(f"no CUDA graph, every kernel is launched by itself: {(str(error).strip().splitlines() or [''])[0]}")
        return function

    def replay(*inputs: Tensor) -> tuple[Tensor, ...]:
        for place, values in zip(places, inputs, strict=True):
            place.copy_(values)
        graph.replay()
        return tuple(result.clone() for result in results)  # the next replay writes into the same memory

    return replay


def _record(function: Function, places: list[Tensor]) -> tuple[tuple[Tensor, ...], torch.cuda.CUDAGraph]:
    here, beside = torch.cuda.current_stream(), torch.cuda.Stream()
    beside.wait_stream(here)
    before = torch.cuda.get_sync_debug_mode()
    try:
        with torch.cuda.stream(beside):
            function(*places)  # what is made once and kept may wait
            # Whoever still waits is told here: a recording that fails leaves its memory taken.
            torch.cuda.set_sync_debug_mode("error")
            for _ in range(2):
                function(*places)
    finally:
        torch.cuda.set_sync_debug_mode(before)
        here.wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = function(*places)
    return results, graph
