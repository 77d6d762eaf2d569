"""`ganalyze COMMAND …` is `python scripts/COMMAND.py …`, wherever the library is installed. What `ganalyze` alone says
needs none of the libraries that the commands need, which take seconds to import."""

import argparse
import ast
import re
import sys
import textwrap
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import shtab

from ganalyze.support.files import own_file

SHORT = {"train": "train-direction"}  # what a word means that several commands begin with


def main() -> None:
    """Run the command that the command line names."""
    scripts = _scripts()
    parser = _parser(scripts)
    words = sys.argv[1:]
    if not words:
        parser.error("which command? ganalyze --help lists them")
    if words[0].startswith("-"):
        parser.parse_args(words)
    name = _chosen(words[0].replace("_", "-"), scripts, parser)
    sys.argv = [f"ganalyze {name}", *words[1:]]
    try:
        _run(scripts[name])
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("ganalyze"):
            raise
        extra = "workflow" if error.name == "rocrate" else "experiments"
        sys.exit(f"error: {name} needs {error.name}: install ganalyze[{extra}]")


def _run(script: Path) -> None:
    """Run a script as the program itself."""
    spec = spec_from_file_location("__main__", script)
    assert spec
    assert spec.loader
    sys.modules["__main__"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


def _scripts() -> dict[str, Path]:
    return {path.stem.replace("_", "-"): path for path in sorted(own_file("scripts").glob("[a-z]*.py"))}


def _chosen(word: str, scripts: dict[str, Path], parser: argparse.ArgumentParser) -> str:
    """The command that a word names or begins."""
    if (name := SHORT.get(word, word)) in scripts:
        return name
    begun = [name for name in scripts if name.startswith(word)]
    if len(begun) != 1:
        parser.error(f"{word}: {'which of ' + ', '.join(begun) if begun else 'no command: ganalyze --help lists them'}")
    return begun[0]


def _parser(scripts: dict[str, Path]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "ganalyze",
        description="Each command tells its options by --help. A command's name may be cut short; train is "
        f"{SHORT['train']}.",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=32, width=124),
    )
    parser.add_argument("--version", action="version", version=f"ganalyze {version('ganalyze')}")
    shtab.add_argument_to(parser, help="print what completes commands in a shell")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, path in scripts.items():
        line = _first_sentence(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
        command = commands.add_parser(name, help=line.replace("%", "%%"), add_help=False)
        command.add_argument("words", nargs="*").complete = shtab.FILE  # type: ignore[attr-defined]
    return parser


def _first_sentence(text: str) -> str:
    """In one line, as far as a colon."""
    first = re.split(r"\.\s+(?=[A-Z][a-z])|:\s|\.?\n\n|\.$", text)[0]
    return textwrap.shorten(first, 92, placeholder=" …")
