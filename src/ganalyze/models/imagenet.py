"""ImageNet (Russakovsky et al., IJCV 2015): its classes, in the order that networks number them, and its colours."""

from functools import cache

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of its images in [0, 1], by channel


@cache
def class_names() -> tuple[str, ...]:
    """The names of the 1000 classes: class k is folder k of the data set's folders in alphabetical order."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
