"""What a checkpoint's fingerprint covers: what can change a result, and nothing that is only said beside it."""

import ast

import pytest

from ganalyze.direction import checkpoints
from ganalyze.direction.checkpoints import fingerprint, syntax
from ganalyze.direction.settings import Training, TransformerSettings
from tests import REPOSITORY

CODE = '''"""What the module is for."""

class Gain:
    """An assessor's helper."""

    value = 1
    """By how much."""

    def of(self, x):
        """Times x."""
        return self.value * x  # no unit
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # no unit", "  # in units of its own"),
        ("Times x.", "As often as it says."),
        ('        """Times x."""\n', ""),
        ("What the module is for.", "Another purpose."),
        ("An assessor's helper.", "Helps."),
        ("By how much.", "How often."),
        ("value = 1", "value = (\n        1\n    )"),
    ],
)
def test_words_and_layout_are_no_part_of_the_syntax(old, new):
    assert old in CODE
    assert syntax(CODE.replace(old, new).encode()) == syntax(CODE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [("value = 1", "value = 2"), ("self.value * x", "x * self.value"), ("return ", ""), ("def of", "def on")],
)
def test_code_is(old, new):
    assert syntax(CODE.replace(old, new).encode()) != syntax(CODE.encode())


@pytest.mark.parametrize("room", ["direction", "models", "support"])
def test_the_librarys_own_code_has_the_same_syntax_written_anew_without_comments(room):
    for path in (REPOSITORY / "src/ganalyze" / room).rglob("*.py"):
        source = path.read_bytes()
        assert syntax(ast.unparse(ast.parse(source)).encode()) == syntax(source), path


def test_versions_of_the_packages_are_in_the_fingerprint(monkeypatch):
    training = Training(samples=40, batch_size=4, learning_rate=0.05, alpha_max=0.5)
    before = fingerprint(training, TransformerSettings(), seed=1)
    assert fingerprint(training, TransformerSettings(), seed=1) == before
    versions = {"torch": "1.0"}
    monkeypatch.setattr(checkpoints, "version", lambda package: versions.get(package, "2.0"))
    old = fingerprint(training, TransformerSettings(), seed=1)
    assert old != before
    versions["torch"] = "1.1"
    assert fingerprint(training, TransformerSettings(), seed=1) != old
