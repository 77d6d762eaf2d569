"""Every benchmark that compares, one after the other, and at the end their rows in one table (`make bench`)."""

import subprocess
import sys
from pathlib import Path

from pydantic import Field

from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings

HEAD = "| what, on what | ours, s | against | theirs, s | × | target |\n|---|---|---|---|---|---|"


class Arguments(Settings):
    """What there is to compare with, besides what is installed."""

    authors: Path | None = Field(default=None, description="a clone of LoreGoetschalckx/GANalyze, to run it as well")


def main(arguments: Arguments) -> None:
    theirs = ["--authors", str(arguments.authors)] if arguments.authors else []
    commands = [["training", *theirs], *([["images", *theirs]] if theirs else [])]
    commands += [["factors"], ["realness"], ["mixed_models"], ["report"]]
    rows, failed = [HEAD], []
    for name, *options in commands:
        print(f"\n{name}", flush=True)
        command = [sys.executable, "-u", str(Path(__file__).with_name(f"{name}.py")), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running:
            for line in running.stdout or ():
                print(line, end="", flush=True)
                rows += [line.rstrip()] if line.startswith("| ") else []
        failed += [name] if running.returncode else []
    print("", *rows, sep="\n")
    if failed:
        sys.exit(f"error: not measured, for the reasons above: {', '.join(failed)}")


if __name__ == "__main__":
    run_command(main)
