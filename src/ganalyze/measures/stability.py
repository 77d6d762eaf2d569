"""Does another training find the same direction, and when was training long enough? (Asked of the paper, not by it.)

*Replicates* are trainings of the same study on other random batches. What they share is what the assessor and the
generator tell; what they do not is chance.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from torch import Tensor

from ganalyze.direction.alignment import cosine
from ganalyze.support.intervals import Z_975


def cosines(directions: Mapping[str, Tensor]) -> pd.DataFrame:
    """A row for each pair of D directions of one study, θ (z_dim,) or (classes, z_dim) by name.

    Columns: first, second, cosine, random_95: 95 % of pairs of random directions in the parts of z that these move have
    a cosine within ± this (its standard deviation is 1/√dimensions).
    """
    rows = []
    for (first, one), (second, other) in combinations(directions.items(), 2):
        moving = int(((one != 0) | (other != 0)).sum())
        alike = cosine(one.double().numpy(), other.double().numpy())
        rows.append({"first": first, "second": second, "cosine": alike, "random_95": Z_975 / moving**0.5})
    return pd.DataFrame(rows, columns=["first", "second", "cosine", "random_95"])


def along_training(course: Mapping[int, Tensor], slopes: np.ndarray) -> pd.DataFrame:
    """A row for each θ on the way of a training, by the samples seen, with the slope of the score along each, (D,).

    Columns: samples, slope, share (of the last slope), cosine (with the last θ), length (of θ, as a share of the last).
    """
    last = list(course.values())[-1]
    pairs = cosines({str(samples): theta for samples, theta in course.items()} | {"last": last})
    return pd.DataFrame(
        {
            "samples": list(course),
            "slope": slopes,
            "share": slopes / slopes[-1],
            "cosine": pairs[pairs.second == "last"].cosine.to_numpy(),
            "length": [float(theta.norm() / last.norm()) for theta in course.values()],
        }
    )
