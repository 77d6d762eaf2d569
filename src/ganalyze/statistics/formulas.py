"""The models of the paper in lme4's notation, as `mixed_models.fit_mixed_model` fits them.

The paper names its regressions (§3.1, 3.2, 3.3.2, 3.4) but not their random effects. Here, whatever was measured more
than once has a level of its own: seeds, each seen at every α; their classes; participants, who are crossed with both.
"""

from collections.abc import Sequence


def random_effects(classes: int) -> str:
    """The images' random effects: each seed has its own level, and each class where there is more than one.

    classes: of the test set.
    """
    return "(1|seed_id)" + (" + (1|class_id)" if classes > 1 else "")


def score_formula(classes: int) -> str:
    """Linear: does the assessor's score rise with α (§3.1, 3.4.1, 4)? classes: see `random_effects`."""
    return f"score ~ alpha + {random_effects(classes)}"


def robust_score_formulas(classes: int) -> dict[str, str]:
    """The same asked otherwise, by name: with a slope of its own for each seed, and with a term that tells whether the
    score levels off. classes: see `random_effects`."""
    by_class = random_effects(classes).removeprefix("(1|seed_id)")
    return {
        "own slopes": f"score ~ alpha + (alpha|seed_id){by_class}",
        "levels off": f"score ~ alpha + I(alpha^2) + (alpha|seed_id){by_class}",
    }


def factor_formulas(factors: Sequence[str], classes: int) -> list[str]:
    """Linear, one a factor: does it change with α (§3.2)? classes: see `random_effects`."""
    return [f"{factor} ~ alpha + {random_effects(classes)}" for factor in factors]


def trial_formula(outcome: str, predictor: str, classes: int) -> str:
    """Logistic: does the predictor tell what participants answer (§3.3.2, 3.4, Table 1)?

    outcome: the column of zeros and ones. predictor: α, or a factor on its own. classes: see `random_effects`.
    """
    return f"{outcome} ~ {predictor} + (1|participant) + {random_effects(classes)}"
