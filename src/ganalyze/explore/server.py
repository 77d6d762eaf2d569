"""The server of the page, for this machine alone.

    GET  /                        the page and its parts
    GET  /api/run                 directions, parts of z, classes
    POST /api/picture             {"state", "window", "number"} → its picture; 409 where a newer request came
    POST /api/measures            the same → what is measured of it and of its unmoved seed
    POST /api/strip?as=json|gif|png  {"state", "direction"} → the state along a direction
    POST /api/png                 {"state"} → the picture as a file
    POST /api/photographs         a photograph's bytes → its name
    GET  /api/photographs/{name}  how far its inversion is

All of /api needs the token that the link brings. What a request names that is not there is refused.
"""

from importlib.resources import files
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganalyze.explore.explorer import Dropped, Explorer, State
from ganalyze.explore.photographs import Photographs
from ganalyze.explore.pictures import as_gif, as_png, caption_of
from ganalyze.models.contract import parts_of
from ganalyze.report.pictures import as_data_uri
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.web import SecurityHeaders, failed, need_token, read_body, read_json, refused

MAX_MESSAGE, MAX_PHOTOGRAPH = 16 * 1024, 40 * 1024**2  # bytes
FRAMES, TILES = 17, 5  # of a film, of a strip
HERE = ["127.0.0.1", "localhost"]  # names of this machine: another one's page cannot ask in their name
_PAGE = {
    "": ("index.html", "text/html"),
    "explore.js": ("explore.js", "text/javascript"),
    "explore.css": ("explore.css", "text/css"),
}


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    state: State


class PictureRequest(_Message):
    """A picture for a window; its requests are numbered upwards."""

    window: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    number: int = Field(ge=0, lt=2**53)


class StripRequest(_Message):
    """A state along a direction."""

    direction: str = Field(max_length=64)


def build_app(explorer: Explorer, photographs: Photographs, about: dict[str, Any], token: str) -> Starlette:
    """The ASGI application. about: what the page says of the run: title, generator, note, and by name the directions'
    titles and notes."""
    contents = {
        path: ((files("ganalyze.explore") / "page" / name).read_bytes(), kind) for path, (name, kind) in _PAGE.items()
    }

    def guarded(endpoint: Any) -> Any:
        async def carry_out(request: Request) -> Response:
            need_token(request, token, "the token of the link")
            if (
                origin := request.headers.get("origin")
            ) and origin != f"{request.url.scheme}://{request.headers['host']}":
                raise HTTPException(403, "requests come from this page alone")
            try:
                return await endpoint(request)
            except GanalyzeError as error:
                raise HTTPException(422, str(error)) from None
            except Dropped:
                raise HTTPException(409, "a newer request has come") from None

        return carry_out

    async def page(request: Request) -> Response:
        found = contents.get(request.path_params.get("path", ""))
        if found is None:
            raise HTTPException(404, "not found")
        return Response(found[0], media_type=found[1], headers={"Cache-Control": "no-cache"})

    async def run(request: Request) -> Response:
        generator = explorer.networks.generator
        names = generator.class_names
        return JSONResponse(
            about
            | {
                "size": generator.image_size,
                "parts": list(parts_of(generator)),
                "classes": list(names) if len(names) > 1 else [],
                "assessors": list(explorer.networks.assessors),
                "faces": explorer.networks.detector is not None,
                "directions": [
                    {
                        "name": name,
                        "low": one.low,
                        "high": one.high,
                        "assessor": one.assessor,
                        **about["directions"][name],
                    }
                    for name, one in explorer.directions.items()
                ],
            }
        )

    async def picture(request: Request) -> Response:
        asked = await read_json(request, PictureRequest, MAX_MESSAGE)
        pixels = await run_in_threadpool(explorer.image, asked.state, asked.window, asked.number)
        return JSONResponse({"state": asked.state.model_dump(), "image": _webp(pixels)})

    async def measures(request: Request) -> Response:
        asked = await read_json(request, PictureRequest, MAX_MESSAGE)
        now, then = await run_in_threadpool(explorer.measure, asked.state, asked.window, asked.number)
        return JSONResponse(
            {
                "state": asked.state.model_dump(),
                "before": _webp(then.pixels),
                "scores": {name: [then.scores[name], value] for name, value in now.scores.items()},
                "factors": {name: [then.factors[name], value] for name, value in now.factors.items()},
            }
        )

    def told(state: State, without: str = "") -> str:
        titles = {name: one["title"] for name, one in about["directions"].items()}
        moved = [
            f"{titles[name]} (α = {alpha:+.2f})" for name, alpha in state.alphas.items() if alpha and name != without
        ]
        moved += [f"{titles[without]} (from less to more)"] if without else []
        source = "a photograph" if state.photograph else f"seed {state.seed}"
        return caption_of(moved, source, about["generator"])

    async def strip(request: Request) -> Response:
        kind = request.query_params.get("as", "json")
        if kind not in ("json", "png", "gif"):
            raise HTTPException(422, "as: json, png or gif")
        asked = await read_json(request, StripRequest, MAX_MESSAGE)
        count = FRAMES if kind == "gif" else TILES
        pictures = await run_in_threadpool(explorer.strip, asked.state, asked.direction, count)
        if kind == "json":
            return JSONResponse({"images": [_webp(pixels) for pixels in pictures]})
        caption = told(asked.state, asked.direction)
        content = await run_in_threadpool(as_gif if kind == "gif" else as_png, pictures, caption)
        return Response(content, media_type=f"image/{kind}")

    async def png(request: Request) -> Response:
        asked = await read_json(request, _Message, MAX_MESSAGE)
        pixels = await run_in_threadpool(explorer.image, asked.state, "files", 0)
        return Response(as_png([pixels], told(asked.state)), media_type="image/png")

    async def add_photograph(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/octet-stream":
            raise HTTPException(415, "the body must be application/octet-stream, a photograph's bytes")
        content = await read_body(request, MAX_PHOTOGRAPH)
        name = await run_in_threadpool(photographs.add, content)
        upload = photographs.uploads[name]
        return JSONResponse({"name": name, "words": upload.words, "aligned": _webp(upload.pixels)})

    async def photograph(request: Request) -> Response:
        upload = photographs.uploads.get(request.path_params["name"])
        if upload is None:
            raise HTTPException(404, "this photograph is not here (any more)")
        return JSONResponse({name: getattr(upload, name) for name in ("state", "step", "steps", "reason", "poor")})

    routes = [
        Route("/api/run", guarded(run)),
        Route("/api/picture", guarded(picture), methods=["POST"]),
        Route("/api/measures", guarded(measures), methods=["POST"]),
        Route("/api/strip", guarded(strip), methods=["POST"]),
        Route("/api/png", guarded(png), methods=["POST"]),
        Route("/api/photographs", guarded(add_photograph), methods=["POST"]),
        Route("/api/photographs/{name}", guarded(photograph)),
        Route("/", page),
        Route("/{path}", page),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders, policy={"img-src": "'self' data: blob:"}),
            Middleware(TrustedHostMiddleware, allowed_hosts=HERE),
        ],
        exception_handlers={HTTPException: refused, 500: failed},
    )


def _webp(pixels: np.ndarray) -> str:
    return as_data_uri(Image.fromarray(pixels), quality=90)
