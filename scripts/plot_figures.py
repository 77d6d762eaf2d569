"""Draw a figure from tables and stored images. Figures never recompute."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ganalyze.figures.alignment import draw_alignment
from ganalyze.figures.factors import draw_factors
from ganalyze.figures.masks import draw_masks
from ganalyze.figures.power import draw_power
from ganalyze.figures.rates import NAMES, draw_rates
from ganalyze.figures.realness import draw_realness
from ganalyze.figures.scores import draw_scores
from ganalyze.figures.sequences import draw_catalogue, draw_comparison, draw_sequences
from ganalyze.figures.style import save, save_pages
from ganalyze.images.image_sets import read_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.support.errors import GanalyzeError, run_command
from ganalyze.support.tables import read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    several = argparse.ArgumentParser(add_help=False)
    several.add_argument("--manifests", type=Path, nargs="+", required=True, help="scored test sets, one a study")
    several.add_argument("--labels", nargs="+", required=True, help="what each study's score is")
    one = argparse.ArgumentParser(add_help=False)
    one.add_argument("--manifest", type=Path, required=True, help="which images")

    scores = kinds.add_parser("scores", parents=[several], help="mean score per α (Figs. 3A, 8)")
    scores.add_argument("--models", type=Path, nargs="+", required=True, help="mixed_models.csv, one a study")
    sequences = kinds.add_parser("sequences", parents=[several], help="images along α (Figs. 1, 4, 9)")
    sequences.add_argument("--rows", type=int, default=6, help="sequences a study; default: %(default)s")
    kinds.add_parser("comparison", parents=[several], help="one seed along each direction (Fig. 10)")
    kinds.add_parser("catalogue", parents=[several], help="all seeds of one study: OUTPUT.pdf")
    factors = kinds.add_parser("factors", parents=[one], help="factors per α (Fig. 3B)")
    factors.add_argument("--factors", type=Path, required=True, help="factors.csv of the same images")
    realness = kinds.add_parser("realness", help="realness per α (Fig. 5A)")
    realness.add_argument("--realness", type=Path, required=True, help="realness.csv")
    rates = kinds.add_parser("rates", help="what people did at every α (Figs. 5B, 7)")
    rates.add_argument("--experiment", required=True, choices=NAMES)
    rates.add_argument("--rates", type=Path, required=True, help="<experiment>.by_alpha.csv")
    rates.add_argument("--model", type=Path, required=True, help="<experiment>.models.csv")
    power = kinds.add_parser("power", help="how many participants a memory game needs")
    power.add_argument("--power", type=Path, required=True, help="power.csv")
    alignment = kinds.add_parser("alignment", help="how alike the directions are")
    alignment.add_argument("--alignment", type=Path, required=True, help="alignment.csv")
    kinds.add_parser("masks", parents=[one], help="contact sheet of held-out subject masks")
    for kind in kinds.choices.values():
        kind.add_argument("--output", type=Path, required=True, help="without suffix: .svg and .png are written")
    arguments = parser.parse_args()

    if arguments.kind in ("scores", "sequences", "comparison", "catalogue"):
        draw_studies(arguments)
    elif arguments.kind == "factors":
        save(draw_factors(read_table(arguments.factors), read_manifest(arguments.manifest)), arguments.output)
    elif arguments.kind == "realness":
        save(draw_realness(read_table(arguments.realness)), arguments.output)
    elif arguments.kind == "rates":
        rates, model = read_table(arguments.rates), read_table(arguments.model)
        save(draw_rates(rates, model, arguments.experiment), arguments.output)
    elif arguments.kind == "power":
        save(draw_power(read_table(arguments.power)), arguments.output)
    elif arguments.kind == "alignment":
        save(draw_alignment(read_table(arguments.alignment)), arguments.output)
    else:
        with ImageReader(arguments.manifest.parent) as reader:
            save(draw_masks(read_manifest(arguments.manifest), reader), arguments.output)


def draw_studies(arguments: argparse.Namespace) -> None:
    counts = {len(arguments.manifests), len(arguments.labels), len(getattr(arguments, "models", arguments.labels))}
    if len(counts) > 1:
        raise GanalyzeError("give one label (and one model) for each manifest")
    # Studies are told apart by their label.
    manifests = dict(zip(arguments.labels, map(read_manifest, arguments.manifests), strict=True))
    if arguments.kind == "scores":
        models = dict(zip(arguments.labels, map(read_table, arguments.models), strict=True))
        save(draw_scores(manifests, models), arguments.output)
        return
    with image_readers(arguments) as readers:
        if arguments.kind == "sequences":
            save(draw_sequences(manifests, readers, arguments.rows), arguments.output)
        elif arguments.kind == "comparison":
            save(draw_comparison(manifests, readers), arguments.output)
        else:
            ((label, manifest),) = manifests.items()
            pages = draw_catalogue(manifest, readers[label], label)
            save_pages(pages, arguments.output.with_suffix(".pdf"))


@contextmanager
def image_readers(arguments: argparse.Namespace) -> Iterator[dict[str, ImageReader]]:
    with ExitStack() as stack:
        yield {
            label: stack.enter_context(ImageReader(path.parent))
            for label, path in zip(arguments.labels, arguments.manifests, strict=True)
        }


if __name__ == "__main__":
    run_command(main)
