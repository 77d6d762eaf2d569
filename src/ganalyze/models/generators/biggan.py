"""BigGAN (Brock, Donahue & Simonyan, ICLR 2019), not deep: the network, in fewer layers than it was trained with.
`biggan_checkpoint` loads it and says which layers are folded."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.models.generators.biggan_layers import ConditionalNorm, attend
from ganalyze.models.imagenet import class_names

_CLASS_DIM = 128  # length of a class's embedding


@dataclass(frozen=True)
class Layout:
    """code: length of z's share for each stage. widths: channels between blocks, in units of the network's width.
    attention: the block that self-attention goes before. last_epsilon: of the last batch norm."""

    code: int
    widths: tuple[int, ...]
    attention: int
    last_epsilon: float


LAYOUTS = {
    128: Layout(20, (16, 16, 8, 4, 2, 1), 4, 1e-4),
    256: Layout(20, (16, 16, 8, 8, 4, 2, 1), 5, 1e-4),
    512: Layout(16, (16, 16, 8, 8, 4, 2, 1, 1), 4, 1e-5),  # torch's default where the others say 1e-4
}


class Block(nn.Module):
    """Doubles the image: two norms and convolutions beside a 1×1 shortcut."""

    def __init__(self, n_in: int, n_out: int, condition: int):
        super().__init__()
        self.norm0, self.norm1 = ConditionalNorm(n_in, condition), ConditionalNorm(n_out, condition)
        self.conv0 = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1)
        self.conv1 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(N, n_out, 2·H, 2·W) from x (N, n_in, H, W) under condition (N, condition)."""
        y = self.conv0(self.norm0(x, condition).relu_())
        y = self.conv1(self.norm1(y, condition).relu_())
        return y + F.interpolate(self.shortcut(x), scale_factor=2)


class SelfAttention(nn.Module):
    """Every place looks at all places of the halved image (Zhang et al., ICML 2019); added to the input."""

    def __init__(self, channels: int):
        super().__init__()
        self.query, self.key = (nn.Conv2d(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) from the like."""
        key, value = (F.max_pool2d(conv(x), 2) for conv in (self.key, self.value))
        return x + self.out(attend(self.query(x), key, value))


class BigGAN(nn.Module):
    """The generator for images of 128, 256 or 512 pixels. z is cut into one code for the first layer and one for
    each block; a block's condition is its code beside the embedding of the class.

    `width` is 96 in the published networks.
    """

    num_classes = 1000

    def __init__(self, image_size: int, width: int = 96):
        super().__init__()
        layout = LAYOUTS[image_size]
        self.image_size, self.class_names = image_size, class_names()
        self.code, self.attention_before = layout.code, layout.attention
        self.z_dim = layout.code * len(layout.widths)
        self.z_parts = {  # by the size, in pixels, of what each makes
            f"{4 * 2**stage}px": slice(layout.code * stage, layout.code * (stage + 1))
            for stage in range(len(layout.widths))
        }
        widths = [width * factor for factor in layout.widths]
        condition = layout.code + _CLASS_DIM
        self.embedding = nn.Embedding(self.num_classes, _CLASS_DIM)
        self.first = nn.Linear(layout.code, 4 * 4 * widths[0])
        self.blocks = nn.ModuleList(Block(a, b, condition) for a, b in zip(widths, widths[1:], strict=False))
        self.attention = SelfAttention(widths[layout.attention])
        self.last_norm = nn.BatchNorm2d(widths[-1], eps=layout.last_epsilon)
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) in [-1, 1] from z (N, z_dim) and class indices y (N,)."""
        first, *codes = z.split(self.code, dim=1)
        embedding = self.embedding(y)
        x = self.first(first).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)
        for index, (block, code) in enumerate(zip(self.blocks, codes, strict=True)):
            if index == self.attention_before:
                x = self.attention(x)
            x = block(x, torch.cat([code, embedding], dim=1))
        return torch.tanh(self.last(self.last_norm(x).relu_()))
