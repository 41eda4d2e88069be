"""The RESTlet endpoint: runs the deployed script file and answers as RESTlets do (netsuite.md section 3.2)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ops.sandbox.netsuite import sdf
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call
from ops.sandbox.netsuite.engines import Engine
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.scripting import Invocation

PATH = "/app/site/hosting/restlet.nl"
MAX_BYTES = 10 * 1024 * 1024
FIRST_SCRIPT_ID = 100
OLD_VERSION = "0.9.0"
METHODS = {"GET": "get", "POST": "post", "PUT": "put", "DELETE": "delete"}


def handle(account: Account, engine: Engine, scripts: list[sdf.Restlet], call: Call) -> Answer:
    """One call of a script. A script's unhandled error is HTTP 400; what it caught itself comes back as 200."""
    if call.method not in METHODS:
        raise NsError("SSS_INVALID_SCRIPTLET_METHOD", f"RESTlets have no method {call.method}.", 405)
    if call.method == "GET" and call.body:
        raise NsError("INVALID_REQUEST", "The request could not be understood by the server due to malformed syntax.")
    script = _script(scripts, call.params)
    if len(call.body) > MAX_BYTES:
        raise NsError("UNEXPECTED_ERROR", "The request is larger than 10 MB.")
    invocation = Invocation(account, script.script, script.deploy)
    raw = engine.invoke(_source(script.file, script.file.stat().st_mtime_ns), METHODS[call.method], _argument(call), invocation)
    if len(raw) > MAX_BYTES:
        raise NsError("UNEXPECTED_ERROR", "The output of the script is larger than 10 MB.")
    answer = json.loads(raw)
    if "error" in answer:
        raise _script_error(answer["error"])
    return Answer(200, _aged(account, answer["value"]), "application/json; charset=UTF-8")


def error_body(error: NsError) -> Answer:
    """`{"error": {"code", "message"}}`: not the shape of the REST services."""
    return Answer(error.status, {"error": {"code": error.code, "message": error.detail}}, "application/json; charset=UTF-8")


def _script(scripts: list[sdf.Restlet], params: dict[str, str]) -> sdf.Restlet:
    for number, script in enumerate(scripts, FIRST_SCRIPT_ID):
        if params.get("script") in (script.script, str(number)) and params.get("deploy") in (script.deploy, "1"):
            return script
    raise NsError("SSS_INVALID_SCRIPTLET_ID", "That Suitelet is invalid, disabled, or no longer exists.")


@lru_cache(maxsize=16)
def _source(file: Path, _changed_ns: int) -> str:
    return file.read_text("utf-8")


def _argument(call: Call) -> str:
    """The query for GET and DELETE, the body for POST and PUT: parsed JSON, or text when it is declared as text."""
    if call.method in ("GET", "DELETE"):
        return json.dumps({name: value for name, value in call.params.items() if name not in ("script", "deploy")})
    if call.headers.get("content-type", "application/json").startswith("text/plain"):
        return json.dumps(call.body.decode("utf-8", "replace"))
    try:
        return json.dumps(json.loads(call.body or b"null"))
    except ValueError:
        raise NsError("INVALID_REQUEST", "The request body is no valid JSON.") from None


def _script_error(error: dict[str, Any]) -> NsError:
    """The message of an unhandled error is itself JSON."""
    kind = f"error.{error['name']}" if error["script"] else "error.SuiteScriptError"
    message = json.dumps({"type": kind, "name": error["name"], "message": error["message"], "id": "", "stack": error["stack"].splitlines()[:3]})
    return NsError("UNEXPECTED_ERROR" if error["script"] else str(error["name"]), message)


def _aged(account: Account, value: Any) -> Any:
    fault = account.faults.strike("restlet_old_version") if isinstance(value, dict) and "version" in value else None
    return {**value, "version": fault.params.get("version", OLD_VERSION)} if fault else value
