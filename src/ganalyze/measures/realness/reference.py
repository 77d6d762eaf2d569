"""What is real: which images a test set is measured against (paper §3.3.1)."""

from pathlib import Path

import pandas as pd
from timm.data import ImageNetInfo

from ganalyze.images.image_sets import ImageSet, read_manifest
from ganalyze.images.reading import images_in
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream

GENERATED = (
    "The reference is generated: distances to it tell how far images move from unmodified ones, not from photographs."
)
MIN_IMAGES = 20  # two images for each of the Inception Score's ten splits


def find_reference(source: Path, test: pd.DataFrame, per_class: int, seed: int) -> tuple[ImageSet, str, str]:
    """The reference images for a test set's manifest, what to call them, and a caution.

    source: the manifest (.csv) of an image set made without any change (alpha 0) from other z vectors, or a folder of
    photographs with a subfolder for each class, named by its class_name or ImageNet synset; `per_class` of each are
    drawn. Only classes of the test set are taken.

    Raises GanalyzeError where it is missing, shares images with the test set, or lacks a class or enough images.
    """
    classes = test.drop_duplicates("class_id").sort_values("class_id")[["class_id", "class_name"]]
    if source.is_dir():
        files = _draw_photographs(source, classes, per_class, seed)
        photographs = ImageSet(pd.DataFrame({"image_id": files, "file": files}), source, "reference")
        found = photographs, f"photographs of {Path(*source.parts[-2:])}", ""
    elif source.suffix == ".csv":
        unmodified = _unmodified(source, test, set(classes.class_id))
        found = ImageSet(unmodified, source.parent, "reference"), "unmodified samples of the generator", GENERATED
    else:
        raise GanalyzeError(
            f"reference {source} not found: give a folder of photographs with one subfolder a class "
            "(ImageNet's train or val), or the manifest (.csv) of a generated set"
        )
    if len(found[0]) < MIN_IMAGES:
        raise GanalyzeError(
            f"reference {source} has {len(found[0])} image(s): {MIN_IMAGES} are needed, thousands better"
        )
    return found


def _draw_photographs(folder: Path, classes: pd.DataFrame, per_class: int, seed: int) -> list[str]:
    """`per_class` photographs of each class, drawn at random; the same whichever other classes there are."""
    present = {path.name for path in folder.iterdir() if path.is_dir()}
    if not present:
        raise GanalyzeError(
            f"reference {folder} has no subfolders: photographs must lie in one subfolder a class, "
            "named by synset as ImageNet's train (n01440764) or by class_name"
        )
    synsets = dict(enumerate(ImageNetInfo("imagenet-1k").label_names()))
    names = {row.class_id: {str(row.class_name), synsets.get(row.class_id)} & present for row in classes.itertuples()}
    lacking = [class_id for class_id, found in names.items() if not found]
    if lacking:
        first = f"{synsets.get(lacking[0], 'class')} ({classes.set_index('class_id').class_name[lacking[0]]})"
        raise GanalyzeError(
            f"reference {folder} lacks {len(lacking)} of the test set's {len(names)} class(es), "
            f"first {first}: complete the folder"
        )
    drawn = []
    for class_id, found in names.items():
        name = min(filter(None, found))
        files = sorted(images_in(folder / name).values())
        if len(files) < per_class:
            raise GanalyzeError(
                f"reference {folder / name} has {len(files)} photograph(s), {per_class} "
                "a class are asked for: complete it or ask for fewer"
            )
        rng = stream(seed, "reference", int(class_id))
        drawn += [f"{name}/{files[i]}" for i in sorted(rng.permutation(len(files))[:per_class])]
    return drawn


def _unmodified(path: Path, manifest: pd.DataFrame, classes: set[int]) -> pd.DataFrame:
    """The images of a generated reference set, at alpha 0 and of the test set's classes."""
    reference = read_manifest(path)
    need_columns(reference, path)
    if shared := set(reference.image_id) & set(manifest.image_id):
        raise GanalyzeError(
            f"reference {path} shares {len(shared)} image(s) with the test set, first {min(shared)}: "
            "generate a set of another name"
        )
    reference = reference[(reference.alpha == 0) & reference.class_id.isin(classes)].sort_values("image_id")
    if lacking := classes - set(reference.class_id):
        raise GanalyzeError(
            f"reference {path} lacks {len(lacking)} of the test set's {len(classes)} class(es) at "
            f"alpha 0, first class_id {min(lacking)}: generate it with all classes"
        )
    return reference


def need_columns(manifest: pd.DataFrame, path: Path) -> None:
    """Raise GanalyzeError where a manifest does not say which seed, class and alpha its images are of."""
    if missing := [name for name in ("seed_id", "class_id", "class_name", "alpha") if name not in manifest]:
        raise GanalyzeError(f"manifest {path} lacks the column(s) {', '.join(missing)}")
