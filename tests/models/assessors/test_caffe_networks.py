"""MemNet and AestheticsNet against a calculation of our own in float64, from their description."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.io import loadmat

from ganalyze.models.assessors.preprocessing import resize_tensorflow1
from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.networks import load_assessor


@pytest.fixture(scope="module")
def memnet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memnet")
    return folder, published.write_memnet(folder)


@pytest.fixture(scope="module")
def aestheticsnet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aestheticsnet")
    return folder, published.write_aestheticsnet(folder)


def images(count=2, size=256, seed=7):
    # Brighter than the range of a photograph's, so that the clipping at 255 shows.
    values = np.random.default_rng(seed).uniform(-1, 1, (count, 3, size, size)).astype(np.float32)
    return torch.from_numpy(values)


def bgr(images, scale):
    pixels = np.clip((images.numpy().astype(np.float64) + 1) / 2 * scale, 0, 255)
    return pixels[:, ::-1]


def layer(state, name, x):
    return x @ state[f"{name}.weight"].double().T + state[f"{name}.bias"].double()


def relu(x):
    return x.clamp(min=0)


def convolve(state, name, x, groups=1, **where):
    """A grouped convolution as so many separate ones: Caffe's first group reads the first channels."""
    weight, bias = state[f"{name}.weight"].double(), state[f"{name}.bias"].double()
    pieces = zip(x.chunk(groups, 1), weight.chunk(groups), bias.chunk(groups), strict=True)
    return relu(torch.cat([F.conv2d(*piece, **where) for piece in pieces], dim=1))


def normalise(x, alpha=1e-4, beta=0.75, size=5):
    """Response normalisation across channels as Caffe's manual states it: x / (1 + α/n Σ x²)^β."""
    squares = x.square()
    out = torch.empty_like(x)
    for channel in range(x.shape[1]):
        nearby = squares[:, max(0, channel - size // 2) : channel + size // 2 + 1].sum(1)
        out[:, channel] = x[:, channel] / (1 + alpha / size * nearby) ** beta
    return out


def seventh_layer(state, x):
    """The features (N, 4096) of inputs (N, 3, 227, 227)."""
    x = normalise(F.max_pool2d(convolve(state, "conv1", x, stride=4), 3, 2))
    x = normalise(F.max_pool2d(convolve(state, "conv2", x, groups=2, padding=2), 3, 2))
    x = convolve(state, "conv3", x, padding=1)
    x = convolve(state, "conv4", x, groups=2, padding=1)
    x = F.max_pool2d(convolve(state, "conv5", x, groups=2, padding=1), 3, 2)
    return relu(layer(state, "fc7", relu(layer(state, "fc6", x.flatten(1)))))


def memnet_by_hand(state, folder, images, scale, clipped=True):
    mean = loadmat(folder / "memnet_mean.mat")["image_mean"].astype(np.float64)
    scores = []
    for image in bgr(images, scale):
        image = image - mean.transpose(2, 0, 1)
        crops = []
        for top, left in [(0, 0), (0, 29), (29, 0), (29, 29), (15, 15)]:
            crop = image[:, top : top + 227, left : left + 227]
            crops += [crop, crop[:, :, ::-1]]
        raw = layer(state, "fc8", seventh_layer(state, torch.from_numpy(np.stack(crops)))).mean().item()
        score = (raw - 0.7626) * 2 + 0.65
        scores.append(min(max(score, 0), 1) if clipped else score)
    return torch.tensor(scores)


def resize_by_hand(image, size):
    """TensorFlow 1: pixel k of the result lies at k·extent/size."""
    place = np.arange(size) * (image.shape[-1] / size)
    low = np.floor(place).astype(int)
    high, weight = np.minimum(low + 1, image.shape[-1] - 1), place - low
    rows = image[:, low] * (1 - weight)[:, None] + image[:, high] * weight[:, None]
    return rows[:, :, low] * (1 - weight) + rows[:, :, high] * weight


def aestheticsnet_by_hand(state, folder, images, scale, head=None):
    mean = np.load(folder / "mean_AADB_regression_warp256_lore.npy").astype(np.float64)[:, 14:241, 14:241]
    inputs = np.stack([resize_by_hand(image, 227) - mean for image in bgr(images, scale)])
    x = seventh_layer(state, torch.from_numpy(inputs))
    if head:
        return layer(state, f"fc9_{head}", relu(layer(state, f"fc8_{head}", x)))[:, 0].float()
    names = ["fc8_new", *(f"fc8_{name}" for name in published.ATTRIBUTES)]
    merged = torch.cat([relu(layer(state, name, x)) for name in names], dim=1)
    return layer(state, "fc11_score", relu(layer(state, "fc10_Merge", merged)))[:, 0].float()


@pytest.mark.parametrize("scale", [256, 255])
def test_memnets_scores_are_those_worked_out_by_hand(memnet, scale):
    folder, state = memnet
    scores = load_assessor("memnet", folder, {"pixel_scale": scale})(images())
    assert ((scores > 0) & (scores < 1)).all()  # or the clipping would hide differences
    torch.testing.assert_close(scores, memnet_by_hand(state, folder, images(), scale), rtol=1e-4, atol=0)


def test_memnets_scores_can_go_beyond_1_where_they_are_not_clipped(memnet, tmp_path):
    import pickle

    folder, state = memnet
    (tmp_path / "memnet_mean.mat").write_bytes((folder / "memnet_mean.mat").read_bytes())
    higher = state | {"fc8.bias": state["fc8.bias"] + 1}
    (tmp_path / "memnet_state_dict.p").write_bytes(pickle.dumps(higher, protocol=2))
    x = images(1).requires_grad_()
    clipped = load_assessor("memnet", tmp_path)(x)
    assert clipped.item() == 1
    clipped.backward()
    assert not x.grad.any()
    free = load_assessor("memnet", tmp_path, {"clipped": False})(images(1))
    expected = memnet_by_hand(higher, folder, images(1), 256, clipped=False)
    torch.testing.assert_close(free, expected, rtol=1e-4, atol=0)
    assert free.item() > 1


@pytest.mark.parametrize("head", [None, "VividColor", "BalancingElement"])
def test_aestheticsnets_scores_are_those_worked_out_by_hand(aestheticsnet, head):
    folder, state = aestheticsnet
    scores = load_assessor(f"aestheticsnet:{head}" if head else "aestheticsnet", folder)(images())
    expected = aestheticsnet_by_hand(state, folder, images(), 256, head)
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())


def test_every_attribute_has_its_own_score(aestheticsnet):
    folder, _ = aestheticsnet
    heads = load_assessor("aestheticsnet", folder), images(1)
    scores = set()
    for name in published.ATTRIBUTES:
        heads[0].head = name
        scores.add(heads[0](heads[1]).item())
    assert len(scores) == 11


@pytest.mark.parametrize(("extent", "size"), [(256, 227), (64, 227), (128, 256), (512, 256)])
def test_resizing_is_tensorflow_1s(extent, size):
    image = images(1, extent)
    found = resize_tensorflow1(image, size)
    expected = resize_by_hand(image[0].numpy().astype(np.float64), size)
    torch.testing.assert_close(found[0].double(), torch.from_numpy(expected), rtol=1e-5, atol=1e-5)


def test_a_head_that_there_is_not_is_refused_with_those_that_there_are(aestheticsnet):
    with pytest.raises(GanalyzeError, match="no head 'Vivid': its heads are BalancingElement"):
        load_assessor("aestheticsnet:Vivid", aestheticsnet[0])


@pytest.mark.parametrize("file", ["memnet_mean.mat", "memnet_state_dict.p"])
def test_a_file_of_something_else_is_refused(memnet, tmp_path, file):
    for path in memnet[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes() if path.name != file else b"something else")
    with pytest.raises(GanalyzeError, match=file):
        load_assessor("memnet", tmp_path)
