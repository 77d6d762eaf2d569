"""ViTMem against timm's network behind torchvision's transforms, as the package vitmem puts them together."""

import timm
import torch
from torchvision.transforms.v2.functional import center_crop, resize

from tests import published
from tests.networks import load_assessor


def test_scores_are_those_of_the_published_pieces(tmp_path):
    published.write_vitmem(tmp_path)
    assessor = load_assessor("vitmem", tmp_path)
    network = timm.create_model("vit_base_patch16_224_miil", num_classes=1).eval()
    state = torch.load(tmp_path / "vitmem_base_patch16_224_miil_v1-f580d24a.pth", weights_only=True)
    network.load_state_dict({name.removeprefix("vit."): value for name, value in state.items()})
    images = torch.rand(2, 3, 320, 320)
    with torch.no_grad():
        expected = network(center_crop(resize(images, [256, 256], antialias=True), [224, 224])).sigmoid()[:, 0]
        torch.testing.assert_close(assessor(images * 2 - 1), expected, rtol=1e-4, atol=1e-5)
