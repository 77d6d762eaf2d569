"""Memory format, precision and compilation change how networks run, not what they give."""

import shutil

import pytest
import torch
from torch import nn

from ganalyze.models.compute import Compute


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(4 * 16, 1))


def on_cpu(**settings):
    return Compute(device="cpu", threads=2, **settings).prepare()


def test_channels_last_gives_the_same_numbers():
    x = torch.randn(2, 3, 8, 8)
    tuned = on_cpu(memory_format="channels_last").tuned(network())
    assert tuned[0].weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(tuned(x), network()(x), rtol=1e-5, atol=1e-6)


def test_by_default_a_network_is_left_as_it_is():
    own = network().to(memory_format=torch.channels_last)
    assert on_cpu().tuned(own)[0].weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_autocast_computes_in_the_chosen_precision(precision, dtype):
    x = torch.randn(2, 3, 8, 8)
    with on_cpu(precision=precision).autocast():
        rough = network()(x)
    assert rough.dtype is dtype
    torch.testing.assert_close(rough.float(), network()(x), rtol=0.05, atol=0.02)


def test_float32_is_float32_on_a_gpu_too():
    torch.backends.cudnn.allow_tf32 = True  # PyTorch's default
    on_cpu()
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_gives_the_same_numbers_and_keeps_its_type():
    x = torch.randn(2, 3, 8, 8)
    compiled = on_cpu(compile=True).tuned(network())
    assert type(compiled) is nn.Sequential
    torch.testing.assert_close(compiled(x), network()(x), rtol=1e-4, atol=1e-5)
