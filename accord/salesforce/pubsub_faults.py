"""What an error of the Pub/Sub API asks of us. The real reason is the code in the trailing metadata, never the gRPC status.

Source: developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors. All codes share one prefix.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import grpc
from grpc import StatusCode

from accord.errors import AccordError, Fatal, Transient

PREFIX = "sfdc.platform.eventbus.grpc."
Verdict = Literal["retry", "renew", "expired", "fatal"]


class ReplayExpired(AccordError):  # noqa: N818 the consequences carry no suffix: Transient, Fatal
    """The stored replay id can't be resumed: it is older than 72 hours, damaged, or of an org that was moved.

    The same id never works again. Subscribe anew, then read what may have been missed since the last good position.
    """


class Answer(NamedTuple):
    """What to do about a code. `wait_s`: at least so long, None = the caller's back-off. `advice`: for a person, when it is fatal."""

    verdict: Verdict
    wait_s: float | None = None
    advice: str = ""


_DEPLOY = "deploy ops/salesforce (the channel and its members) and check the channel's name in the configuration"
_ACCESS = "give the integration user read access: assign the permission set Accord_Integration"
_BUG = "this is a fault of Accord: please report it with the rpc id"

TABLE: dict[str, Answer] = {
    "service.unavailable": Answer("retry"),
    "service.auth.error": Answer("renew"),
    "service.auth.headers.invalid": Answer("fatal", advice="check instance URL and org id of the Salesforce session"),
    "service.auth.refresh.invalid": Answer("fatal", advice=_BUG),
    "service.protection.stream.limit.triggered": Answer("retry", 30.0),
    "service.protection.triggered": Answer("retry", 30.0),
    "service.tenant.license": Answer("fatal", advice="this org's edition has no Pub/Sub API"),
    "concurrent.client.limit.exceeded": Answer("fatal", advice="too many subscribers of this org: stop one of them"),
    "topic.not.found": Answer("fatal", advice=_DEPLOY),
    "topic.meta.permission": Answer("fatal", advice=_ACCESS),
    "topic.validation.empty": Answer("fatal", advice="name a channel in the configuration"),
    "topic.api.unavailable": Answer("retry"),
    "schema.api.unavailable": Answer("retry"),
    "schema.meta.permission": Answer("fatal", advice=_ACCESS),
    "schema.validation.failed": Answer("fatal", advice=_BUG),
    "subscription.fetch.replayid.corrupted": Answer("expired"),
    "subscription.fetch.replayid.validation.failed": Answer("fatal", advice=_BUG),
    "subscription.fetch.replay.repeated": Answer("retry"),
    "subscription.limit.exceeded": Answer("retry", 900.0),
    "subscription.fetch.overflow": Answer("retry", 5.0),
    "subscription.fetch.requested.events.invalid": Answer("fatal", advice=_BUG),
    "subscription.fetch.topic.mismatch": Answer("fatal", advice=_BUG),
    "subscription.fetch.request.invalid": Answer("fatal", advice=_BUG),
    "subscription.topic.cannot.subscribe": Answer("fatal", advice=_ACCESS),
    "subscription.internal.error": Answer("retry"),
}
# Without a code: a connection that broke, a proxy's answer, a stream that was reset (RST_STREAM is routine).
BY_STATUS: dict[StatusCode, Answer] = {
    StatusCode.UNAUTHENTICATED: Answer("renew"),
    StatusCode.PERMISSION_DENIED: Answer("fatal", advice=_ACCESS),
    StatusCode.NOT_FOUND: Answer("fatal", advice=_DEPLOY),
    StatusCode.INVALID_ARGUMENT: Answer("fatal", advice=_BUG),
    StatusCode.UNIMPLEMENTED: Answer("fatal", advice="the configured address isn't the Pub/Sub API"),
}


def code_of(error: grpc.aio.AioRpcError) -> str:
    """The suffix of the error's code, blank when it carries none."""
    for key, value in error.trailing_metadata() or ():
        if key == "error-code":
            return str(value).removeprefix(PREFIX)
    return ""


def answer_to(error: grpc.aio.AioRpcError) -> Answer:
    """What to do. An unknown code is retried: it may be new, and giving up would stop the stream for ever."""
    code = code_of(error)
    if code:
        return TABLE.get(code, Answer("retry"))
    return BY_STATUS.get(error.code(), Answer("retry"))


def consequence(error: grpc.aio.AioRpcError, call: str) -> AccordError:
    """The error as its consequence: Transient, ReplayExpired or Fatal."""
    code, answer = code_of(error), answer_to(error)
    message = f"Salesforce {call}: {code or error.code().name}: {error.details() or 'no details'}"
    if answer.verdict == "expired":
        return ReplayExpired(message)
    if answer.verdict == "fatal":
        return Fatal(f"{message} ({answer.advice})", code=code)
    return Transient(message, wait_s=answer.wait_s, code=code or error.code().name)
