"""What an NVIDIA GPU computes (`make test-gpu`): the same as the CPU, the same again, and within its memory."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from ganalyze.direction import steps, training
from ganalyze.direction.generation import draw_seeds, generate_images
from ganalyze.direction.settings import ImageSetSettings, Training, TransformerSettings
from ganalyze.direction.training import train_direction
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.scores import score_images
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.networks import weights_in

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no NVIDIA GPU"),
]
CPU = Compute(device="cpu", threads=2)
CUDA = Compute(device="cuda", threads=2, memory_format="channels_last")
PAPER = ["emonet", "memnet", "aestheticsnet"]
GIB = 2**30


@pytest.fixture(autouse=True)
def as_found():
    """What `Compute.prepare` sets for a GPU holds for the whole process."""
    CUDA.prepare()
    yield
    torch.use_deterministic_algorithms(False)
    CPU.prepare()


@pytest.fixture(scope="module")
def both_weights(tmp_path_factory, weights_dir):
    """The demo's weights, and random ones in the formats of the paper's."""
    folder = tmp_path_factory.mktemp("weights")
    published.write_biggan(folder, 256, 16)
    published.write_biggan_deep(folder)
    for write in (
        published.write_emonet,
        published.write_memnet,
        published.write_aestheticsnet,
        published.write_vitmem,
        published.write_inception,
    ):
        write(folder)
    return weights_in(folder, weights_dir)


@pytest.fixture(scope="module")
def generator(both_weights):
    return GENERATORS.load("biggan-256", both_weights, CUDA)


def images(count):
    """(count, 3, 256, 256), smooth."""
    coarse = published.uniform(np.random.default_rng(3), count, 3, 16, 16, low=-1, high=1)
    return nn.functional.interpolate(coarse, (256, 256), mode="bilinear")


# Mask R-CNN is not among them: it chooses among what it detects, and of random weights any rounding changes the choice.
@pytest.mark.parametrize(
    ("registry", "name"),
    [
        *((GENERATORS, name) for name in ("biggan-256", "biggan-deep-128", "mobilestylegan-ffhq", "dcgan-digiface")),
        *((ASSESSORS, name) for name in (*PAPER, "vitmem", "resmem", "nima-aesthetic", "fer-valence", "brightness")),
        (SEGMENTERS, "u2netp"),
        *((EXTRACTORS, name) for name in ("inception-v3-compat", "efficientnet-lite0")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_network_gives_in_float32_what_it_gives_on_the_cpu(both_weights, registry, name):
    on_cpu, on_gpu = (registry.load(name, both_weights, compute) for compute in (CPU, CUDA))
    if registry is GENERATORS:
        z = published.normal(np.random.default_rng(4), 2, on_cpu.z_dim)
        inputs = [z, torch.tensor([0, on_cpu.num_classes - 1])]
    else:
        inputs = [images(2)]
    if registry is EXTRACTORS:
        inputs = [((inputs[0] + 1) * 127.5).byte()]
    with torch.no_grad():
        expected, found = on_cpu(*inputs), on_gpu(*(values.cuda() for values in inputs))
    for one, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (expected, found)), strict=True):
        assert (one - other.cpu()).abs().max() <= 2e-4 * one.abs().max()  # with TensorFloat-32 ten times as much


class Stop(Exception):
    pass


def train(generator, assessor, *, compute=CUDA, samples=26, checkpoint=None, say=print, **how):
    """θ and the losses of a short training; the last of its batches is smaller."""
    settings = Training(samples=samples, batch_size=4, learning_rate=0.05, alpha_max=0.5, checkpoint_every=3, **how)
    kind = TransformerSettings(rescaling="per_seed", start="normal")
    transformer, losses, _ = train_direction(
        generator, assessor, settings, kind, compute, study="s", seed=1, checkpoint=checkpoint, say=say
    )
    return transformer.theta.detach().cpu(), losses.loss.tolist()


@pytest.mark.parametrize("at_once", [None, 2])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("name", PAPER)
def test_a_recorded_step_gives_the_same_bytes_as_the_plain_one_and_again(
    both_weights, generator, monkeypatch, name, precision, at_once
):
    compute = CUDA.model_copy(update={"precision": precision}).prepare()
    assessor = ASSESSORS.load(name, both_weights, compute)
    said = []
    theta, losses = train(generator, assessor, compute=compute, at_once=at_once, say=said.append)
    assert said == [], "it was not recorded"
    again, losses_again = train(generator, assessor, compute=compute, at_once=at_once)
    assert torch.equal(again, theta)
    assert losses_again == losses
    monkeypatch.setattr(steps, "recorded", lambda function, example, say: function)
    plain, losses_of_plain = train(generator, assessor, compute=compute, at_once=at_once)
    assert torch.equal(plain, theta)
    assert losses_of_plain == losses


def test_the_first_loss_is_that_of_the_cpu(both_weights, generator):
    """Not those after it: Adam's first step follows the sign of a gradient, be it 0 but for rounding."""
    on_cpu = GENERATORS.load("biggan-256", both_weights, CPU), ASSESSORS.load("emonet", both_weights, CPU)
    _, expected = train(*on_cpu, compute=CPU, samples=4)
    _, losses = train(generator, ASSESSORS.load("emonet", both_weights, CUDA), samples=4)
    assert losses == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("stop_at", [1, 4, 6])
def test_a_training_that_is_cut_off_goes_on_to_the_same_bytes(both_weights, generator, monkeypatch, tmp_path, stop_at):
    assessor = ASSESSORS.load("emonet", both_weights, CUDA)
    whole = train(generator, assessor)
    draw = training.draw_batch

    def draw_until(settings, step, *arguments, **streams):
        if step == stop_at:
            raise Stop
        return draw(settings, step, *arguments, **streams)

    with monkeypatch.context() as cut:
        cut.setattr(training, "draw_batch", draw_until)
        with pytest.raises(Stop):
            train(generator, assessor, checkpoint=tmp_path / "last.pt")
    theta, losses = train(generator, assessor, checkpoint=tmp_path / "last.pt")
    assert torch.equal(theta, whole[0])
    assert losses == whole[1]


class Waiting(nn.Module):
    """An assessor that looks at what it sees, and counts, as that of object size does."""

    without_subject = 0

    def forward(self, images):
        means = images.mean(dim=(1, 2, 3))
        self.without_subject += int((means < -1).sum()) + 1
        return means


def test_what_waits_for_the_gpu_is_not_recorded_and_says_so(generator, monkeypatch):
    said, assessor = [], Waiting()
    theta, _ = train(generator, assessor, samples=8, say=said.append)
    assert len(said) == 1
    assert said[0].startswith("no CUDA graph, every kernel is launched by itself: ")
    assert assessor.without_subject == 4, "trials were counted"
    monkeypatch.setattr(steps, "recorded", lambda function, example, say: function)
    assert torch.equal(train(generator, Waiting(), samples=8)[0], theta)


def test_steps_do_not_wait_for_the_gpu(both_weights, generator, monkeypatch):
    monkeypatch.setattr(training, "_UNREAD", 1000)
    assessor = ASSESSORS.load("emonet", both_weights, CUDA)
    before = torch.cuda.get_sync_debug_mode()
    try:
        torch.cuda.set_sync_debug_mode("warn")
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            train(generator, assessor, samples=400)
    finally:
        torch.cuda.set_sync_debug_mode(before)
    waits = [one for one in seen if "CUDA operation" in str(one.message)]
    assert len(waits) < 100  # steps; at a checkpoint, every third, a few


def test_a_loss_that_is_not_finite_is_told_with_its_step(generator):
    class Broken(nn.Module):
        def forward(self, images):
            return images.mean(dim=(1, 2, 3)) * float("nan")

    with pytest.raises(GanalyzeError, match="loss of study s is nan at step 0: lower"):
        train(generator, Broken())


@pytest.mark.parametrize(("precision", "most"), [("float32", 14), ("bf16", 10)])
def test_a_step_of_the_papers_training_stays_within_its_memory(tmp_path, precision, most):
    """In GiB, as docs/paper-run.md says."""
    published.write_biggan(tmp_path, 256, 96)
    published.write_emonet(tmp_path)
    compute = CUDA.model_copy(update={"precision": precision}).prepare()
    networks = [
        registry.load(name, weights_in(tmp_path), compute)
        for registry, name in ((GENERATORS, "biggan-256"), (ASSESSORS, "emonet"))
    ]
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    train(*networks, compute=compute, samples=16)
    assert torch.cuda.max_memory_reserved() <= most * GIB


def test_images_and_scores_are_the_same_again_and_those_of_the_cpu(both_weights, tmp_path):
    made = {}
    for name, compute in (("gpu", CUDA), ("again", CUDA), ("cpu", CPU)):
        generator, assessor = (
            registry.load(network, both_weights, compute)
            for registry, network in ((GENERATORS, "biggan-256"), (ASSESSORS, "emonet"))
        )
        (tmp_path / name).mkdir()
        generate_images(
            generator,
            Transformer.along(0.3 * published.normal(np.random.default_rng(5), 140)),
            draw_seeds(ImageSetSettings(classes=4, seeds_per_class=1), generator.num_classes, seed=1),
            set_name="test",
            alphas=(-0.2, 0.0, 0.2),
            seed=1,
            batch_size=6,
            compute=compute,
            folder=tmp_path / name / "test",
        )
        images = ImageSet.open(tmp_path / name / "test.csv")
        pixels = np.concatenate([batch for _, batch in images.batches(4)]).astype(int)
        made[name] = pixels, score_images(assessor, images, 5, compute)
    assert (made["gpu"][0] == made["again"][0]).all()
    assert (made["gpu"][1] == made["again"][1]).all()
    assert np.abs(made["gpu"][0] - made["cpu"][0]).max() <= 1
    np.testing.assert_allclose(made["gpu"][1], made["cpu"][1], rtol=0.01, atol=0.001)
