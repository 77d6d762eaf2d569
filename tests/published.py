"""Weight files in the published formats, with random weights from numpy's seeded streams: what cannot be had here is
replaced by something of the same names, shapes and file format. Nothing of it is committed."""

import pickle
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

BIGGAN = {  # image size → length of a code, factors of the width, block that attention goes before
    128: (20, (16, 16, 8, 4, 2, 1), 4),
    256: (20, (16, 16, 8, 8, 4, 2, 1), 5),
    512: (16, (16, 16, 8, 8, 4, 2, 1, 1), 4),
}


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))


def uniform(rng: np.random.Generator, *shape: int, low: float = 0.5, high: float = 1.5) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))


def biggan(size: int, width: int, seed: int = 0) -> dict[str, Tensor]:
    """A BigGAN as the GANalyze authors store it, `width` channels at the end (published: 96)."""
    rng = np.random.default_rng(seed)
    code, factors, attention = BIGGAN[size]
    widths = [width * factor for factor in factors]
    state = {}

    def spectral(name, *shape, bias=True):
        if bias:
            state[f"{name}.module.bias"] = 0.1 * normal(rng, shape[0])
        for vector in "uv":  # both as long as there are outputs; v is never read
            direction = normal(rng, shape[0])
            state[f"{name}.module.weight_{vector}"] = direction / direction.norm()
        state[f"{name}.module.weight_bar"] = normal(rng, *shape) / np.sqrt(np.prod(shape[1:]))

    def statistics(name, channels):
        state[f"{name}.running_mean"] = 0.3 * normal(rng, channels)
        state[f"{name}.running_var"] = uniform(rng, channels, low=0.3, high=1)
        state[f"{name}.num_batches_tracked"] = torch.tensor(0)

    state["linear.weight"] = 0.1 * normal(rng, 128, 1000)
    spectral("G_linear", 16 * widths[0], code)
    for index, (n_in, n_out) in enumerate(zip(widths, widths[1:], strict=False)):
        block = f"GBlock.{index}"
        spectral(f"{block}.conv0", n_out, n_in, 3, 3)
        spectral(f"{block}.conv1", n_out, n_out, 3, 3)
        spectral(f"{block}.conv_sc", n_out, n_in, 1, 1)
        for norm, channels in (("HyperBN", n_in), ("HyperBN_1", n_out)):
            statistics(f"{block}.{norm}.bn", channels)
            for embed in ("gamma_embed", "beta_embed"):
                spectral(f"{block}.{norm}.{embed}", channels, code + 128, bias=False)
    channels = widths[attention]
    state["attention.gamma"] = torch.tensor([0.7])
    for name, n_out, n_in in (("theta", 8, 1), ("phi", 8, 1), ("g", 2, 1), ("o_conv", 1, 2)):
        spectral(f"attention.{name}", channels // n_out, channels // n_in, 1, 1, bias=False)
    statistics("ScaledCrossReplicaBN", width)
    state["ScaledCrossReplicaBN.weight"] = uniform(rng, width)
    state["ScaledCrossReplicaBN.bias"] = 0.1 * normal(rng, width)
    spectral("colorize", 3, width, 3, 3)
    return state


def write_biggan(folder: Path, size: int, width: int, seed: int = 0) -> None:
    torch.save(biggan(size, width, seed), folder / f"biggan-{size}.pth")


def write_biggan_deep(folder: Path, size: int = 128, width: int = 16, seed: int = 0, **layout) -> None:
    """A BigGAN-deep as Hugging Face stores it: a checkpoint and its layout. Published: width 128."""
    from pytorch_pretrained_biggan import BigGAN, BigGANConfig

    config = BigGANConfig(output_dim=size, channel_width=width, **layout)
    network = BigGAN(config)
    rng = np.random.default_rng(seed)
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("running_vars"):
            value.copy_(uniform(rng, *value.shape, low=0.3, high=1))
        elif name.endswith("gamma"):
            value.fill_(0.7)
        elif name == "generator.bn.weight":
            value.copy_(uniform(rng, *value.shape))
        else:
            fan_in = int(np.prod(value.shape[1:])) if name.endswith("weight_orig") else 10
            value.copy_(normal(rng, *value.shape) / np.sqrt(fan_in))
    for name in [name for name in state if name.endswith("weight_orig")]:
        matrix, u = state[name].flatten(1), state[name.replace("orig", "u")]
        for _ in range(3):  # in evaluation no power iteration makes up for vectors that are far off
            v = state[name.replace("orig", "v")].copy_(torch.nn.functional.normalize(matrix.T @ u, dim=0))
            u.copy_(torch.nn.functional.normalize(matrix @ v, dim=0))
    torch.save(state, folder / f"biggan-deep-{size}-pytorch_model.bin")
    (folder / f"biggan-deep-{size}-config.json").write_text(config.to_json_string())


def fill(state: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Random values for a network's state, such that signals keep their scale through it."""
    rng = np.random.default_rng(seed)
    filled = {}
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            filled[name] = value
        elif name.endswith("running_var") or (name.endswith("weight") and value.ndim == 1):
            filled[name] = uniform(rng, *value.shape)
        elif name.endswith("weight"):
            filled[name] = normal(rng, *value.shape) * np.sqrt(2 / np.prod(value.shape[1:]))
        else:
            filled[name] = 0.1 * normal(rng, *value.shape)
    return filled


def write_emonet(folder: Path, seed: int = 1) -> None:
    from torchvision.models import resnet50

    with torch.device("meta"):
        shapes = resnet50(num_classes=1).to_empty(device="cpu").state_dict()
    state = fill({k: torch.zeros_like(v) for k, v in shapes.items()}, seed)
    _tame(state)
    state["fc.weight"] *= 0.3
    state = {f"module.model.{name.replace('fc.', 'last_linear.')}": value for name, value in state.items()}
    torch.save(
        {"epoch": 3, "arch": "resnet50", "state_dict": state}, folder / "EmoNet_valence_moments_resnet50_5_best.pth.tar"
    )


def _tame(resnet: dict[str, Tensor]) -> None:
    """Weaken the residual branches, or the signal grows from block to block."""
    for name, value in resnet.items():
        if name.endswith("bn3.weight"):
            value *= 0.2


CAFFENET = {
    "conv1": (96, 3, 11, 11),
    "conv2": (256, 48, 5, 5),
    "conv3": (384, 256, 3, 3),
    "conv4": (384, 192, 3, 3),
    "conv5": (256, 192, 3, 3),
    "fc6": (4096, 9216),
    "fc7": (4096, 4096),
}
ATTRIBUTES = [
    "BalancingElement",
    "ColorHarmony",
    "Content",
    "DoF",
    "Light",
    "MotionBlur",
    "Object",
    "Repetition",
    "RuleOfThirds",
    "Symmetry",
    "VividColor",
]


def layers(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, Tensor]:
    state = {f"{name}.weight": torch.zeros(shape) for name, shape in shapes.items()}
    return fill(state | {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}, seed)


def write_memnet(folder: Path, seed: int = 2) -> dict[str, Tensor]:
    """MemNet as the authors store it: a pickle of tensors, and MATLAB's mean image."""
    from scipy.io import savemat

    state = layers(CAFFENET | {"fc8": (1, 4096)}, seed)
    state["conv1.weight"] /= 60  # its input is up to 150, not 1
    state["fc8.weight"] /= 20  # scores within [0, 1], where they are not cut
    state["fc8.bias"][:] = 0.7
    (folder / "memnet_state_dict.p").write_bytes(pickle.dumps(state, protocol=2))
    mean = uniform(np.random.default_rng(seed), 256, 256, 3, low=90, high=130)
    savemat(folder / "memnet_mean.mat", {"image_mean": mean.numpy()})
    return state


def write_aestheticsnet(folder: Path, seed: int = 3) -> dict[str, Tensor]:
    """AestheticsNet as the authors store it: a pickle of tensors, and numpy's mean image."""
    shapes = CAFFENET | {"fc8_new": (512, 4096)}
    shapes |= {f"fc8_{name}": (256, 4096) for name in ATTRIBUTES} | {f"fc9_{name}": (1, 256) for name in ATTRIBUTES}
    state = layers(shapes | {"fc10_Merge": (128, 512 + 256 * 11), "fc11_score": (1, 128)}, seed)
    state["conv1.weight"] /= 60
    (folder / "aestheticsnet_state_dict.p").write_bytes(pickle.dumps(state, protocol=2))
    mean = uniform(np.random.default_rng(seed), 3, 256, 256, low=90, high=130)
    np.save(folder / "mean_AADB_regression_warp256_lore.npy", mean.numpy())
    return state


def write_vitmem(folder: Path, seed: int = 4) -> None:
    import timm

    state = fill(timm.create_model("vit_base_patch16_224_miil", num_classes=1).state_dict(), seed)
    state = {name: value / 2 if value.ndim == 2 else value for name, value in state.items()}
    torch.save({f"vit.{k}": v for k, v in state.items()}, folder / "vitmem_base_patch16_224_miil_v1-f580d24a.pth")


def write_inception(folder: Path, seed: int = 6) -> None:
    """The Inception of the FID, which torch-fidelity builds only together with its weights."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unfilled(FeatureExtractorInceptionV3):
        def load_state_dict(self, state):
            pass

    file = folder / "weights-inception-2015-12-05-6726825d.pth"
    torch.save({}, file)
    torch.save(fill(Unfilled("shapes", ["2048"], str(file)).state_dict(), seed), file)


def write_mask_rcnn(folder: Path, seed: int = 5) -> None:
    """A Mask R-CNN that finds something in noise: the last layers' biases see to it."""
    from torchvision.models.detection import MaskRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    state = fill(MaskRCNN(resnet_fpn_backbone(backbone_name="resnet50", weights=None), 91).state_dict(), seed)
    _tame(state)
    for name in state:
        if "bbox" in name and name.endswith("weight"):
            state[name] *= 0.05
    state["roi_heads.box_predictor.cls_score.weight"] *= 0.1
    state["roi_heads.box_predictor.cls_score.bias"][1] += 4
    torch.save(state, folder / "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
