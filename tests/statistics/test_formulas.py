"""The formulas, character by character: tables name their models by them."""

import subprocess
import sys

import mixedlm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.statistics.formulas import factor_formulas, random_effects, score_formula, trial_formula


@pytest.mark.parametrize(
    ("classes", "effects"), [(1, "(1|seed_id)"), (2, "(1|seed_id) + (1|class_id)"), (750, "(1|seed_id) + (1|class_id)")]
)
def test_classes_have_a_random_effect_where_there_are_several(classes, effects):
    assert random_effects(classes) == effects
    assert score_formula(classes) == f"score ~ alpha + {effects}"
    assert trial_formula("hit", "alpha", classes) == f"hit ~ alpha + (1|participant) + {effects}"
    assert trial_formula("correct", "redness", classes) == f"correct ~ redness + (1|participant) + {effects}"
    assert factor_formulas(["entropy", "redness"], classes) == [
        f"entropy ~ alpha + {effects}",
        f"redness ~ alpha + {effects}",
    ]


@given(classes=st.integers(1, 2000))
def test_every_formula_is_read_with_the_response_and_the_groups_that_it_names(classes):
    images = {"seed_id", "class_id"} if classes > 1 else {"seed_id"}
    linear = [score_formula(classes), *factor_formulas(IMAGE_FACTORS + MASK_FACTORS, classes)]
    for formula, groups in [(one, images) for one in linear] + [
        (trial_formula("hit", "alpha", classes), images | {"participant"})
    ]:
        parsed = mixedlm.parse_formula(formula)
        assert parsed.response == formula.split(" ")[0]
        assert parsed.fixed_variables == {"alpha"}
        assert parsed.grouping_factors == groups


def test_formulas_load_no_network_and_no_fitting_library():
    """Snakemake reads them at every start."""
    check = (
        "import sys, ganalyze.statistics.formulas\n"
        "print([name for name in ('torch', 'mixedlm', 'statsmodels', 'scipy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
