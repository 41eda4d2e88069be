"""The metadata catalogue: JSON Schema and OpenAPI of the record types (netsuite.md section 8.1)."""

from __future__ import annotations

from typing import Any

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.metadata import Field, RecordType
from ops.sandbox.netsuite.reading import RECORDS

SCHEMA = "application/schema+json"
SWAGGER = "application/swagger+json"
JSON_TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "text": {"type": "string"},
}


def handle(account: Account, call: Call, parts: list[str]) -> Answer:
    """/metadata-catalog, ?select=, and /metadata-catalog/{type} in the form that Accept asks for."""
    if call.method != "GET":
        raise NsError("METHOD_NOT_ALLOWED", f"Method {call.method} is not allowed.", 405)
    accept = call.headers.get("accept", "")
    if parts:
        kind = account.kind(parts[0])
        if SWAGGER in accept:
            return Answer(200, _openapi(account, [kind], call), f"{SWAGGER}; charset=UTF-8")
        return Answer(200, schema(account, kind), f"{SCHEMA}; charset=UTF-8")
    selected = [account.kind(name) for name in call.params.get("select", "").split(",") if name]
    if SWAGGER in accept:
        return Answer(200, _openapi(account, selected or list(account.metadata.types.values()), call), f"{SWAGGER}; charset=UTF-8")
    items = [_entry(kind, call) for kind in selected or account.metadata.types.values()]
    self_link = {"rel": "self", "href": f"{call.base}{call.path}" + (f"?{call.query}" if call.query else "")}
    return Answer(200, {"links": [self_link], "items": items}, "collection")


def _entry(kind: RecordType, call: Call) -> dict[str, Any]:
    href = f"{call.base}{RECORDS}/metadata-catalog/{kind.name}"
    links = [{"rel": "canonical", "href": href, "mediaType": "application/json"}]
    links += [{"rel": "alternate", "href": href, "mediaType": media} for media in (SWAGGER, SCHEMA)]
    return {"name": kind.name, "links": links}


def schema(account: Account, kind: RecordType) -> dict[str, Any]:
    """JSON Schema of one type, as deployed: custom fields are in, hidden ones out."""
    hidden = account.hidden(kind.name)
    properties: dict[str, Any] = {
        "id": {"title": "Internal ID", "type": "string", "nullable": True},
        "externalId": {"title": "External ID", "type": "string", "nullable": True},
        "lastModifiedDate": {"title": "Last Modified", "type": "string", "format": "date-time", "x-ns-filterable": True},
        kind.created: {"title": "Date Created", "type": "string", "format": "date-time", "x-ns-filterable": True},
    }
    properties |= {f.name: _property(account, f) for f in kind.fields.values() if not f.hidden and f.name not in hidden}
    for sub in (s for s in kind.sublists.values() if s.name not in hidden):
        line = {"type": "object", "properties": {f.name: _property(account, f) for f in sub.fields.values()}}
        properties[sub.name] = {"type": "object", "properties": {"items": {"type": "array", "items": line}}}
    return {
        "$schema": "http://json-schema.org/draft-06/hyper-schema#",
        "type": "object",
        "properties": properties,
        "required": [f.name for f in kind.fields.values() if f.required],
    }


def _property(account: Account, f: Field) -> dict[str, Any]:
    out: dict[str, Any] = {"title": f.label or f.name, "nullable": not f.required}
    if f.readonly:
        out["readOnly"] = True
    if f.custom:
        out["x-ns-custom-field"] = True
    if f.kind != "address" and not f.nosql:
        out["x-ns-filterable"] = True
    if f.kind == "ref":
        return out | {"type": "object", "properties": {n: {"type": "string"} for n in ("id", "refName", "externalId")}}
    if f.kind in ("enum", "country"):
        codes = list(account.metadata.enums[f.arg]) if f.kind == "enum" else []
        return out | {
            "type": "object",
            "properties": {"id": {"type": "string", **({"enum": codes} if codes else {})}, "refName": {"type": "string"}},
        }
    if f.kind == "address":
        return out | {"type": "object"}
    kind = JSON_TYPES.get(f.kind, {"type": "number", "format": "double"})
    return out | kind | ({"maxLength": int(f.arg)} if f.kind == "text" and f.arg else {})


def _openapi(account: Account, kinds: list[RecordType], call: Call) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for kind in kinds:
        ref = {"$ref": f"#/components/schemas/{kind.name}"}
        done = {"204": {"description": "Done."}}
        content = {"content": {"application/vnd.oracle.resource+json; type=singular": {"schema": ref}}}
        paths[f"/{kind.name}"] = {
            "get": {"responses": {"200": {"description": "List."}}},
            "post": {"requestBody": content, "responses": done},
        }
        paths[f"/{kind.name}/{{id}}"] = {
            "get": {"responses": {"200": {"description": "The record.", **content}}},
            "patch": {"requestBody": content, "responses": done},
            "put": {"requestBody": content, "responses": done},
            "delete": {"responses": done},
        }
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{call.base}{RECORDS}"}],
        "paths": paths,
        "components": {"schemas": {kind.name: schema(account, kind) for kind in kinds}},
    }
