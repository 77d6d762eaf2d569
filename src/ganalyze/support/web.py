"""What every server of ours shares: bodies of a stated size, tokens, refusals as JSON, headers on every response."""

import hmac
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, most: int) -> bytes:
    """A request's body. Raises 413 where it is larger than `most` bytes."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise HTTPException(413, f"the body is larger than {most} bytes")
    return bytes(data)


async def read_json(request: Request, model: type[M], most: int) -> M:
    """A request's body as a message. Raises 415, 413 or 422 where it is none."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise HTTPException(415, "the body must be application/json")
    data = await read_body(request, most)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise HTTPException(422, f"{place}: {first['msg']}" if place else first["msg"]) from None


def bearer(request: Request) -> str:
    """The token that a request brings. Raises 401 where it brings none."""
    token = re.fullmatch(r"Bearer ([A-Za-z0-9_-]{1,128})", request.headers.get("authorization", ""))
    if token is None:
        raise HTTPException(401, "a token is needed")
    return token[1]


def need_token(request: Request, token: str, what: str) -> None:
    """Raise 401 unless a request brings `token`; `what` it is, errors say."""
    if not hmac.compare_digest(bearer(request).encode(), token.encode()):
        raise HTTPException(401, f"{what} is wrong")


async def refused(request: Request, error: Exception) -> Response:
    """What a refused request gets: its status, 409 where there is none, and the reason."""
    status = error.status_code if isinstance(error, HTTPException) else 409
    reason = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": reason}, status, headers=getattr(error, "headers", None))


async def failed(request: Request, error: Exception) -> Response:
    """What a request gets that the server failed at."""
    return JSONResponse({"error": "the server failed; please try again"}, 500)


class SecurityHeaders:
    """Headers on every response: nothing from elsewhere, no guessing, no foreign frames, no caching of answers.

    policy: directives of the Content-Security-Policy that differ from the strictest ones a page of scripts needs.
    """

    def __init__(self, app: ASGIApp, policy: Mapping[str, str] | None = None):
        self._app = app
        directives = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        } | dict(policy or {})
        self._headers = {
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in directives.items()),
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
