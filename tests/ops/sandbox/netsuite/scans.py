"""What the shipped RESTlet must do, as one function that a mutant of the script must fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ops.sandbox.netsuite.account import Account
from tests.ops.sandbox.netsuite.world import SCRIPT, call_script, new_account, poll

START = "2020-01-01 00:00:00"


def crowd(size: int = 60) -> Account:
    """An account with customers of which three share each second, the newest two minutes old, ids in another order than stamps."""
    account = new_account()
    account.create("currency", {"name": "US Dollar", "symbol": "USD", "currencyPrecision": 2})
    account.create("subsidiary", {"name": "US", "currency": 1, "country": "US"})
    account.create("subsidiary", {"name": "CA", "currency": 1, "country": "CA"})
    base = account.now() - timedelta(days=3)
    for n in range(size):
        stamp = f"{base + timedelta(seconds=(n * 7 % size) // 3):%Y-%m-%d %H:%M:%S}"
        account.create("customer", {"companyName": f"C{n}", "subsidiary": 1 + n % 2, "email": f"c{n}@example.com"}, stamp=stamp)
    search = {"type": "customer", "filters": [["subsidiary", "anyof", "2"]], "columns": [{"name": "entityid", "label": "Name"}]}
    account.save_search("customsearch_ca", search)
    return account


def scan(account: Account, size: int, *, between: Callable[[], None] | None = None, **body: Any) -> list[dict[str, Any]]:
    """All rows from START on, page by page by the cursor; `between` runs once after the first page."""
    script = body.pop("script", SCRIPT)
    since, since_id, rows = START, 0, []
    for _ in range(200):
        page = poll(account, {"type": "customer", "since": since, "sinceId": since_id, "pageSize": size, **body}, script=script)
        rows += page["rows"]
        since, since_id = page["next"]["since"], page["next"]["sinceId"]
        if between:
            between()
            between = None
        if not page["more"]:
            return rows
    raise AssertionError("the scan never ends")


def check(account: Account, script: str) -> None:
    """Completeness, order, joins, saved searches, windows and budgets of one script; AssertionError when one fails."""
    total = account.store.rows("select count(*) from customer")[0][0]
    rows = scan(account, 7, script=script)
    keys = [(r["stamp"], int(r["id"])) for r in rows]
    assert (len(rows), len({r["id"] for r in rows})) == (total, total), "every row exactly once"
    assert keys == sorted(keys), "in order of the cursor"
    page = poll(account, {"type": "customer", "since": START, "pageSize": total}, script=script)
    assert (len(page["rows"]), page["more"]) == (total, False), "a page that is exactly full is the last one"
    page = poll(account, {"type": "customer", "since": keys[8][0], "sinceId": keys[8][1], "pageSize": 5}, script=script)
    assert [(r["stamp"], int(r["id"])) for r in page["rows"]] == keys[9:14], "goes on exactly behind the cursor"
    assert page["next"] == {"since": keys[13][0], "sinceId": keys[13][1]}
    until = keys[9][0]
    page = poll(account, {"type": "customer", "since": START, "until": until}, script=script)
    assert [r["stamp"] for r in page["rows"]] == [k[0] for k in keys if k[0] < until], "until is exclusive"
    _check_values(account, script, keys)
    _check_limits(account, script)


def _check_values(account: Account, script: str, keys: list[tuple[str, int]]) -> None:
    page = poll(account, {"type": "customer", "since": START, "pageSize": 1, "columns": ["subsidiary", "subsidiary.name", "email"]}, script=script)
    values = page["rows"][0]["values"]
    name = values["subsidiary.name"]
    assert values["subsidiary"] == {"value": {"US": "1", "CA": "2"}.get(name), "text": name}, "references carry their text, joins work"
    page = poll(account, {"search": "customsearch_ca", "since": START}, script=script)
    inside = account.store.rows("select count(*) from customer where subsidiary=2")[0][0]
    assert (len(page["rows"]), set(page["rows"][0]["values"])) == (inside, {"Name"}), "a saved search keeps its filters and labels"
    page = poll(account, {"type": "customer", "since": START, "filters": ["subsidiary", "anyof", "1"]}, script=script)
    assert len(page["rows"]) == len(keys) - inside, "own filters narrow the window"
    ids = [str(keys[3][1]), str(keys[5][1])]
    page = poll(account, {"type": "customer", "ids": ids}, script=script)
    assert sorted(r["id"] for r in page["rows"]) == sorted(ids), "records asked for by id"


def _check_limits(account: Account, script: str) -> None:
    name = lambda body, **more: call_script(account, body, script=script, **more).get("error", {}).get("name")  # noqa: E731
    assert name({"type": "customer"}, budget=100) == "ACCORD_OUT_OF_UNITS", "stops before the units end"
    assert name({"type": "customer", "since": "x' OR '1'='1"}) == "ACCORD_BAD_REQUEST", "nothing but a stamp gets into the formula"
    assert name({"type": "customer", "pageSize": 1001}) == "ACCORD_BAD_REQUEST"
    account.options.time_zone = "America/New_York"
    assert name({"type": "customer"}) == "ACCORD_ZONE", "stamps are UTC or nothing"
    account.options.time_zone = "GMT"
