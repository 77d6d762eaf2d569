"""The settings of training the U-Net that finds the subject. Without torch, since the workflow reads them."""

from pydantic import Field

from ganalyze.support.settings import Positive, Settings


class Distillation(Settings):
    """How the U-Net is trained on GrabCut masks of a generator's own images."""

    samples: Positive = Field(default=1500, description="images that GrabCut segments for training")
    held_out_samples: Positive = Field(default=300, description="further images, to judge it by")
    epochs: Positive = Field(default=12, description="passes over the samples")
