"""Which handler a path belongs to. Paths are cut at slashes before anything is percent-decoded: an external id may hold one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.problems import not_found, refuse

Handler = Callable[[Call], Answer]
Route = tuple[str, tuple[str, ...], Handler]
ROUTES: list[Route] = []


def route(methods: str, pattern: str, handler: Handler) -> None:
    """`route("GET PATCH", "sobjects/{object}/{id}", read)`: a name in braces takes any one segment."""
    cut = tuple(pattern.split("/")) if pattern else ()
    ROUTES.extend((method, cut, handler) for method in methods.split())


def segments(raw: str) -> list[str]:
    """The decoded segments of a raw path; one trailing slash is dropped, an empty segment inside stays and matches nothing."""
    pieces = raw.split("/")[1:]
    if pieces and pieces[-1] == "":
        pieces.pop()
    return [unquote(piece) for piece in pieces]


def find(method: str, parts: list[str]) -> tuple[Handler | None, str, list[str]]:
    """(handler, shape, methods allowed). Literal segments win over names."""
    best: tuple[int, Handler, str] | None = None
    allowed: list[str] = []
    shape = ""
    for candidate, pattern, handler in ROUTES:
        if len(pattern) != len(parts) or not all(want == got or (want.startswith("{") and got) for want, got in zip(pattern, parts, strict=True)):
            continue
        weight = sum(not want.startswith("{") for want in pattern)
        allowed.append(candidate)
        shape = "/" + "/".join(pattern)
        if candidate == method and (best is None or weight > best[0]):
            best = (weight, handler, shape)
    if best is not None:
        return best[1], best[2], allowed
    return None, shape, allowed


def dispatch(call: Call) -> Answer:
    """Run the handler; 404 for no such path, 405 for a wrong method."""
    handler, _, allowed = find(call.method, call.parts)
    if handler is None:
        if allowed:
            raise refuse("METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted(set(allowed)))}")
        raise not_found()
    number = call.version.split(".")[0]
    if not number.isdigit() or int(number) not in call.org.settings.api_versions or int(number) > call.org.settings.newest_version:
        raise not_found()
    return handler(call)
