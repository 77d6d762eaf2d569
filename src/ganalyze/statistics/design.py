"""What a formula says of a table, as R reads it: calls are computed, text is a factor, interactions are products.

mixedlm reads the notation and formulaic codes the terms, so that the model which is fitted has columns of numbers only.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

import formulaic
import mixedlm
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.algos.tokenize import tokenize
from formulaic.parser.types import Token
from mixedlm.formula.parser import ParsedTerm
from mixedlm.formula.terms import FixedTerm, Formula, VariableTerm, format_term

from ganalyze.support.errors import GanalyzeError


def parse_formula(formula: str) -> Formula:
    """A formula in lme4's notation. A call in it, such as I(x^2) or scale(x), is a variable of that name.

    Raises GanalyzeError where it cannot be read, or names no random effect.
    """
    try:
        quoted = formula
        for token in reversed(list(tokenize(formula))):
            if token.kind is Token.Kind.PYTHON:
                start, end = token.source_start, token.source_end + 1
                quoted = f"{quoted[:start]}`{quoted[start:end]}`{quoted[end:]}"
        parsed = mixedlm.parse_formula(quoted)
    except (FormulaicError, ValueError, TypeError, SyntaxError) as error:
        raise GanalyzeError(f"cannot read the formula {formula!r}: {str(error).splitlines()[0]}") from None
    if parsed.response_denominator is not None:
        raise GanalyzeError(f"the formula {formula!r} must have a single column before the ~")
    if not parsed.random:
        raise GanalyzeError(f"the formula {formula!r} names no random effect, such as (1|seed_id)")
    return parsed


def calls_of(formula: Formula, data: pd.DataFrame) -> dict[str, set[str]]:
    """The calls among the formula's variables, each with the names it is made from."""
    names = sorted(name for name in formula.all_variables if "(" in name and name not in data)
    calls = {}
    for name in names:
        try:
            nodes = list(ast.walk(ast.parse(_python(name))))
        except SyntaxError:
            raise GanalyzeError(f"cannot read {name} in the formula {formula}") from None
        functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        calls[name] = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in functions}
    return calls


def evaluate(call: str, data: pd.DataFrame) -> pd.Series:
    """The values of a call, such as scale(x), in the rows of `data`. Raises GanalyzeError where it cannot be had."""
    try:
        columns = formulaic.model_matrix(f"0 + {_python(call)}", data, na_action="ignore")
    except FormulaicError as error:
        raise GanalyzeError(f"cannot compute {call}: {str(error).splitlines()[0]}") from None
    if columns.shape[1] != 1:
        raise GanalyzeError(f"{call} gives {columns.shape[1]} columns: only calls that give one can be terms")
    return columns.iloc[:, 0]


def in_numbers(formula: Formula, data: pd.DataFrame) -> tuple[Formula, pd.DataFrame]:
    """The same model with a column of numbers for every term.

    Factors have treatment contrasts against the level that sorts first (by code points, as R in the C locale), unless
    the terms beside them span the first level too (R's rule of marginality). Terms are named `sex[M]`, `sex[M]:age`.
    """
    fixed, columns = _coded(formula.fixed.terms, formula.fixed.has_intercept, data)
    random = []
    for term in formula.random:
        terms, more = _coded(term.expr, term.has_intercept, data)
        random.append(replace(term, expr=terms))
        columns |= more
    new = pd.DataFrame({name: values for name, values in columns.items() if name not in data}, index=data.index)
    named = replace(formula, fixed=FixedTerm(fixed, formula.fixed.has_intercept), random=tuple(random))
    return named, pd.concat([data, new], axis=1)


def _coded(
    terms: Sequence[ParsedTerm], has_intercept: bool, data: pd.DataFrame
) -> tuple[tuple[VariableTerm, ...], dict[str, pd.Series]]:
    written = ["1" if has_intercept else "0", *(format_term(term) for term in terms)]
    matrix = formulaic.model_matrix(" + ".join(written), data)
    columns = {re.sub(r"\[T\.", "[", name): matrix[name] for name in matrix.columns if name != "Intercept"}
    return tuple(VariableTerm(name) for name in columns), columns


def _python(call: str) -> str:
    return call.replace("^", "**")
