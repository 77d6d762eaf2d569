"""A script's command line and its settings: one comes from the other, and back."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import Field

from ganalyze.images.reading import decode
from ganalyze.support.arguments import parse
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Count, Floats, Options, Positive, Range, Settings, command_line


class Training(Settings):
    """How it is learnt."""

    samples: Positive = Field(description="z vectors seen in all")
    learning_rate: float = Field(default=0.1, gt=0, le=10, description="of Adam")
    lags: Range = Field(default=(34, 139), description="least and most")
    gradients: Literal["zeroed", "accumulated"] = "zeroed"
    fast: bool = False
    fillers: Count | None = None


class Arguments(Settings):
    """All that the script needs."""

    name: str
    training: Training
    alphas: Floats = (0.0,)
    options: Options = Field(default={})
    files: tuple[Path, ...] = ()


finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(lambda text: text[0] != "-")
trainings = st.builds(
    Training,
    samples=st.integers(1, 10**9),
    learning_rate=st.floats(1e-12, 10),
    lags=st.tuples(st.integers(0, 999), st.integers(0, 999)),
    gradients=st.sampled_from(["zeroed", "accumulated"]),
    fast=st.booleans(),
    fillers=st.none() | st.integers(0, 99),
)
option_values = st.booleans() | st.integers() | finite | st.lists(st.integers(), max_size=3)
everything = st.builds(
    Arguments,
    name=words,
    training=trainings,
    alphas=st.lists(finite, min_size=1, max_size=5).map(tuple),
    options=st.dictionaries(st.from_regex(r"[a-z][a-z_]*", fullmatch=True), option_values, max_size=3),
    files=st.lists(words.map(Path), max_size=3).map(tuple),
)


@given(everything)
def test_settings_written_as_a_command_line_are_read_back_the_same(arguments):
    assert parse(Arguments, "", shlex.split(command_line(arguments))) == arguments


def test_what_is_at_its_default_is_not_written():
    assert command_line(Training(samples=3)) == "--samples 3"
    assert command_line(Training(samples=3, lags=(1, 2), fast=True)) == "--samples 3 --lags 1 2 --fast"


def test_several_groups_make_one_command_line():
    assert command_line(Training(samples=3), Training(samples=4)) == "--samples 3 --samples 4"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--name a --samples 0", "arguments: training.samples: got 0, input should be greater than 0"),
        ("--name a --samples 3 --learning-rate 11", "training.learning_rate: got 11.0"),
        ("--name a --samples 0 --fillers -1", "training.samples: got 0.*training.fillers: got -1"),
    ],
)
def test_a_value_that_is_not_allowed_is_told_with_its_name(given, message):
    with pytest.raises(GanalyzeError, match=message):
        parse(Arguments, "", shlex.split(given))


@pytest.mark.parametrize("given", ["--samples 3", "--name a --samples three", "--name a --samples 3 --sample 4"])
def test_words_that_are_no_options_end_with_the_usage(given, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(Arguments, "", shlex.split(given))
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_the_usage_says_what_each_option_is_and_its_default(capsys):
    with pytest.raises(SystemExit):
        parse(Arguments, "What the script does.", ["--help"])
    usage = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in (
        "What the script does.",
        "How it is learnt.",
        "z vectors seen in all (required)",
        "(default: 34 139)",
    ):
        assert words in usage


def test_a_script_tells_in_one_line_what_the_user_can_put_right(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from ganalyze.support.arguments import run_command\n"
        "from ganalyze.support.settings import Positive, Settings\n"
        "class Arguments(Settings):\n    count: Positive\n"
        "def main(arguments: Arguments) -> None:\n    open('/nowhere/at/all')\n"
        "run_command(main)\n"
    )
    for words, line in (
        (["--count", "0"], "error: arguments: count: got 0, input should be greater than 0\n"),
        (["--count", "1"], "error: file not found (/nowhere/at/all)\n"),
    ):
        done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, line)


def test_what_pillow_warns_of_while_it_reads_a_photograph_is_not_told(tmp_path):
    photograph = tmp_path / "cut.jpg"
    cut_short = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12"  # two entries, of which the first breaks off
    Image.new("RGB", (8, 8)).save(photograph, exif=cut_short)
    script = tmp_path / "read.py"
    script.write_text(
        "from pathlib import Path\n"
        "from ganalyze.images.reading import decode\n"
        "from ganalyze.support.arguments import run_command\n"
        "from ganalyze.support.settings import Settings\n"
        "class Arguments(Settings):\n    photograph: Path\n"
        "def main(arguments: Arguments) -> None:\n"
        "    print(decode(arguments.photograph.read_bytes(), 'cut.jpg').shape)\n"
        "run_command(main)\n"
    )
    done = subprocess.run([sys.executable, script, "--photograph", photograph], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(8, 8, 3)\n", "")
    with pytest.warns(UserWarning, match="EXIF"):  # outside of a command Pillow's warnings are anybody's
        decode(photograph.read_bytes(), "cut.jpg")
