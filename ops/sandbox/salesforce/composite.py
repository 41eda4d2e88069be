"""Composite, graph and batch: several calls in one. HTTP 200 as a whole, each part with its own status."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.problems import Problem, Refused, refuse
from ops.sandbox.salesforce.routing import dispatch, segments

MOST_PARTS, MOST_QUERIES, MOST_NODES, MOST_GRAPHS = 25, 5, 500, 75
HALTED = Problem("PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed.")
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class _RolledBack(Exception):  # noqa: N818 a signal, not an error
    """A part failed and all of it goes back."""


def filled(value: Any, results: Mapping[str, Any]) -> Any:
    """`@{ref.id}` and `@{ref.records[0].Id}` replaced by what earlier parts answered; case matters."""
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return _look_up(whole.group(1), results)
        return _REFERENCE.sub(lambda match: str(_look_up(match.group(1), results)), value)
    if isinstance(value, dict):
        return {key: filled(one, results) for key, one in value.items()}
    return [filled(one, results) for one in value] if isinstance(value, list) else value


def _look_up(path: str, results: Mapping[str, Any]) -> Any:
    found: Any = results
    for name, index in _STEP.findall(path):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            raise refuse("PROCESSING_HALTED", f"Invalid reference specified. No value for {path} found in {path.split('.', maxsplit=1)[0]}") from None
    return found


def part(call: Call, request: Mapping[str, Any], results: Mapping[str, Any]) -> Answer:
    """One sub-request, run like a call of its own in the shared transaction."""
    try:
        url = urlsplit(str(filled(str(request.get("url", "")), results)))
        pieces = segments(url.path)
        if len(pieces) < 3 or pieces[:2] != ["services", "data"]:
            raise refuse("NOT_FOUND", "The requested resource does not exist")
        headers = {key.lower(): str(value) for key, value in (request.get("httpHeaders") or {}).items()}
        outer = {key: value for key, value in call.headers.items() if key != "sforce-call-options" or call.org.settings.origin_through_collections}
        inner = replace(
            call,
            method=str(request.get("method", "GET")).upper(),
            parts=pieces[3:],
            version=pieces[2].removeprefix("v"),
            params=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=outer | headers,
            given=filled(request.get("body") or request.get("richInput") or {}, results),
            body=b"",
        )
        return dispatch(inner)
    except Refused as refused:
        return Answer(refused.status, refused.answer())


def _response(reference: str, answer: Answer) -> dict[str, Any]:
    headers = {key: value for key, value in answer.headers.items() if key == "Location"}
    return {"body": answer.body, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": reference}


def _failed(answer: Answer) -> bool:
    return answer.status >= 300


def _sequence(call: Call, requests: Sequence[Any], *, atomic: bool) -> tuple[list[dict[str, Any]], bool]:
    """(responses, all went well). `atomic`: one transaction, the first failure takes all back and halts the rest."""
    answers: list[tuple[str, Answer]] = []
    results: dict[str, Any] = {}

    def run(inner: Call) -> None:
        for request in requests:
            reference = str(request.get("referenceId", ""))
            answer = part(inner, request, results)
            answers.append((reference, answer))
            if not _failed(answer):
                results[reference] = answer.body
            elif atomic:
                raise _RolledBack

    if not atomic:
        run(replace(call))
        return [_response(*one) for one in answers], not any(_failed(answer) for _, answer in answers)
    try:
        _atomically(call, run)
    except _RolledBack:
        halted = Answer(400, [HALTED.rest()])
        victims = [_response(reference, halted) for reference, _ in answers[:-1]]
        rest = [_response(str(request.get("referenceId", "")), halted) for request in requests[len(answers) :]]
        return [*victims, _response(*answers[-1]), *rest], False
    return [_response(*one) for one in answers], True


def _atomically(call: Call, run: Callable[[Call], None]) -> None:
    if call.shared is not None:
        mark = call.shared.mark()
        try:
            run(call)
        except _RolledBack:
            call.shared.undo(mark)
            raise
        return
    with call.org.transaction(call.caller(grouped=True), call.moment) as tx:
        run(replace(call, shared=tx))


def _checked(requests: Any, most: int) -> Sequence[Any]:
    if not isinstance(requests, list) or not requests:
        raise refuse("JSON_PARSER_ERROR", "compositeRequest is required")
    if len(requests) > most:
        raise refuse("LIMIT_EXCEEDED", f"Limit exceeded: cannot submit more than {most} subrequests")
    names = [str(one.get("referenceId", "")) for one in requests]
    if len(set(names)) != len(names):
        raise refuse("DUPLICATE_REFERENCE_ID", "referenceId must be unique within a request")
    return requests


def composite(call: Call) -> Answer:
    body = call.json()
    requests = _checked(body.get("compositeRequest"), MOST_PARTS)
    heavy = [one for one in requests if re.search(r"/(query|queryAll|composite/sobjects)\b", str(one.get("url", "")))]
    if len(heavy) > MOST_QUERIES:
        raise refuse("LIMIT_EXCEEDED", f"Limit exceeded: at most {MOST_QUERIES} subrequests may be queries or collections")
    responses, _ = _sequence(call, requests, atomic=body.get("allOrNone") is True)
    return Answer(body={"compositeResponse": responses})


def graph(call: Call) -> Answer:
    graphs = call.json().get("graphs")
    if not isinstance(graphs, list) or not graphs:
        raise refuse("JSON_PARSER_ERROR", "graphs is required")
    if len(graphs) > MOST_GRAPHS or sum(len(one.get("compositeRequest", [])) for one in graphs) > MOST_NODES:
        raise refuse("LIMIT_EXCEEDED", f"Limit exceeded: at most {MOST_GRAPHS} graphs with {MOST_NODES} nodes")
    found = []
    for one in graphs:
        responses, good = _sequence(call, _checked(one.get("compositeRequest"), MOST_NODES), atomic=True)
        found.append({"graphId": one.get("graphId"), "graphResponse": {"compositeResponse": responses}, "isSuccessful": good})
    return Answer(body={"graphs": found})


def batch(call: Call) -> Answer:
    """Independent parts; their urls begin at the version."""
    body = call.json()
    requests = body.get("batchRequests")
    if not isinstance(requests, list) or not requests or len(requests) > MOST_PARTS:
        raise refuse("LIMIT_EXCEEDED", f"batchRequests takes 1 to {MOST_PARTS} subrequests")
    results: list[dict[str, Any]] = []
    halted = False
    for request in requests:
        if halted:
            problem = Problem("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": 412, "result": [problem.rest()]})
            continue
        url = str(request.get("url", "")).lstrip("/")
        full = url if url.startswith("services/data/") else f"services/data/{url}"
        answer = part(call, {**request, "url": "/" + full}, {})
        halted = body.get("haltOnError") is True and _failed(answer)
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(body={"hasErrors": any(one["statusCode"] >= 400 for one in results), "results": results})
