"""The aesthetics proxy: its features against other computations, and moved by what should move them."""

import numpy as np
import pytest
import torch
from scipy.ndimage import laplace
from skimage.color import rgb2gray
from skimage.filters import gaussian

from ganalyze.measures.factors import image_factors
from ganalyze.models.assessors.aesthetics import CENTRE, WEIGHTS, WIDTH, load
from ganalyze.models.weights.files import Weights

PROXY = load(Weights())


def photographs(count: int = 8, seed: int = 0) -> np.ndarray:
    """Pixels (N, 64, 64, 3) uint8, noise at several scales, no two alike in any feature."""
    rng = np.random.default_rng(seed)
    images = []
    for sigma in np.linspace(0.5, 3, count):
        noise = gaussian(rng.random((64, 64, 3)), sigma, channel_axis=2)
        noise = (noise - noise.mean()) / noise.std() * rng.uniform(15, 50) + rng.uniform(90, 160, 3)
        images.append(noise.clip(0, 255).astype(np.uint8))
    return np.stack(images)


def features(pixels: np.ndarray) -> dict[str, np.ndarray]:
    with torch.no_grad():
        return {name: value.numpy() for name, value in PROXY.features(as_images(pixels)).items()}


def as_images(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(pixels, np.float32)).permute(0, 3, 1, 2) / 127.5 - 1


def luma(pixels: np.ndarray) -> np.ndarray:
    return pixels @ [0.299, 0.587, 0.114] / 255


# --- against other computations -------------------------------------------------------------------------------


def test_colorfulness_comes_from_the_factors_m3():
    pixels = photographs()
    m3 = image_factors(pixels).colorfulness.to_numpy()
    np.testing.assert_allclose(features(pixels)["colorfulness"], 1 - np.exp(-m3 / 45), rtol=1e-4)


def test_contrast_is_twice_the_standard_deviation_of_luma():
    pixels = photographs()
    np.testing.assert_allclose(features(pixels)["contrast"], 2 * luma(pixels).std(axis=(1, 2)), rtol=1e-3)


def test_contrast_is_nearly_that_of_scikit_images_grey():
    """Its grey has the weights of Rec. 709, ours of Rec. 601."""
    pixels = photographs()
    np.testing.assert_allclose(features(pixels)["contrast"], 2 * rgb2gray(pixels).std(axis=(1, 2)), rtol=0.15)


def test_exposure_is_the_mean_of_a_gaussian_around_mid_grey():
    pixels = photographs()
    expected = np.exp(-((luma(pixels) - 0.5) ** 2) / 0.08).mean(axis=(1, 2))
    np.testing.assert_allclose(features(pixels)["exposure"], expected, rtol=1e-5)


def test_clarity_is_the_centres_share_of_scipys_squared_laplacian():
    pixels = photographs()
    inside = np.zeros((64, 64), bool)
    inside[16:48, 16:48] = True
    expected = []
    for grey in luma(pixels):
        detail = laplace(grey, mode="nearest") ** 2
        expected.append(detail[inside].mean() / (detail[inside].mean() + detail[~inside].mean()))
    np.testing.assert_allclose(features(pixels)["clarity"], expected, rtol=0.02)


def test_the_score_is_the_logistic_of_the_weighted_mean():
    pixels = photographs()
    mean = sum(WEIGHTS[name] * value for name, value in features(pixels).items())
    expected = 1 / (1 + np.exp(-(mean - CENTRE) / WIDTH))
    np.testing.assert_allclose(PROXY(as_images(pixels)).numpy(), expected, rtol=1e-4)


def test_the_weights_are_shares():
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert min(WEIGHTS.values()) > 0


# --- known manipulations --------------------------------------------------------------------------------------


def rises(name: str, *steps: np.ndarray) -> bool:
    values = np.stack([features(step)[name] for step in steps])
    return bool((np.diff(values, axis=0) > 0).all())


def test_colorfulness_rises_with_saturation():
    pixels = photographs()
    grey = np.broadcast_to(255 * luma(pixels)[..., None], pixels.shape)
    assert rises("colorfulness", *(grey + share * (pixels - grey) for share in (0, 0.3, 0.6, 1)))


def test_contrast_rises_with_the_spread_of_values():
    pixels = photographs().astype(float)
    mean = pixels.mean(axis=(1, 2, 3), keepdims=True)
    assert rises("contrast", *(mean + gain * (pixels - mean) for gain in (0.2, 0.5, 1)))


@pytest.mark.parametrize("levels", [(0, 40, 80, 127.5), (255, 215, 175, 127.5)])
def test_exposure_rises_towards_mid_grey_from_both_sides(levels):
    assert rises("exposure", *(np.full((1, 64, 64, 3), level) for level in levels))


def test_clarity_rises_as_the_background_is_blurred_and_falls_as_the_centre_is():
    pixels = photographs(4, seed=1).astype(float)
    blurred = [np.stack([gaussian(x, sigma, channel_axis=2) for x in pixels]) for sigma in (1, 3)]
    centre = np.zeros((64, 64, 1), bool)
    centre[16:48, 16:48] = True
    assert rises("clarity", pixels, *(np.where(centre, pixels, soft) for soft in blurred))
    assert rises("clarity", *(np.where(centre, soft, pixels) for soft in blurred[::-1]), pixels)


def test_every_manipulation_that_raises_one_feature_alone_raises_the_score():
    pixels = photographs()
    grey = np.broadcast_to(255 * luma(pixels)[..., None], pixels.shape)
    scores = torch.stack([PROXY(as_images(grey + share * (pixels - grey))) for share in (0, 0.5, 1)])
    assert (scores.diff(dim=0) > 0).all()


# --- what every assessor must do ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [-1, 0, 1])
def test_flat_images_have_finite_scores_and_gradients(level):
    images = torch.full((2, 3, 64, 64), float(level), requires_grad=True)
    scores = PROXY(images)
    scores.sum().backward()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert torch.isfinite(images.grad).all()


def test_the_gradient_is_finite_and_not_zero():
    images = as_images(photographs()).requires_grad_()
    PROXY(images).sum().backward()
    assert torch.isfinite(images.grad).all()
    assert (images.grad.abs().amax(dim=(1, 2, 3)) > 0).all()


def test_the_gradient_is_that_of_finite_differences():
    x = as_images(photographs()).requires_grad_()
    (slope,) = torch.autograd.grad(PROXY(x).sum(), x)
    step = 1e-4 * slope.sign()  # uphill, where the change is larger than float32's rounding
    with torch.no_grad():
        difference = (PROXY(x + step) - PROXY(x - step)).sum() / 2
    assert difference.item() == pytest.approx((slope * step).sum().item(), rel=0.01)


def test_scores_do_not_depend_on_the_batch():
    images = as_images(photographs())
    torch.testing.assert_close(torch.cat([PROXY(x[None]) for x in images]), PROXY(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [48, 64, 100, 256])
def test_images_of_any_size_get_one_score_each(size):
    scores = PROXY(torch.rand(2, 3, size, size) * 2 - 1)
    assert scores.shape == (2,)
    assert torch.isfinite(scores).all()


def test_an_enlarged_image_scores_nearly_the_same():
    pixels = photographs()[2:]  # resizing softens the finest noise
    small, large = features(pixels), features(pixels.repeat(4, axis=1).repeat(4, axis=2))
    for name in ("colorfulness", "contrast", "exposure"):
        np.testing.assert_allclose(large[name], small[name], rtol=0.1)
