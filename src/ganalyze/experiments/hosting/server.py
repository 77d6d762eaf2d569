"""The server of one experiment: gives participants their tracks and takes their answers, trial by trial.

    GET  /                  the page, built by npm (page/dist)
    GET  /api/study         its words and durations
    GET  /api/preview       a track to try, of which nothing is stored
    POST /api/arrival       {"platform", "identifier"} → a finished series to hand in, and whether all places are taken
    POST /api/session       {"platform", "identifier"} → where the participant stands, their trials and a token
    POST /api/answers       {"series", "answers": [Answer, …]} with the token → how many are stored
    POST /api/finish        {"series"} with the token → completion code, and whether there is more to do
    GET  /images/<name>.png
    GET  /export/<file>     trials.csv, timing.csv, psych-ds.zip; with the export token

Requests may be repeated: the same answer again changes nothing, another answer is refused.
"""

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ganalyze.experiments.hosting.hosted import AnswersRequest, FinishRequest, HostedExperiment, Message, SessionRequest
from ganalyze.experiments.hosting.store import Conflict
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.web import SecurityHeaders, bearer, failed, need_token, read_json, refused

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

    async def arrival(request: Request) -> Response:
        message = await read_json(request, SessionRequest, MAX_BODY)
        return JSONResponse(await run_in_threadpool(experiment.arrive, message))

    async def session(request: Request) -> Response:
        message = await read_json(request, SessionRequest, MAX_BODY)
        return JSONResponse(await run_in_threadpool(experiment.enter, message))

    def with_token(model: type[Message], action: Callable) -> Callable:
        async def endpoint(request: Request) -> Response:
            token = bearer(request)
            message = await read_json(request, model, MAX_BODY)

            def carry_out() -> dict:
                standing = experiment.store.holder(token)
                if standing is None:
                    raise HTTPException(401, "this session has ended, or goes on in another window")
                return action(standing, message)

            return JSONResponse(await run_in_threadpool(carry_out))

        return endpoint

    async def export(request: Request) -> Response:
        need_token(request, experiment.secrets.exports, "the export token")
        made = await run_in_threadpool(experiment.export, request.path_params["name"])
        if made is None:
            raise HTTPException(404, "not found")
        return Response(made[0], media_type=made[1])

    routes = [
        Route("/api/study", study),
        Route("/api/preview", preview),
        Route("/api/arrival", arrival, methods=["POST"]),
        Route("/api/session", session, methods=["POST"]),
        Route("/api/answers", with_token(AnswersRequest, experiment.add), methods=["POST"]),
        Route("/api/finish", with_token(FinishRequest, experiment.finish), methods=["POST"]),
        Route("/images/{name}.png", image),
        Route("/export/{name}", export),
        Route("/", serve_page),
        Route("/{path:path}", serve_page),
    ]
    settings = experiment.settings
    policy = {
        "style-src-attr": "'unsafe-inline'",  # jsPsych sets a few style attributes
        "form-action": " ".join(("'self'", *settings.mturk_hosts)),
        "frame-ancestors": " ".join(settings.frame_ancestors) or "'none'",
    }
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders, policy=policy)],
        exception_handlers={HTTPException: refused, Conflict: refused, 500: failed},
    )
