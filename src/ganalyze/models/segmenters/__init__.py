"""Masks of the subject: which pixels of an image show it, and which networks tell.

A *segmenter* is a module from images (N, 3, H, W) in [-1, 1], of any size, to soft masks (N, H, W): each pixel's
probability, 0 to 1, of showing the subject. It is differentiable with respect to the image. A pixel above
`THRESHOLD` is in the subject's mask.
"""

from ganalyze.models.registry import UNET_FILE, Card, Registry

THRESHOLD = 0.5

SEGMENTERS = Registry(
    "segmenter",
    {
        "unet": Card(
            build="ganalyze.models.segmenters.unet:load_unet",
            files=(UNET_FILE,),
            title="U-Net distilled from GrabCut",
            origin="trained by this run: scripts/train_segmenter.py",
            licence="MIT",
            reference="Ronneberger, Fischer & Brox, MICCAI 2015; Rother, Kolmogorov & Blake, SIGGRAPH 2004 (GrabCut)",
            note="Subject masks are those of a network that imitates GrabCut, not of people.",
        ),
        "u2netp": Card(
            build="ganalyze.models.segmenters.u2net:load",
            files=("u2netp.onnx",),
            title="U²-Net-p",
        ),
        "mask-rcnn": Card(
            build="ganalyze.models.segmenters.mask_rcnn:load",
            files=("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",),
            title="Mask R-CNN",
            memory_mb=6000,
        ),
    },
)
