"""A request may be so large: nobody fills the memory that answers all shops, not even before its token is looked at."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: 500 SKUs of 200 characters, four bytes each, and room to spare.
MOST_BYTES = 1_000_000


class Bound:
    """ASGI middleware: 413 as soon as more than `most` bytes of a body have come, or are announced."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if int(announced) > self._most:  # the server has refused what is no number
            await _refuse(send)
            return
        body = await self._body(receive)
        if body is None:
            await _refuse(send)
        else:
            await self._app(scope, _once(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None = more than may be."""
        parts, size = [], 0
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                return None
            if not message.get("more_body"):
                return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body, then whatever else comes (that the client went away)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"application/json"), (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b'{"detail":"the request is too large"}'})
