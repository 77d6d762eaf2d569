"""Assessors A(image) (paper §2.1): from an image to a score of the property of interest."""

from typing import Annotated, Literal

from pydantic import Field

from ganalyze.models.assessors.elsewhere import FAMILIES
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
        ),
        "falseresmem": Card(
            build="ganalyze.models.assessors.resmem:load_falseresmem",
            files=("falseresmem.pt",),
            title="FalseResMem false alarms (0–1)",
            note="How often people take an image for one that they have seen, though they have not: related to "
            "memorability, and not the same.",
        ),
        "fer-valence": Card(
            build="ganalyze.models.assessors.fer:load",
            files=("emotion_model.hdf5",),
            title="FER valence (−1 to 1)",
            note="Our weighting of the probabilities of seven facial expressions, not a rating by people.",
            options={
                "region": Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)],
                "temperature": Annotated[float, Field(gt=0, le=100)],
            },
        ),
        "object-size-unet": SEGMENTERS["unet"].model_copy(
            update={
                "build": "ganalyze.models.assessors.object_size:load_with_unet",
                "title": "Object size (share of pixels, 0–1)",
            }
        ),
        "object-size-u2netp": SEGMENTERS["u2netp"].model_copy(
            update={
                "build": "ganalyze.models.assessors.object_size:load_with_u2netp",
                "title": "Object size (share of pixels, 0–1)",
            }
        ),
        "nima-aesthetic": Card(
            build="ganalyze.models.assessors.nima:load",
            files=("weights_mobilenet_aesthetic_0.07.hdf5",),
            title="NIMA aesthetics (mean rating, 1–10)",
            note="Learnt from ratings of photographs of all kinds (AVA), not of portraits: a score says nothing of a "
            "person's looks.",
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
        "brightness": Card(
            build="ganalyze.models.assessors.brightness:load",
            files=(),
            title="Brightness (mean grey, 0–1)",
            origin="this project: the image factor, as a score",
            licence="none needed, no weights",
            reference="ITU-R BT.601 (luma)",
            memory_mb=100,
        ),
        "memnet": Card(
            build="ganalyze.models.assessors.memnet:load",
            files=("memnet_state_dict.p", "memnet_mean.mat"),
            title="MemNet memorability (0–1)",
            options=_CAFFE_OPTIONS | {"clipped": bool},
        ),
        "aestheticsnet": Card(
            build="ganalyze.models.assessors.aestheticsnet:load",
            files=("aestheticsnet_state_dict.p", "mean_AADB_regression_warp256_lore.npy"),
            title="AestheticsNet aesthetic quality (0–1)",
            options=_CAFFE_OPTIONS,
            heads=ATTRIBUTES,
        ),
        "emonet": Card(
            build="ganalyze.models.assessors.emonet:load",
            files=("EmoNet_valence_moments_resnet50_5_best.pth.tar",),
            title="EmoNet valence (0–1)",
            options={"pixel_scale": Literal[255, 256]},
        ),
        "object-size": Card(
            build="ganalyze.models.assessors.object_size:load_with_mask_rcnn",
            files=SEGMENTERS["mask-rcnn"].files,
            title="object size (share of the image)",
            options={"min_size": Annotated[int, Field(ge=64)]},
            memory_mb=SEGMENTERS["mask-rcnn"].memory_mb,
        ),
        "vitmem": Card(
            build="ganalyze.models.assessors.vitmem:load",
            files=("vitmem_base_patch16_224_miil_v1-f580d24a.pth",),
            title="ViTMem memorability (0–1)",
        ),
    },
    group="ganalyze.assessors",
    families=FAMILIES,
)
