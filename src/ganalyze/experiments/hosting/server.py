"""The server of one experiment: gives participants their tracks and takes their answers, trial by trial.

    GET  /                  the page, built by npm (page/dist)
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
import re
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ganalyze.experiments.hosting.hosted import AnswersRequest, FinishRequest, HostedExperiment, Message, SessionRequest
from ganalyze.experiments.hosting.settings import Settings
from ganalyze.experiments.hosting.store import Conflict
from ganalyze.support.errors import GanalyzeError

M = TypeVar("M", bound=Message)
MAX_BODY = 256 * 1024  # bytes; the answers of a whole series are 40 kB


def build_app(experiment: HostedExperiment, page: Path) -> Starlette:
    """The ASGI application. page: the folder that npm built. Raises GanalyzeError where it is not built."""
    if not (page / "index.html").is_file():
        raise GanalyzeError(f"{page} has no built page: run make page")
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
        message = await _body(request, SessionRequest)
        return JSONResponse(await run_in_threadpool(experiment.enter, message))

    def with_token(model: type[Message], action: Callable) -> Callable:
        async def endpoint(request: Request) -> Response:
            token = _bearer(request)
            message = await _body(request, model)

            def carry_out() -> dict:
                standing = experiment.store.holder(token)
                if standing is None:
                    raise HTTPException(401, "this session has ended, or goes on in another window")
                return action(standing, message)

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


async def _body(request: Request, model: type[M]) -> M:
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
    reason = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": reason}, status, headers=getattr(error, "headers", None))


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
        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
