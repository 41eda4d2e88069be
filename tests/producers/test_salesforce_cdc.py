import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from accord.clock import SystemClock
from accord.errors import Fatal, Transient
from accord.reads import SalesforceRead
from accord.salesforce.events import ChangeEvent, Undecodable
from accord.salesforce.pubsub import Batch
from ops.sandbox.salesforce.subscription import Timing
from producers import cdc_changes
from producers.brake import Stopped
from producers.cdc_changes import Meaning
from producers.cdc_position import Held, Track, moved, read
from producers.salesforce_cdc import SalesforceCdc
from tests.ops.sandbox.salesforce_pubsub.stand import CHANNEL, DEADLINE_S, standing
from tests.ops.sandbox.salesforce_pubsub.test_server import order_with_lines

READS = [
    SalesforceRead("customer", "Account", "cdc", ("Name", "Phone", "Description", "BillingStreet")),
    SalesforceRead("contact", "Contact", "cdc", ("LastName",)),
    SalesforceRead("order", "Order", "document", ("Status",)),
    SalesforceRead("order", "OrderItem", "document", ("Quantity",), hint=("order", "OrderId")),
]
MEANING = Meaning(cdc_changes.by_object(READS), since=1_000, margin_ms=5_000)
EVENT = ChangeEvent(
    replay_id=b"\0" * 9 + b"\1",
    event_id="e1",
    entity="Account",
    record_ids=("001A",),
    change_type="UPDATE",
    origin="",
    transaction_key="tx",
    sequence=1,
    commit_ms=2_000_000,
    commit_number=12,
    user="005A",
    changed=("Phone", "Fax"),
    nulled=("Fax",),
    diffed=(),
    hidden=(),
    values={"Phone": "1", "Fax": None},
)


def meant(event):
    found = list(cdc_changes.changes(event, MEANING)) if isinstance(event, ChangeEvent) else []
    return found, list(cdc_changes.requests(event, MEANING))


class Runner:
    """What producers.runner does, without Kafka: keeps what was committed, comes back after Transient."""

    def __init__(self, stand, **options):
        self.source = SalesforceCdc(stand.client(), CHANNEL, READS, SystemClock(), **options)
        self.changes, self.requests, self.position, self.transients = [], [], None, 0

    async def until(self, enough):
        """Run until `enough()` after a committed page, then crash: nothing after that page happens."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                stream = self.source.pages(self.position)
                try:
                    async for page in stream:
                        self.changes += page.changes
                        self.requests += page.requests
                        self.position = page.position or self.position
                        if enough():
                            return
                except Transient:
                    self.transients += 1
                finally:
                    await stream.aclose()

    async def started(self, stand):
        """Run until the position holds a replay id, so that nothing later can be missed."""
        stand.org.create("Account", {"Name": "first"})

        async def nudge():
            while True:
                await asyncio.sleep(0.02)
                stand.org.create("Account", {"Name": "nudge"})

        nudging = asyncio.ensure_future(nudge())
        try:
            await self.until(lambda: self.position and read(self.position).replay_id)
        finally:
            nudging.cancel()
        self.changes.clear()
        self.requests.clear()

    def names(self):
        return [json.loads(change.body).get("Name") for change in self.changes if change.kind == "create"]


def test_one_change_for_each_record():
    """The same change to several records is one event; reading recordIds[0] only loses the others."""
    changes, _ = meant(replace(EVENT, record_ids=("001A", "001B", "001C")))
    assert [change.record_id for change in changes] == ["001A", "001B", "001C"]
    assert len({change.event_id for change in changes}) == 3


def test_an_updates_body_is_its_changed_fields_with_nulls():
    """What didn't change is not in the body, what was cleared is."""
    (change,), requests = meant(EVENT)
    assert (change.kind, json.loads(change.body), requests) == ("update", {"Phone": "1", "Fax": None}, [])
    assert (change.number, change.time, change.entity, change.object) == (12, 2_000_000, "customer", "Account")


def test_money_keeps_its_digits():
    """A price is a JSON number of the shortest decimal text, never a float's noise."""
    (change,), _ = meant(replace(EVENT, changed=("Credit__c",), nulled=(), values={"Credit__c": Decimal("191.94")}))
    assert change.body == '{"Credit__c":191.94}'


def test_a_repeat_has_the_same_event_id():
    """Replay ids may differ between deliveries; the transaction, the sequence and the record don't."""
    (first,), _ = meant(EVENT)
    (second,), _ = meant(replace(EVENT, replay_id=b"other", event_id="e2"))
    assert first.event_id == second.event_id


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "SNAPSHOT", "SOMETHING_NEW"])
def test_gaps_and_unknown_kinds_say_that_the_content_is_unknown(kind):
    """Taking the all-null body of a gap for values would wipe the record; ignoring it would lose the change."""
    changes, requests = meant(replace(EVENT, change_type=kind, changed=(), nulled=(), values={}, record_ids=("001A", "001B")))
    assert [(change.kind, change.record_id, change.body, change.reason) for change in changes] == [
        ("gap", "001A", "{}", kind),
        ("gap", "001B", "{}", kind),
    ]
    assert requests == []


@pytest.mark.parametrize("ids", [(), ("001*",)])
def test_without_ids_the_whole_object_is_read_since_the_last_good_position(ids):
    """GAP_OVERFLOW and wildcards name no record: only a window finds them."""
    changes, requests = meant(replace(EVENT, change_type="GAP_OVERFLOW", changed=(), nulled=(), values={}, record_ids=ids))
    assert changes == []
    (request,) = requests
    assert (request.object, request.record_id, request.since, request.not_before) == ("Account", "*", 1_000, 2_005_000)


def test_a_gap_of_a_line_asks_for_a_window_because_its_order_is_unknown():
    """The gap has no OrderId; without a window the order would keep the old line."""
    event = replace(EVENT, entity="OrderItem", change_type="GAP_UPDATE", changed=(), nulled=(), values={}, record_ids=("802A",))
    _, requests = meant(event)
    assert [(request.entity, request.object, request.record_id) for request in requests] == [("order", "OrderItem", "*")]


@pytest.mark.parametrize(("field", "reason"), [("diffed", "difference instead of a value"), ("hidden", "value not shown")])
def test_a_value_that_was_not_sent_is_read(field, reason):
    """A difference of a long text, and a field that we may not read, are no values: the record is read."""
    event = replace(EVENT, changed=("Description",), nulled=(), values={}, **{field: ("Description",)})
    (change,), (request,) = meant(event)
    assert (change.body, request.record_id, request.reason, request.not_before) == ("{}", "001A", reason, 2_005_000)
    _, others = meant(replace(event, **{field: ("Unmapped__c",)}))
    assert others == []


def test_an_event_that_does_not_fit_its_schema_has_everything_read():
    """Its record is unknown: every mapped object is read since the last good position, and the stream goes on."""
    _, requests = meant(Undecodable(b"x", "e9", "schema", "EOFError"))
    assert {(request.object, request.record_id) for request in requests} == {(one.object, "*") for one in READS}


def test_objects_that_are_not_mapped_are_no_business_of_ours():
    """A channel may carry more than we map."""
    assert meant(replace(EVENT, entity="Lead")) == ([], [])


def test_the_position_stays_before_an_event_that_may_go_on():
    """Committing the shared id after the first part of a split event and crashing would lose its other parts."""
    one, two, three = (replace(EVENT, replay_id=bytes([n]), commit_ms=n * 1000) for n in (1, 2, 3))
    start = Track(Held("org", "channel", "00", 500))
    track = moved(start, Batch((one, two, two), b"\2"), 9_000)
    assert (track.held.replay_id, track.held.at) == ("01", 1000)
    assert moved(track, Batch((two,), b"\2"), 9_000).held.replay_id == "01"
    assert moved(track, Batch((three,), b"\3"), 9_000).held.replay_id == "02"
    quiet = moved(track, Batch((), b"\4"), 9_000)
    assert (quiet.held.replay_id, quiet.held.at) == ("04", 9_000)


def test_create_update_delete_undelete(tmp_path):
    """The life of a record arrives in order, each kind with its body."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            account = stand.org.create("Account", {"Name": "Acme", "Phone": "1"})
            stand.org.update("Account", account, {"Phone": None})
            stand.org.delete("Account", account)
            stand.org.undelete("Account", account)

            def mine():
                return [change for change in runner.changes if change.record_id == account]

            await runner.until(lambda: len(mine()) == 4)
            assert [change.kind for change in mine()] == ["create", "update", "delete", "undelete"]
            bodies = [json.loads(change.body) for change in mine()]
            assert (bodies[0]["Name"], bodies[1]["Phone"], bodies[2], bodies[3]["Name"]) == ("Acme", None, {}, "Acme")
            assert "Name" not in bodies[1]
            assert len({change.number for change in mine()}) == 4

    asyncio.run(run())


def test_a_line_carries_its_order_even_when_that_did_not_change(tmp_path):
    """Enrichment names the document that a changed line belongs to; without it each line would cost a query."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            order, lines = order_with_lines(stand.org, 1)
            stand.org.update("OrderItem", lines[0], {"Description": "changed"})

            def updates():
                return [change for change in runner.changes if change.object == "OrderItem" and change.kind == "update"]

            await runner.until(updates)
            body = json.loads(updates()[0].body)
            assert (body["OrderId"], body["Description"], updates()[0].entity) == (order, "changed", "order")

    asyncio.run(run())


def test_a_crash_between_the_parts_of_a_split_event_loses_none(tmp_path):
    """150 lines changed alike are one event, split under one replay id over two batches: the crash comes after the first."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            _, lines = order_with_lines(stand.org, 150)
            org = stand.org
            with org.transaction(org.caller()) as tx:
                for line in lines:
                    org.saver.update(tx, org.objects["OrderItem"], line, {"Description": "same"})

            def seen():
                return {change.record_id for change in runner.changes if change.object == "OrderItem" and change.kind == "update"}

            await runner.until(lambda: 0 < len(seen()) < 150)
            await runner.until(lambda: len(seen()) == 150)
            assert seen() == set(lines)

    asyncio.run(run())


@pytest.mark.parametrize("fault", ["service_unavailable", "rst", "auth_error", "stream_error"])
def test_a_broken_stream_is_taken_up_where_it_was(tmp_path, fault):
    """Breaks in the middle of batches, again and again: every change arrives, in order."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            stand.fault(fault, times=3)
            for number in range(60):
                stand.org.create("Account", {"Name": f"n{number}"})
            await runner.until(lambda: "n59" in runner.names())
            expected = [f"n{number}" for number in range(60)]
            assert [name for name in dict.fromkeys(runner.names()) if name in expected] == expected
            assert (runner.transients > 0, stand.org.faults.active()) == (True, [])
            assert runner.requests == []

    asyncio.run(run())


def test_an_expired_session_is_renewed_without_a_gap(tmp_path):
    """Tokens end at any time; the stream goes on with a new one."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            stand.org.end_session()
            stand.org.create("Account", {"Name": "while away"})
            await runner.until(lambda: "while away" in runner.names())
            assert stand.tokens.renewed >= 1

    asyncio.run(run())


def test_a_lost_replay_id_leads_to_a_window_and_never_only_to_latest(tmp_path):
    """What happened while the id was lost is read again since the last good position, and once more since before the stream stood."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand, overlap_s=60.0)
            await runner.started(stand)
            good = read(runner.position).at
            stand.org.create("Account", {"Name": "missed"})
            stand.org.clock.advance(73 * 3600)
            stand.tokens.renew(None)
            await runner.until(lambda: runner.requests)
            assert {(r.entity, r.object, r.record_id, r.since) for r in runner.requests} == {
                (one.entity, one.object, "*", good - 60_000) for one in READS
            }
            assert read(runner.position).replay_id == ""
            runner.requests.clear()
            await asyncio.gather(runner.until(lambda: runner.changes), _create_until(stand, runner))
            assert {request.object for request in runner.requests} == {one.object for one in READS}

    asyncio.run(run())


async def _create_until(stand, runner):
    while not runner.changes:
        stand.org.create("Account", {"Name": "later"})
        await asyncio.sleep(0.02)


def test_a_stream_that_cannot_be_opened_asks_for_windows_once(tmp_path):
    """Twenty attempts must not become twenty re-reads of everything."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            stand.fault("replay_expired")
            stand.fault("rpc_error", times=20, match={"rpc": "Subscribe"}, code="service.unavailable")
            runner.transients = 0
            lost = asyncio.ensure_future(runner.until(lambda: runner.transients >= 20 and runner.changes))
            await _create_until(stand, runner)
            await lost
            assert len(runner.requests) <= 2 * len(READS)

    asyncio.run(run())


def test_keepalives_move_the_position(tmp_path):
    """The position of a quiet topic must not age out of the 72 hours."""

    async def run():
        async with standing(tmp_path, timing=Timing(tick_s=0.02)) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            before, pages = read(runner.position), []
            stream = runner.source.pages(runner.position)
            async with asyncio.timeout(DEADLINE_S):
                async for page in stream:
                    pages.append(page)
                    if page.position and not page.changes:
                        break
                    stand.org.clock.advance(61)
            await stream.aclose()
            assert read(pages[-1].position).replay_id > before.replay_id

    asyncio.run(run())


def test_another_org_is_fatal(tmp_path):
    """A sandbox refresh or a mistaken credential must never mix two orgs' records."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            runner.position = json.dumps({"org": "00D000000000009EAA", "channel": CHANNEL, "replay_id": "00", "at": 1})
            with pytest.raises(Fatal, match="00D000000000009EAA"):
                await runner.until(lambda: False)

    asyncio.run(run())


def test_another_channel_starts_anew_with_a_window(tmp_path):
    """A replay id of one channel is worth nothing on another; what lies between is read."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand, overlap_s=10.0)
            held = {"org": stand.org.org_id, "channel": "/data/ChangeEvents", "replay_id": "00000000000000010000", "at": 5_000_000}
            runner.position = json.dumps(held)
            await runner.until(lambda: runner.requests)
            assert {request.since for request in runner.requests} == {4_990_000}

    asyncio.run(run())


def test_many_deletions_stop_the_source_before_they_are_told(tmp_path):
    """Somebody deletes everything by mistake: the other system must not follow before a person has looked."""

    async def run():
        async with standing(tmp_path) as stand:
            runner = Runner(stand)
            await runner.started(stand)
            accounts = [stand.org.create("Account", {"Name": f"n{number}"}) for number in range(25)]
            await runner.until(lambda: "n24" in runner.names())
            for account in accounts[:20]:
                stand.org.delete("Account", account)
            await runner.until(lambda: sum(change.kind == "delete" for change in runner.changes) == 20)
            stand.org.delete("Account", accounts[20])
            with pytest.raises(Stopped):
                await runner.until(lambda: False)
            assert sum(change.kind == "delete" for change in runner.changes) <= 40
            assert accounts[20] not in {change.record_id for change in runner.changes if change.kind == "delete"}
            runner.source.brake.confirm(2**60)
            await runner.until(lambda: accounts[20] in {change.record_id for change in runner.changes if change.kind == "delete"})

    asyncio.run(run())


def test_deleted_lines_of_an_order_do_not_pull_the_brake():
    """Lines come and go with everyday edits."""
    event = replace(EVENT, entity="OrderItem", change_type="DELETE", record_ids=tuple(f"802{n}" for n in range(50)))
    assert cdc_changes.deletions(event, MEANING) == 0
    assert cdc_changes.deletions(replace(event, entity="Account"), MEANING) == 50
