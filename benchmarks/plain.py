"""BigGAN-256 and EmoNet, every layer as published, by torch's own functions: nothing folded, nothing fused."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.models import resnet50


def plain_score(folder: str, device: str = "cpu") -> Callable[[Tensor, Tensor], Tensor]:
    """From z (N, 140) and classes (N,) to scores (N,). folder: where the published weight files are."""
    state = torch.load(Path(folder, "biggan-256.pth"), weights_only=True, map_location=device)
    emonet = torch.load(Path(folder, "EmoNet_valence_moments_resnet50_5_best.pth.tar"), weights_only=True)
    resnet = resnet50(num_classes=1)
    resnet.load_state_dict(
        {k.removeprefix("module.model.").replace("last_linear", "fc"): v for k, v in emonet["state_dict"].items()}
    )
    resnet.eval().requires_grad_(False).to(device)
    mean, std = (torch.tensor(x, device=device)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def weight(name):
        bar, u = state[f"{name}.module.weight_bar"], state[f"{name}.module.weight_u"]
        matrix = bar.flatten(1)
        v = matrix.T @ u
        v = v / (v.norm() + 1e-4)
        u = matrix @ v
        u = u / (u.norm() + 1e-4)
        return bar / (u @ (matrix @ v))

    def conv(x, name, padding=0):
        return F.conv2d(x, weight(name), state.get(f"{name}.module.bias"), padding=padding)

    def norm(x, name, condition):
        x = F.batch_norm(x, state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"], eps=1e-4)
        gain, bias = (F.linear(condition, weight(f"{name}.{part}_embed")) for part in ("gamma", "beta"))
        return (gain + 1)[:, :, None, None] * x + bias[:, :, None, None]

    def attend(x):
        query, key = conv(x, "attention.theta").flatten(2), F.max_pool2d(conv(x, "attention.phi"), 2).flatten(2)
        value = F.max_pool2d(conv(x, "attention.g"), 2).flatten(2)
        seen = value @ (query.transpose(1, 2) @ key).softmax(-1).transpose(1, 2)
        return state["attention.gamma"] * conv(seen.unflatten(2, x.shape[2:]), "attention.o_conv") + x

    def generate(z, y):
        first, *codes = z.split(20, dim=1)
        embedding = F.linear(F.one_hot(y, 1000).float(), state["linear.weight"])
        x = F.linear(first, weight("G_linear"), state["G_linear.module.bias"])
        x = x.view(len(z), 4, 4, -1).permute(0, 3, 1, 2)
        for index, code in enumerate(codes):
            if index == 5:
                x = attend(x)
            block, condition = f"GBlock.{index}", torch.cat([code, embedding], 1)
            h = F.interpolate(F.relu(norm(x, f"{block}.HyperBN", condition)), scale_factor=2)
            h = F.relu(norm(conv(h, f"{block}.conv0", 1), f"{block}.HyperBN_1", condition))
            x = conv(h, f"{block}.conv1", 1) + conv(F.interpolate(x, scale_factor=2), f"{block}.conv_sc")
        last = [state[f"ScaledCrossReplicaBN.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return torch.tanh(conv(F.relu(F.batch_norm(x, *last, eps=1e-4)), "colorize", 1))

    def score(z, y):
        images = ((generate(z, y) + 1) / 2).clamp(0, 1)
        places = [(0, 0), (0, 32), (32, 0), (32, 32), (17, 17)]
        crops = torch.stack([(images[..., a : a + 224, b : b + 224] - mean) / std for a, b in places], 1)
        crops = torch.cat([crops, crops.flip(-1)], 1)
        return resnet(crops.flatten(0, 1)).view(-1, 10).mean(1)

    return score
