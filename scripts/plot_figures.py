"""Draw a figure from an image set's manifest, its images and its fitted model. Figures never recompute."""

import argparse
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_pdf import PdfPages

from ganalyze.errors import run_command, written_whole
from ganalyze.figures.scores import draw_scores
from ganalyze.figures.sequences import draw_catalogue, draw_sequences
from ganalyze.figures.style import plt, save
from ganalyze.image_sets import ImageReader, read_manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    scores = kinds.add_parser("scores", help="mean score per α (Figs. 3A, 8): OUTPUT.svg and .png")
    sequences = kinds.add_parser("sequences", help="images along α (Figs. 1, 4, 9): OUTPUT.svg and .png")
    catalogue = kinds.add_parser("catalogue", help="all seeds of one study: OUTPUT.pdf")
    for kind in (scores, sequences, catalogue):
        kind.add_argument("--manifests", type=Path, nargs="+", required=True, help="scored test sets, one a study")
        kind.add_argument("--labels", nargs="+", required=True, help="what each study's score is")
        kind.add_argument("--output", type=Path, required=True, help="without suffix")
    scores.add_argument("--models", type=Path, nargs="+", required=True, help="mixed_models.csv, one a study")
    sequences.add_argument("--rows", type=int, default=6, help="sequences a study; default: %(default)s")
    arguments = parser.parse_args()
    counts = {len(arguments.manifests), len(arguments.labels), len(getattr(arguments, "models", arguments.labels))}
    if len(counts) > 1:
        parser.error("give one label (and one model) for each manifest")

    # Studies are told apart by their label.
    manifests = dict(zip(arguments.labels, map(read_manifest, arguments.manifests), strict=True))
    with ExitStack() as stack:
        folders = [path.parent for path in arguments.manifests]
        readers = {
            label: stack.enter_context(ImageReader(f)) for label, f in zip(arguments.labels, folders, strict=True)
        }
        if arguments.kind == "scores":
            models = dict(zip(arguments.labels, map(pd.read_csv, arguments.models), strict=True))
            save(draw_scores(manifests, models), arguments.output)
        elif arguments.kind == "sequences":
            save(draw_sequences(manifests, readers, arguments.rows), arguments.output)
        else:
            ((label, manifest),) = manifests.items()
            with (
                written_whole(arguments.output.with_suffix(".pdf")) as temporary,
                PdfPages(temporary, metadata={"CreationDate": None}) as pages,
            ):
                for figure in draw_catalogue(manifest, readers[label], label):
                    pages.savefig(figure, dpi=150)
                    plt.close(figure)


if __name__ == "__main__":
    run_command(main)
