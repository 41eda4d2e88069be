"""How the Pub/Sub API says no: a gRPC status, and the real reason as a code in the trailing metadata.

Source: Pub/Sub API guide, "Handling Errors". The message ends in the rpc id, which the vendor's support asks for.
"""

from __future__ import annotations

from grpc import StatusCode

PREFIX = "sfdc.platform.eventbus.grpc."


class Refusal(Exception):  # noqa: N818 it is an answer, not an error of the sandbox
    """An RPC ends with this status; `code` is the suffix after `PREFIX`, blank for a plain transport error without trailers."""

    def __init__(self, status: StatusCode, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def trailers(self, rpc_id: str, call: str) -> tuple[tuple[str, str], ...]:
        return (("error-code", PREFIX + self.code), ("rpc-id", rpc_id), ("type", call)) if self.code else ()


def corrupted() -> Refusal:
    """The same answer for an id that is invalid and for one older than 72 hours."""
    message = "The Replay ID validation failed. Ensure that the Replay ID is valid."
    return Refusal(StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", message)


def unavailable() -> Refusal:
    """Its status is INTERNAL in the wild, not UNAVAILABLE."""
    return Refusal(StatusCode.INTERNAL, "service.unavailable", "The service is unavailable. Try again later.")


def reset() -> Refusal:
    """A load balancer closing the stream: no code at all."""
    return Refusal(StatusCode.UNAVAILABLE, "", "RST_STREAM closed stream. HTTP/2 error code: NO_ERROR")


def unauthenticated(message: str = "Authentication failed: the session has expired or is invalid.") -> Refusal:
    return Refusal(StatusCode.UNAUTHENTICATED, "service.auth.error", message)


def exhausted() -> Refusal:
    message = "You have exceeded the event delivery limit for your org."
    return Refusal(StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", message)


def invalid(code: str, message: str) -> Refusal:
    return Refusal(StatusCode.INVALID_ARGUMENT, code, message)


def not_found(code: str, message: str) -> Refusal:
    return Refusal(StatusCode.NOT_FOUND, code, message)


def denied(code: str, message: str) -> Refusal:
    return Refusal(StatusCode.PERMISSION_DENIED, code, message)
