"""Assessors from ONNX files: U²-Net-p's as published, against onnxruntime's run of it (tests/fixtures/networks) and the
built-in assessor; NIMA, exported, against Keras' run of its file; and what is refused."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from ganalyze.models.imagenet import MEAN, STD
from ganalyze.support.errors import GanalyzeError
from tests.models.assessors.elsewhere.networks import export_onnx, nima_images
from tests.networks import load_assessor, load_generator

OBJECT_SIZE = {"size": 320, "range": [0, 1], "mean": [*MEAN], "std": [*STD], "output": 0, "mean_over_pixels": True}
RATING = {"size": 224, "range": [-1, 1], "values": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}


@pytest.fixture(scope="module")
def u2netp(weights_dir):
    return load_assessor(f"onnx:{weights_dir}/u2netp.onnx", weights_dir, OBJECT_SIZE)


def images_with_white(count=2, size=96):
    """Dark images of one lighter thing, white in a place: the published preprocessing of U²-Net divides an image by its
    maximum, which no option does, and which is 1 here."""
    noise = torch.Generator().manual_seed(1)
    images = torch.rand(count, 3, size, size, generator=noise) * 0.6 - 1
    images[:, :, size // 3 : 2 * size // 3, size // 4 : size // 2] += torch.rand(count, 3, 1, 1, generator=noise)
    images[:, :, size // 2 : 5 * size // 8, size // 3 : size // 2] = 1
    return images.clamp(-1, 1)


# --- U²-Net-p ----------------------------------------------------------------------------------------------


def test_the_converted_network_equals_onnxruntime(u2netp, goldens):
    images = np.random.default_rng(2).standard_normal((2, 3, 320, 320), dtype="float32")
    images[1] += np.hypot(*np.mgrid[-2:2:320j, -2:2:320j]) < 1.2
    with torch.no_grad():
        masks = torch.cat([u2netp.network(torch.from_numpy(image[None]))[0] for image in images])
    np.testing.assert_allclose(masks[:, 0, ::4, ::4], goldens["masks"], atol=1e-4)


def test_its_score_and_gradient_are_the_built_in_assessors(u2netp, weights_dir):
    images, built_in = images_with_white(1, size=320).requires_grad_(), load_assessor("object-size-u2netp", weights_dir)
    scores = u2netp(images), built_in(images)
    torch.testing.assert_close(*scores, rtol=0, atol=1e-6)
    assert scores[0].min() > 0.01  # something is seen
    ours, theirs = (torch.autograd.grad(one.sum(), images)[0].flatten() for one in scores)
    # Not of each pixel to the last digit: where a ReLU is near 0, rounding decides.
    assert (ours - theirs).norm() < 1e-2 * theirs.norm()


def test_images_of_another_size_are_scored_alike_beside_others_and_alone(u2netp, weights_dir):
    images, built_in = images_with_white(), load_assessor("object-size-u2netp", weights_dir)
    with torch.no_grad():
        scores = u2netp(images)
        torch.testing.assert_close(u2netp(images[1:]), scores[1:], rtol=0, atol=1e-6)
        # The built-in one resizes masks back to the image's size before it takes their mean.
        torch.testing.assert_close(scores, built_in(images), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_on_the_demos_faces_what_the_published_preprocessing_does_besides_makes_little_difference(u2netp, weights_dir):
    generator = load_generator("mobilestylegan-ffhq", weights_dir)
    z = torch.randn(3, generator.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        images = generator(z, torch.zeros(3, dtype=torch.long))
        scores, expected = u2netp(images), load_assessor("object-size-u2netp", weights_dir)(images)
    torch.testing.assert_close(scores, expected, rtol=0, atol=5e-3)


# --- NIMA --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nima(weights_dir, tmp_path_factory):
    """The built-in network's distribution of ratings, exported, and its path."""
    return export_onnx(
        load_assessor("nima-aesthetic", weights_dir), tmp_path_factory.mktemp("nima") / "nima.onnx", 224, "distribution"
    )


def test_the_expected_rating_of_a_distribution_equals_keras(nima, weights_dir, goldens):
    expected = goldens["ratings"] @ np.arange(1, 11)
    with torch.no_grad():
        scores = load_assessor(f"onnx:{nima}", weights_dir, RATING)(nima_images())
    np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_one_score_an_image_of_any_size_and_number(nima, weights_dir):
    assessor, built_in = (
        load_assessor(f"onnx:{nima}", weights_dir, RATING),
        load_assessor("nima-aesthetic", weights_dir),
    )
    images = images_with_white(5).requires_grad_()
    torch.testing.assert_close(assessor(images), built_in(images), rtol=0, atol=1e-4)
    ours, theirs = (torch.autograd.grad(one(images).sum(), images)[0] for one in (assessor, built_in))
    assert (ours - theirs).norm() < 2e-2 * theirs.norm()


def test_training_mode_changes_nothing(nima, weights_dir):
    assessor, images = load_assessor(f"onnx:{nima}", weights_dir, RATING), images_with_white(2)
    with torch.no_grad():
        assert torch.equal(assessor(images), assessor.train()(images))


# --- any network -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [13, 17, 20])
def test_what_torch_exports_is_converted_though_layers_share_weights(tmp_path, opset):
    torch.manual_seed(0)
    layers = [nn.Sequential(nn.Conv2d(n, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()) for n in (3, 4, 4)]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(4, 1)).eval()
    path = export_onnx(network, tmp_path / "net.onnx", 16, opset=opset)
    images = torch.rand(3, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        scores = load_assessor(f"onnx:{path}", "weights", {"range": [-1, 1]})(images)
        torch.testing.assert_close(scores, network(images)[:, 0])


# --- refused -----------------------------------------------------------------------------------------------


def graph(tmp_path, shape=("N", 3, 8, 8), kind=onnx.TensorProto.FLOAT, node="Relu", inputs=1):
    """A file of one operation."""
    names = [f"x{i}" for i in range(inputs)]
    made = onnx.helper.make_graph(
        [onnx.helper.make_node(node, names, ["y"], domain="" if node != "Own" else "own")],
        "one",
        [onnx.helper.make_tensor_value_info(name, kind, shape) for name in names],
        [onnx.helper.make_tensor_value_info("y", kind, None)],
    )
    opsets = [onnx.helper.make_opsetid("", 13), onnx.helper.make_opsetid("own", 1)]
    onnx.save(onnx.helper.make_model(made, opset_imports=opsets, ir_version=8), tmp_path / "one.onnx")
    return f"onnx:{tmp_path}/one.onnx"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"shape": (1, 8, 8, 3)}, r"one\.onnx takes \(1, 8, 8, 3\), colours last: export it with colours first"),
        ({"shape": (1, 1, 8, 8)}, r"takes \(1, 1, 8, 8\), wanted images \(N, 3, H, W\)"),
        ({"shape": (4, 3, 8, 8)}, "takes 4 images at once: export it for any number of them, or for one"),
        ({"kind": onnx.TensorProto.UINT8, "node": "Identity"}, r"takes uint8 numbers, wanted float \(float32\)"),
        ({"inputs": 2, "node": "Add"}, r"takes 2 inputs \(x0, x1\), wanted one"),
        ({"node": "Own"}, "cannot be converted to torch .*Own.*: export it again, with opset 17 or older"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path, file, words):
    with pytest.raises(GanalyzeError, match=words) as refused:
        load_assessor(graph(tmp_path, **file), "weights", {"range": [0, 1]})
    assert "\n" not in str(refused.value)


def test_what_is_no_onnx_file_is_refused(tmp_path):
    (tmp_path / "page.onnx").write_text("<html>Not found</html>")
    with pytest.raises(GanalyzeError, match=r"page\.onnx is not a readable ONNX file"):
        load_assessor(f"onnx:{tmp_path}/page.onnx", "weights", {"range": [0, 1]})


def test_weights_in_another_file_are_refused_since_a_change_of_them_would_not_be_seen(tmp_path):
    path = export_onnx(nn.Conv2d(3, 4, 3), tmp_path / "inside.onnx", 8)
    onnx.save(onnx.load(path), tmp_path / "one.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises(GanalyzeError, match="keeps its weights in another file: save it again with all data inside"):
        load_assessor(f"onnx:{tmp_path}/one.onnx", "weights", {"range": [0, 1]})
