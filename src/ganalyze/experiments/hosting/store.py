"""Where the server keeps who has which track and what they answered: one SQLite file.

Every change is one transaction that is on the disk before the page hears of it (WAL, synchronous FULL), so a server
that is killed loses nothing it has confirmed. Participants are pseudonyms made by a keyed hash: the file holds no
identifier of Prolific, MTurk or JATOS, nor does it hold the tokens pages write with, only their hashes.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ganalyze.support.errors import GanalyzeError

_TABLES = """
CREATE TABLE IF NOT EXISTS study (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS participants (
    participant TEXT PRIMARY KEY, slot INTEGER NOT NULL UNIQUE, token TEXT UNIQUE, blocked TEXT, joined_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS series (
    participant TEXT NOT NULL REFERENCES participants, series INTEGER NOT NULL, track TEXT NOT NULL UNIQUE,
    started_at TEXT NOT NULL, finished_at TEXT, PRIMARY KEY (participant, series)
);
CREATE TABLE IF NOT EXISTS answers (
    participant TEXT NOT NULL, series INTEGER NOT NULL, trial_index INTEGER NOT NULL, answer TEXT NOT NULL,
    received_at TEXT NOT NULL, PRIMARY KEY (participant, series, trial_index),
    FOREIGN KEY (participant, series) REFERENCES series
);
"""


TrackOf = Callable[[int, int], str]  # (slot, series) → track


class Conflict(Exception):
    """A request that cannot be carried out as things stand. Its text is for the page."""


@dataclass(frozen=True)
class Standing:
    """Where a participant stands. status: ready (a series waits or is under way), blocked, done or full (no track is
    left). answered: trials of the series that are stored. token: what the page writes with."""

    status: str
    participant: str = ""
    slot: int = -1
    series: int = 0
    track: str = ""
    answered: int = 0
    token: str = ""


class Store:
    """All that is kept of an experiment. Safe to call from several threads; one process at a time."""

    def __init__(self, path: Path | str, experiment: str, tracks_hash: str, data_source: str):
        """Open or make the file. Raises GanalyzeError where it belongs to other tracks, or is no such file."""
        self._lock = threading.Lock()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        about = {"experiment": experiment, "tracks": tracks_hash, "data_source": data_source}
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._connection.row_factory = sqlite3.Row
            self._connection.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;" + _TABLES
            )
            with self._transaction() as db:
                db.executemany("INSERT OR IGNORE INTO study VALUES (?, ?)", about.items())
                kept = {row["name"]: row["value"] for row in db.execute("SELECT * FROM study")}
        except sqlite3.DatabaseError as error:
            raise GanalyzeError(f"{path} cannot be used as the experiment's database: {error}") from None
        for name, value in about.items():
            if kept[name] != value:
                raise GanalyzeError(
                    f"{path} was begun with {'other tracks' if name == 'tracks' else f'{name} {kept[name]}'}: "
                    "give another --database, or what it was begun with"
                )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def enter(
        self, participant: str, slots: int, series_of_a_slot: int, track_of: Callable[[int, int], str]
    ) -> Standing:
        """Let a participant in: their series under way, or else the next; a slot of their own on their first visit.

        track_of(slot, series) names the track. Each entry gives a new token and ends the one before, so that two
        windows cannot write side by side.
        """
        token = secrets.token_urlsafe(24)
        with self._transaction() as db:
            row = db.execute("SELECT * FROM participants WHERE participant = ?", [participant]).fetchone()
            if row is None:
                slot = db.execute("SELECT COALESCE(MAX(slot) + 1, 0) FROM participants").fetchone()[0]
                if slot >= slots:
                    return Standing("full")
                db.execute("INSERT INTO participants VALUES (?, ?, NULL, NULL, ?)", [participant, slot, _now()])
            else:
                slot = row["slot"]
                if row["blocked"]:
                    return Standing("blocked", participant)
            last = db.execute(
                "SELECT * FROM series WHERE participant = ? ORDER BY series DESC LIMIT 1", [participant]
            ).fetchone()
            if last is None or last["finished_at"]:
                series = 1 if last is None else last["series"] + 1
                if series > series_of_a_slot:
                    return Standing("done", participant)
                track = track_of(slot, series)
                db.execute("INSERT INTO series VALUES (?, ?, ?, ?, NULL)", [participant, series, track, _now()])
            else:
                series, track = last["series"], last["track"]
            db.execute("UPDATE participants SET token = ? WHERE participant = ?", [_hash(token), participant])
            return Standing("ready", participant, slot, series, track, _answered(db, participant, series), token)

    def joined(self) -> int:
        """How many participants have a slot."""
        with self._lock:
            return self._connection.execute("SELECT COUNT(*) FROM participants").fetchone()[0]

    def series_of(self, participant: str) -> list[Standing]:
        """The series that a participant has begun, in order."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT * FROM series JOIN participants USING (participant) WHERE participant = ? ORDER BY series",
                [participant],
            ).fetchall()
            return [
                Standing(
                    "ready",
                    participant,
                    row["slot"],
                    row["series"],
                    row["track"],
                    _answered(self._connection, participant, row["series"]),
                )
                for row in rows
            ]

    def holder(self, token: str) -> Standing | None:
        """Whose token this is, and their latest series; None for a token that is not, or no longer, valid."""
        with self._lock:
            row = self._connection.execute(
                "SELECT p.participant, p.slot, s.series, s.track FROM participants p JOIN series s USING (participant)"
                " WHERE p.token = ? ORDER BY s.series DESC LIMIT 1",
                [_hash(token)],
            ).fetchone()
            if row is None:
                return None
            answered = _answered(self._connection, row["participant"], row["series"])
        return Standing("ready", row["participant"], row["slot"], row["series"], row["track"], answered, token)

    def add(self, standing: Standing, answers: list[tuple[int, str]], trials: int) -> int:
        """Store answers, (trial_index, answer as JSON), of the series `standing` is in, which has `trials` trials.

        Returns how many are stored. All or nothing; what is stored already is taken again only if it is the same.

        Raises Conflict where an answer differs from the one stored, comes before those it should follow, or follows
        the series' end.
        """
        with self._transaction() as db:
            answered = _answered(db, standing.participant, standing.series)
            for index, answer in answers:
                if index < answered:
                    stored = db.execute(
                        "SELECT answer FROM answers WHERE participant = ? AND series = ? AND trial_index = ?",
                        [standing.participant, standing.series, index],
                    ).fetchone()
                    if stored["answer"] != answer:
                        raise Conflict(f"trial {index} is stored with another answer")
                elif index > answered or index >= trials:
                    raise Conflict(f"trial {index} cannot be stored: {answered} of {trials} trials are")
                else:
                    db.execute(
                        "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
                        [standing.participant, standing.series, index, answer, _now()],
                    )
                    answered += 1
        return answered

    def finish(self, standing: Standing, blocked: str | None) -> None:
        """Close the series. `blocked`: why the participant may not do another, if so."""
        with self._transaction() as db:
            db.execute(
                "UPDATE series SET finished_at = COALESCE(finished_at, ?) WHERE participant = ? AND series = ?",
                [_now(), standing.participant, standing.series],
            )
            if blocked:
                db.execute("UPDATE participants SET blocked = ? WHERE participant = ?", [blocked, standing.participant])

    def answers(self, participant: str | None = None, series: int | None = None) -> list[dict]:
        """The stored answers, of all or of one participant's series, each with participant and track."""
        query = "SELECT participant, track, answer FROM answers JOIN series USING (participant, series)"
        parameters = []
        if participant is not None:
            query, parameters = f"{query} WHERE participant = ? AND series = ?", [participant, series]
        with self._lock:
            rows = self._connection.execute(query, parameters).fetchall()
        return [{"participant": r["participant"], "track": r["track"], **json.loads(r["answer"])} for r in rows]


def _answered(db: sqlite3.Connection, participant: str, series: int) -> int:
    return db.execute(
        "SELECT COUNT(*) FROM answers WHERE participant = ? AND series = ?", [participant, series]
    ).fetchone()[0]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat()
