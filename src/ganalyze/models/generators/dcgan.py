"""DCGAN (Radford, Metz & Chintala, ICLR 2016), 64×64 RGB, unconditional, with weights for synthetic faces."""

from torch import Tensor, nn

from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors


class DCGAN(nn.Module):
    """Five transposed convolutions from z to a 64×64 image; the published checkpoint's layer names."""

    z_dim = 100
    num_classes = 1
    class_names = ("face",)
    image_size = 64

    def __init__(self, width: int = 64):
        super().__init__()
        layers: list[nn.Module] = []
        channels = [self.z_dim, 8 * width, 4 * width, 2 * width, width]
        for index, (n_in, n_out) in enumerate(zip(channels, channels[1:], strict=False)):
            stride, padding = (1, 0) if index == 0 else (2, 1)
            layers += [
                nn.ConvTranspose2d(n_in, n_out, 4, stride, padding, bias=False),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Images (N, 3, 64, 64) in [-1, 1] from z (N, 100); y is ignored, there is one class."""
        return self.main(z[:, :, None, None])


def load(weights: Weights) -> DCGAN:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("weights.tar")
    model = DCGAN()
    load_state(model, load_tensors(path).get("netG_state_dict", {}), path.name)
    return model
