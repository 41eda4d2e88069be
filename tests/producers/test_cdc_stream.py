"""The source on the sandbox's stream: crashes, breaks, lost places, other orgs, mass deletions."""

import asyncio
import json
from dataclasses import replace

import pytest

from accord.errors import Fatal
from ops.sandbox.salesforce.subscription import Timing
from producers import cdc_changes
from producers.brake import Stopped
from producers.cdc_position import read
from tests.ops.sandbox.salesforce_pubsub.kit import order_with_lines
from tests.ops.sandbox.salesforce_pubsub.stand import CHANNEL, DEADLINE_S, standing
from tests.producers.cdc_kit import EVENT, MEANING, READS, Runner, _create_until


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
            assert {(r.entity, r.object, r.record_id, r.since) for r in runner.requests} == {(one.entity, one.object, "*", good - 60_000) for one in READS}
            assert read(runner.position).replay_id == ""
            runner.requests.clear()
            await asyncio.gather(runner.until(lambda: runner.changes), _create_until(stand, runner))
            assert {request.object for request in runner.requests} == {one.object for one in READS}

    asyncio.run(run())


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
