"""The server of one experiment: gives participants their tracks and takes their answers, trial by trial.

    GET  /                  the page, built by npm (experiments/dist)
    GET  /api/study         its words and durations
    GET  /api/preview       a track to try, of which nothing is stored
    POST /api/session       {"platform", "identifier"} → where the participant stands, their trials and a token
    POST /api/answers       {"series", "answers": [Answer, …]} with the token → how many are stored
    POST /api/finish        {"series"} with the token → completion code, and whether there is more to do
    GET  /images/<name>.png
    GET  /export/<file>     trials.csv, timing.csv, psych-ds.zip; with the export token

Requests may be repeated: the same answer again changes nothing, another answer is refused.
"""

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ganalyze.errors import GanalyzeError
from ganalyze.experiments import psych_ds
from ganalyze.experiments.answers import Answer, timing_table, trial_table
from ganalyze.experiments.exclusions import judge_series
from ganalyze.experiments.settings import Settings, load_settings
from ganalyze.experiments.stimuli import Stimuli, for_page, read_tracks
from ganalyze.experiments.store import Conflict, Secrets, Standing, Store

MAX_BODY = 256 * 1024  # bytes; the answers of a whole series are 40 kB
MAX_ANSWERS = 500  # in one request


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SessionRequest(_Request):
    platform: Literal["prolific", "mturk", "jatos", "link"]
    identifier: str = Field(pattern=r"^[A-Za-z0-9_-]{4,128}$")


class AnswersRequest(_Request):
    series: int = Field(ge=1, le=1000)
    answers: list[Answer] = Field(min_length=1, max_length=MAX_ANSWERS)


class FinishRequest(_Request):
    series: int = Field(ge=1, le=1000)


@dataclass
class Experiment:
    """All that the server knows: what is shown, where answers go, and what each participant may do."""

    settings: Settings
    tracks: pd.DataFrame
    stimuli: Stimuli
    store: Store
    secrets: Secrets
    data_source: str

    def __post_init__(self) -> None:
        self.trials = dict(iter(self.tracks.groupby("track")))
        names = self.tracks.drop_duplicates("track")
        self.track_of = {(r.slot, r.series): r.track for r in names.itertuples()}
        self.slots = int(self.tracks.slot.max()) + 1
        self.series = min(self.settings.series_allowed, int(self.tracks.series.max()))

    def enter(self, asked: SessionRequest) -> dict:
        participant = self.secrets.pseudonym(asked.platform, asked.identifier)
        standing = self.store.enter(participant, self.slots, self.series, lambda *key: self.track_of[key])
        if standing.status != "ready":
            return {"status": standing.status}
        return {
            "status": "ready",
            "token": standing.token,
            "series": standing.series,
            "answered": standing.answered,
            "trials": for_page(self.trials[standing.track], self.stimuli),
        }

    def preview(self) -> dict:
        track = self.track_of[self.slots - 1, 1]
        return {"status": "ready", "series": 1, "answered": 0, "trials": for_page(self.trials[track], self.stimuli)}

    def add(self, who: Standing, asked: AnswersRequest) -> dict:
        self._check_series(who, asked.series)
        if any(not answer.fits(self.settings.experiment) for answer in asked.answers):
            raise HTTPException(422, "a response of another experiment")
        answers = [(a.trial_index, json.dumps(a.model_dump(mode="json"))) for a in asked.answers]
        return {"answered": self.store.add(who, answers, len(self.trials[who.track]))}

    def finish(self, who: Standing, asked: FinishRequest) -> dict:
        self._check_series(who, asked.series)
        if who.answered < len(self.trials[who.track]):
            raise Conflict(
                f"the series is not finished: {who.answered} of {len(self.trials[who.track])} trials are stored"
            )
        table = trial_table(self.store.answers(who.participant, who.series), self.trials[who.track], self.data_source)
        judged = judge_series(table, self.settings.experiment).iloc[0]
        self.store.finish(who, None if judged.kept else judged.reason)
        code = self.settings.completion_code or self.secrets.completion_code(who.participant, who.series)
        url = self.settings.return_url
        return {
            "passed": bool(judged.kept),
            "more": bool(judged.kept) and who.series < self.series,
            "code": code,
            "return_url": url.replace("{code}", code) if url else None,
        }

    def export(self, name: str) -> tuple[bytes, str] | None:
        answers = self.store.answers()
        if name == "trials.csv":
            return psych_ds.as_csv(trial_table(answers, self.tracks, self.data_source)), "text/csv"
        if name == "timing.csv":
            return psych_ds.as_csv(timing_table(answers, self.tracks)), "text/csv"
        if name == "psych-ds.zip":
            trials = trial_table(answers, self.tracks, self.data_source)
            timing = timing_table(answers, self.tracks)
            return psych_ds.as_zip(psych_ds.folder(trials, timing, self.settings)), "application/zip"
        return None

    @staticmethod
    def _check_series(who: Standing, series: int) -> None:
        if series != who.series:
            raise Conflict(f"series {series} is not the one under way")


def open_experiment(
    settings_file: Path, tracks_file: Path, manifests: list[Path], database: Path, simulated: bool = False
) -> Experiment:
    """An experiment from its files. The database, and the keys beside it, are made on first use.

    Raises GanalyzeError where a file cannot be read, or they do not fit together.
    """
    settings = load_settings(settings_file)
    tracks, tracks_hash = read_tracks(tracks_file)
    if tracks.fake_side.notna().all() != (settings.experiment == "two_afc"):
        raise GanalyzeError(f"{tracks_file} does not hold tracks of the experiment {settings.experiment}")
    secrets = Secrets.load(database.with_suffix(".secrets.json"))
    stimuli = Stimuli(manifests, secrets.identifiers)
    stimuli.check_has(tracks)
    data_source = "simulated" if simulated else "human"
    store = Store(database, settings.experiment, tracks_hash, data_source)
    return Experiment(settings, tracks, stimuli, store, secrets, data_source)


def build_app(experiment: Experiment, page: Path) -> Starlette:
    """The ASGI application. page: the folder that npm built. Raises GanalyzeError where it is not built."""
    if not (page / "index.html").is_file():
        raise GanalyzeError(f"{page} has no built page: run make experiments")
    files = {path.relative_to(page).as_posix(): path for path in page.rglob("*") if path.is_file()}

    async def serve_page(request: Request) -> Response:
        # Only files that were there at the start are served, by their exact names: there is no path to climb.
        path = files.get(request.path_params.get("path") or "index.html")
        if path is None:
            raise HTTPException(404, "not found")
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def image(request: Request) -> Response:
        data = await run_in_threadpool(experiment.stimuli.read, request.path_params["name"])
        if data is None:
            raise HTTPException(404, "not found")
        return Response(data, media_type="image/png", headers={"Cache-Control": "public, max-age=31536000, immutable"})

    async def study(request: Request) -> Response:
        return JSONResponse(experiment.settings.for_page() | {"data_source": experiment.data_source})

    async def preview(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(experiment.preview))

    async def session(request: Request) -> Response:
        asked = await _body(request, SessionRequest)
        return JSONResponse(await run_in_threadpool(experiment.enter, asked))

    def with_token(model: type[_Request], action: Callable) -> Callable:
        async def endpoint(request: Request) -> Response:
            token = _bearer(request)
            asked = await _body(request, model)

            def carry_out() -> dict:
                who = experiment.store.holder(token)
                if who is None:
                    raise HTTPException(401, "this session has ended, or goes on in another window")
                return action(who, asked)

            return JSONResponse(await run_in_threadpool(carry_out))

        return endpoint

    async def export(request: Request) -> Response:
        if not hmac.compare_digest(_bearer(request).encode(), experiment.secrets.exports.encode()):
            raise HTTPException(401, "the export token is wrong")
        made = await run_in_threadpool(experiment.export, request.path_params["name"])
        if made is None:
            raise HTTPException(404, "not found")
        return Response(made[0], media_type=made[1])

    routes = [
        Route("/api/study", study),
        Route("/api/preview", preview),
        Route("/api/session", session, methods=["POST"]),
        Route("/api/answers", with_token(AnswersRequest, experiment.add), methods=["POST"]),
        Route("/api/finish", with_token(FinishRequest, experiment.finish), methods=["POST"]),
        Route("/images/{name}.png", image),
        Route("/export/{name}", export),
        Route("/", serve_page),
        Route("/{path:path}", serve_page),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_SecurityHeaders, settings=experiment.settings)],
        exception_handlers={HTTPException: _refused, Conflict: _refused, 500: _failed},
    )


async def _body(request: Request, model: type[_Request]) -> _Request:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise HTTPException(415, "the body must be application/json")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAX_BODY:
            raise HTTPException(413, f"the body is larger than {MAX_BODY} bytes")
    try:
        return model.model_validate_json(bytes(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise HTTPException(422, f"{place}: {first['msg']}" if place else first["msg"]) from None


def _bearer(request: Request) -> str:
    token = re.fullmatch(r"Bearer ([A-Za-z0-9_-]{1,128})", request.headers.get("authorization", ""))
    if token is None:
        raise HTTPException(401, "a token is needed")
    return token[1]


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 409
    told = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": told}, status, headers=getattr(error, "headers", None))


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the server failed; please try again"}, 500)


class _SecurityHeaders:
    """Headers on every response: nothing from elsewhere, no guessing, no foreign frames, no caching of answers."""

    def __init__(self, app: ASGIApp, settings: Settings):
        self._app = app
        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            # jsPsych sets a few style attributes; style sheets come from here alone.
            "style-src": "'self'",
            "style-src-attr": "'unsafe-inline'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": " ".join(("'self'", *settings.mturk_hosts)),
            "frame-ancestors": " ".join(settings.frame_ancestors) or "'none'",
        }
        self._headers = {
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(), fullscreen=(self)",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            # With the two above, clocks are as fine as the browser can make them.
            "Cross-Origin-Embedder-Policy": "require-corp",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: dict) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                headers = dict(self._headers)
                if b"cache-control" not in present:
                    headers["Cache-Control"] = "no-store"
                message["headers"] = [
                    *message["headers"],
                    *((k.lower().encode(), v.encode()) for k, v in headers.items()),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
