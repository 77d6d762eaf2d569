"""What rows of a trial table say of each other: checks of every experiment. Each yields a row and what is wrong there.

table: the trials, by their line in the file. images: the manifests of all that may have been shown.
"""

from collections.abc import Iterator

import pandas as pd

Fault = tuple[int, str]


def one_source(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """All rows are of people, or all are simulated."""
    first = table.data_source.iloc[0]
    for row, source in table.data_source[table.data_source != first].items():
        yield row, f"column data_source: {source}, but row {table.index[0]} is {first}: one table holds one kind"


def once(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """A trial is there once."""
    for row, trial in table[table.duplicated(["participant", "series", "trial_index"])].iterrows():
        yield (
            row,
            (
                f"column trial_index: trial {trial.trial_index} of {trial.participant}'s series {trial.series} "
                "is there twice"
            ),
        )


def one_track(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """A series is of one track."""
    first = table.groupby(["participant", "series"]).track.transform("first")
    for row, trial in table[table.track != first].iterrows():
        yield row, f"column track: {trial.track}, but {trial.participant}'s series {trial.series} began as {first[row]}"


def images_as_made(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """An image is in a manifest, with the seed, class and alpha that it has there."""
    made = images.set_index("image_id").reindex(table.image_id)
    made.index = table.index
    known = made.seed_id.notna()
    for row, name in table.image_id[~known].items():
        yield row, f"column image_id: {name} is in no manifest of this study"
    for column in ("seed_id", "class_id", "alpha"):
        differs = known & ((table[column].astype(float) - made[column].astype(float)).abs() > 1e-9)
        for row in table.index[differs]:
            image, right = table.at[row, "image_id"], made.at[row, column]
            yield row, f"column {column}: got {table.at[row, column]}, {image} has {right:g}"


def one_clone_of_a_seed(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """Paper §3.4: no worker sees two clones of one seed, over all their series; nor one of them in two series."""
    of_set = table.image_id.map(images.set_index("image_id").set)
    seen: dict[tuple, tuple[str, int, int]] = {}
    for row, trial, name in zip(table.index, table.itertuples(), of_set, strict=True):
        if pd.isna(name):  # an unknown image, said elsewhere
            continue
        seed = trial.participant, name, trial.seed_id
        earlier, series, where = seen.setdefault(seed, (trial.image_id, trial.series, row))
        if earlier != trial.image_id:
            yield row, f"column image_id: {seed[0]} also saw {earlier} (row {where}), another clone of the same seed"
        elif series != trial.series:
            yield row, f"column image_id: {seed[0]} also saw {earlier} in series {series} (row {where})"


def answered(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[Fault]:
    """There is a response time where there was a response, and none where there was none."""
    responded = table.response.isin((1, "left", "right"))
    for row in table.index[responded & table.rt_ms.isna()]:
        yield row, "column rt_ms: got nothing, but there was a response"
    for row in table.index[~responded & table.rt_ms.notna()]:
        yield row, f"column rt_ms: got {table.at[row, 'rt_ms']:g}, but there was no response"


CHECKS = (one_source, once, one_track, images_as_made, one_clone_of_a_seed, answered)
