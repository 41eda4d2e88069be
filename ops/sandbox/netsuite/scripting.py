"""What a running script may ask of the account: searches and records, each at its price in governance units.

Unit costs: Oracle's stubs (`@oracle/suitecloud-unit-testing`), netsuite.md section 3.1. A RESTlet call has 5,000 units.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.patch import Manner
from ops.sandbox.netsuite.search import Compiler, Row
from ops.sandbox.netsuite.store import Record

BUDGET = 5000
COST = {
    "search.getRange": 10,
    "search.runPaged": 5,
    "search.fetch": 5,
    "search.load": 5,
    "search.lookupFields": 1,
    "record.load": 5,
    "record.save": 10,
    "record.delete": 10,
    "record.submitFields": 5,
}
TRANSACTION_FACTOR = 2
MAX_RANGE = 1000
PAGE_SIZES = range(5, 1001)
MAX_PAGES = 1000
#: Sublists that scripts know by another name than REST does.
SUBLISTS = {"currencyList": "currency"}


class Invocation:
    """One call of one script: its units, its log, and the operations by name. Calling it never raises."""

    def __init__(self, account: Account, script: str, deploy: str, budget: int = BUDGET) -> None:
        self.account = account
        self.units = budget
        self.log: list[dict[str, Any]] = []
        self._script = script
        self._deploy = deploy
        self._operations: dict[str, Callable[[Any], Any]] = {
            "now": lambda _: int(account.now().timestamp() * 1000),
            "usage": lambda _: self.units,
            "log": self.log.append,
            "runtime.info": lambda _: self._info(),
            "search.getRange": self._range,
            "search.fetch": self._range,
            "search.runPaged": self._paged,
            "search.load": self._load_search,
            "search.lookupFields": self._lookup,
            "record.load": lambda a: self._show(self._find(a)),
            "record.save": self._save,
            "record.submitFields": lambda a: self._save({"type": a["type"], "id": a["id"], "fields": a["values"]}),
            "record.delete": self._delete,
        }

    def __call__(self, operation: str, argument: str) -> str:
        try:
            asked = json.loads(argument)
            self._charge(operation, asked)
            answer: dict[str, Any] = {"value": self._operations[operation](asked)}
        except NsError as error:
            answer = {"error": [error.code, error.detail]}
        except sqlite3.Error as error:
            answer = {"error": ["UNEXPECTED_ERROR", f"An unexpected error has occurred. Search error occurred: {error}"]}
        except Exception as error:  # noqa: BLE001  an exception in a callback would take the engine's context down
            answer = {"error": ["UNEXPECTED_ERROR", f"sandbox: {type(error).__name__}: {error}"]}
        return json.dumps(answer)

    def _charge(self, operation: str, asked: Any) -> None:
        cost = COST.get(operation, 0)
        if operation.startswith("record.") and self._type(asked["type"]).transaction:
            cost *= TRANSACTION_FACTOR
        if operation == "search.getRange" and asked.get("free"):
            cost = 0
        if cost > self.units:
            raise NsError("SSS_USAGE_LIMIT_EXCEEDED", "Script Execution Usage Limit Exceeded")
        self.units -= cost

    def _info(self) -> dict[str, Any]:
        o = self.account.options
        return {
            "accountId": o.account,
            "version": "2026.2",
            "script": self._script,
            "deploy": self._deploy,
            "parameters": {},
            "user": {"id": 5, "name": "Accord Integration", "email": "accord@example.com", "role": 1001, "roleId": "customrole_accord"},
            "preferences": {"TIMEZONE": o.time_zone, "DATEFORMAT": o.date_format, "TIMEFORMAT": o.time_format},
        }

    # -- N/search
    def _range(self, asked: dict[str, Any]) -> list[Row]:
        if asked["end"] - asked["start"] > MAX_RANGE:
            raise NsError("SSS_SEARCH_RESULT_LIMIT_EXCEEDED", "No more than 1000 search results may be requested at one time.")
        return Compiler(self.account, asked["search"]).run(asked["start"], asked["end"])

    def _paged(self, asked: dict[str, Any]) -> int:
        if asked["pageSize"] not in PAGE_SIZES:
            raise NsError("INVALID_PAGE_SIZE", "The page size must be between 5 and 1000.")
        found = Compiler(self.account, {**asked["search"], "columns": []}).count()
        return min(found, int(asked["pageSize"]) * MAX_PAGES)

    def _load_search(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.account.saved_search(str(asked["id"]))
        if found is None:
            raise NsError("INVALID_SEARCH", f"That search or mass update does not exist: {asked['id']}")
        return found | {"id": asked["id"]}

    def _lookup(self, asked: dict[str, Any]) -> dict[str, Any]:
        columns = [{"name": name.split(".")[-1], "join": name.split(".")[0] if "." in name else None} for name in asked["columns"]]
        spec = {"type": asked["type"], "filters": ["internalid", "anyof", asked["id"]], "columns": columns}
        rows = Compiler(self.account, spec).run(0, 1)
        if not rows:
            return {}
        return {n: v if t is None else [{"value": v, "text": t}] for n, v, t in zip(asked["columns"], rows[0][2], rows[0][3], strict=True)}

    # -- N/record
    def _type(self, name: str) -> Any:
        low = str(name).lower()
        found = self.account.metadata.by_lower.get(low) or next((k for k in self.account.metadata.types.values() if k.search == low), None)
        if found is None:
            raise NsError("INVALID_RCRD_TYPE", f"The record type [{name}] is invalid.")
        return found

    def _find(self, asked: dict[str, Any]) -> Record:
        kind = self._type(asked["type"])
        same = [k for k in self.account.metadata.types.values() if k.search == kind.search]
        records = (self.account.find(k.name, int(asked["id"])) for k in same)
        found = next((r for r in records if r is not None), None)
        if found is None:
            raise NsError("RCRD_DSNT_EXIST", "That record does not exist.")
        return found

    def _show(self, record: Record) -> dict[str, Any]:
        kind = record.type
        fields = {f.search: _plain(record.values.get(f.name)) for f in kind.fields.values() if f.kind != "address"}
        sublists = {
            SUBLISTS.get(name, name.lower()): [
                {f.column: _plain(line.get(f.name)) for f in kind.sublists[name].fields.values() if f.kind != "address"} for line in lines
            ]
            for name, lines in record.lines.items()
        }
        return {"type": kind.search, "id": record.id, "fields": fields, "sublists": sublists}

    def _save(self, asked: dict[str, Any]) -> int:
        kind = self._type(asked["type"])
        by_search = {f.search: f for f in kind.fields.values()}
        unknown = [name for name in asked["fields"] if name not in by_search]
        if unknown:
            raise NsError("SSS_INVALID_FIELD", f"Invalid field: {unknown[0]}")
        body = {by_search[name].name: value for name, value in asked["fields"].items() if not by_search[name].readonly and value != ""}
        if asked.get("id"):
            self.account.update(kind.name, int(asked["id"]), body, Manner())
            return int(asked["id"])
        return self.account.create(kind.name, body, Manner())

    def _delete(self, asked: dict[str, Any]) -> int:
        record = self._find(asked)
        self.account.delete(record.type.name, record.id)
        return record.id


def _plain(value: Any) -> Any:
    """What N/record's getValue gives: references as text ids, booleans as booleans, numbers as numbers."""
    if value is None:
        return ""
    if value in ("T", "F"):
        return value == "T"
    return value if isinstance(value, str) else float(value) if not isinstance(value, int) else str(value)
