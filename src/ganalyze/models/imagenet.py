"""The classes of ImageNet (Russakovsky et al., IJCV 2015), in the order that its networks number them."""

from functools import cache


@cache
def class_names() -> tuple[str, ...]:
    """The names of the 1000 classes: class k is folder k of the data set's folders in alphabetical order."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
