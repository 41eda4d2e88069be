"""Tampering with the audit trail shows, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from accord.errors import Rejected
from ops.audit import walk
from ops.audit.chain import Fault, Head, Verdict
from ops.audit.store import AuditStore
from ops.cli import audit as commands
from ops.cli.audit import noted
from ops.database import engine
from schemas.events import Audit

ROWS = [(p, o * 3) for p in (0, 1) for o in range(12)]


def step(p, o):
    return Audit(f"c{p}", o, "sent", "netsuite", "order", "order:salesforce:801", "7", f"e{p}.{o}", "", "größer “7” 日本", '{"a": 1}', 4)


@asynccontextmanager
async def filled(url):
    db = engine(url, Path("unused"))
    store = AuditStore(db)
    await store.open()
    await store.add([(p, o, step(p, o)) for p, o in reversed(ROWS[:9])])
    await store.add([(p, o, step(p, o)) for p, o in ROWS[5:]])  # some of them once more, as after a crash
    yield store, db
    await store.close()


def after(url, *statements, heads=None):
    """The verdict after somebody ran these statements in the database."""

    async def run():
        async with filled(url) as (store, db):
            async with db.begin() as connection:
                for statement in statements:
                    await connection.execute(text(statement))
            return await store.verify(heads or {})

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch):
    monkeypatch.setattr(walk, "PAGE", 4)


def test_a_trail_that_nobody_touched_is_whole(database_url):
    """A check that cries wolf after every restart is switched off."""
    found = after(database_url)
    assert (found.rows, found.count, found.faults) == (24, 0, [])
    assert {p: h.offset for p, h in found.heads.items()} == {0: 33, 1: 33}


@pytest.mark.parametrize(("offset", "column"), [(0, "message = 'nothing'"), (9, "at = at + 1"), (12, "code = NULL"), (33, "detail = ''")])
def test_a_changed_row_is_named(database_url, offset, column):
    """Whoever changed a price and the line that says so must not stay unseen, at the first row, the last, and at the edge of a page."""
    found = after(database_url, f"UPDATE audit_step SET {column} WHERE topic_partition = 1 AND topic_offset = {offset}")
    assert found.faults == [Fault(1, offset, "changed")]


@pytest.mark.parametrize("offset", [0, 9, 12, 33])
def test_a_removed_row_is_named(database_url, offset):
    """The easiest way to hide a step is to delete it."""
    gone = f"WHERE topic_partition = 0 AND topic_offset = {offset}"
    assert after(database_url, f"DELETE FROM audit_step {gone}").faults == [Fault(0, offset, "removed")]


@pytest.mark.parametrize("offset", [0, 9, 12])
def test_a_row_removed_with_its_seal_breaks_the_chain(database_url, offset):
    """Who knows of the seals takes them along; the next link doesn't fit."""
    gone = f"WHERE topic_partition = 0 AND topic_offset = {offset}"
    assert after(database_url, f"DELETE FROM audit_step {gone}", f"DELETE FROM audit_seal {gone}").faults == [Fault(0, offset + 3, "broken")]


@pytest.mark.parametrize("offset", [1, 10, 40])
def test_an_inserted_row_is_named(database_url, offset):
    """An approval that was never given, dated back."""
    copy = "SELECT 0, {}, correlation_id, at, step, system, entity, key, record_id, event_id, code, message, detail, duration_ms FROM audit_step"
    new = f"INSERT INTO audit_step {copy.format(offset)} WHERE topic_partition = 0 AND topic_offset = 9"
    assert after(database_url, new).faults == [Fault(0, offset, "inserted")]
    seal = f"INSERT INTO audit_seal SELECT 0, {offset}, digest, subject, link FROM audit_seal WHERE topic_partition = 0 AND topic_offset = 9"
    assert Fault(0, offset, "broken") in after(database_url, seal).faults, "with a seal of its own"


def test_a_changed_row_with_a_new_digest_breaks_the_chain(database_url):
    """A seal made anew fits its row, but not the one before it."""
    found = after(database_url, "UPDATE audit_seal SET digest = 'f00' WHERE topic_partition = 0 AND topic_offset = 9")
    assert set(found.faults) == {Fault(0, 9, "changed"), Fault(0, 9, "broken")}


def test_an_end_that_was_cut_off_shows_by_a_head_that_was_noted(database_url):
    """The chain itself can't say that its end is missing; whoever wrote its head down can."""
    heads = after(database_url).heads
    cut = [f"DELETE FROM {t} WHERE topic_partition = 0 AND topic_offset > 20" for t in ("audit_step", "audit_seal")]
    assert after(database_url, *cut).count == 0
    assert after(database_url, *cut, heads=heads).faults == [Fault(0, 33, "rewritten")]
    assert after(database_url, heads={0: Head(12, "another")}).faults == [Fault(0, 12, "rewritten")]
    assert after(database_url, heads=heads).count == 0


def test_heads_are_noted_in_a_file_and_nonsense_is_refused(tmp_path):
    """A file with a typing error must not pass as "nothing was noted"."""
    good = tmp_path / "heads.json"
    good.write_text(json.dumps({"heads": {"3": {"offset": 7, "link": "ab"}}}))
    assert noted(good) == {3: Head(7, "ab")}
    for wrong in ("", "[]", '{"heads": {"x": {}}}', '{"heads": []}'):
        good.write_text(wrong)
        with pytest.raises(Rejected):
            noted(good)


def test_the_command_tells_where_a_shortened_trail_begins(monkeypatch, tmp_path):
    """Whoever reads "no faults" must also read that the years before are not in it."""

    async def found(*_):
        return Verdict(rows=7, heads={0: Head(9, "ab"), 1: Head(5, "cd")}, cut={0: Head(4, "ef")})

    monkeypatch.setattr(commands, "verified", found)
    monkeypatch.setattr(commands, "settings", lambda _: None)
    out = tmp_path / "heads.json"
    told = CliRunner().invoke(commands.app, ["verify", "--json", str(out)])
    assert told.exit_code == 0, told.output
    assert "partition 0: 9 ab, kept from after 4 on\npartition 1: 5 cd\n" in told.output
    assert json.loads(out.read_text())["cut"] == {"0": {"offset": 4, "link": "ef"}}
    assert noted(out) == {0: Head(9, "ab"), 1: Head(5, "cd")}


PERSON, OTHER = "contact:salesforce:003A", "contact:salesforce:003B"
TOLD = json.dumps({"names": [PERSON, "contact:netsuite:77"]})


def about(at, key, *, step="sent", system="netsuite", record_id="77", detail="{}"):
    return Audit(f"c{at}", at, step, system, "contact", key, record_id, "", "", "", detail, 0)


#: Read before it had a key, decided, written; another one's; the erasure; and one from another partition that comes after it.
TRAIL = [
    (0, 0, about(1, "", step="read")), (0, 1, about(2, PERSON)), (1, 0, about(3, OTHER)), (1, 1, about(3, "", step="read", record_id="78")),
    (0, 2, about(5, PERSON, step="erased", system="", record_id="", detail=TOLD)), (1, 2, about(4, PERSON, step="applied")),
]  # fmt: skip


def erased(url, *statements, again=False):
    """Rows that are left, and the verdict."""

    async def run():
        db = engine(url, Path("unused"))
        store = AuditStore(db)
        await store.open()
        for batch in [[row for row in TRAIL if row[0] == p] for p in (0, 1)] if again else (TRAIL[:4], TRAIL[4:5], TRAIL[5:]):
            await store.add(batch)
        async with db.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
            left = [tuple(row) for row in await connection.execute(text("SELECT step, key, record_id FROM audit_step ORDER BY at, record_id"))]
        verdict = await store.verify({})
        await store.close()
        return left, verdict

    return asyncio.run(run())


@pytest.mark.parametrize("again", [False, True])
def test_an_erased_record_is_gone_from_the_trail_and_the_chain_still_holds(database_url, again):
    """Forgotten on request, also where the topic is read once more from its beginning; and nobody else's row with it."""
    left, verdict = erased(database_url, again=again)
    assert left == [("sent", OTHER, "77"), ("read", "", "78"), ("erased", PERSON, "")]
    assert (verdict.faults, verdict.rows, verdict.erased) == ([], 3, 3)


def test_an_erasure_hides_nobody_elses_row(database_url):
    """Whoever may write the database must not call a removal an erasure: only a row of the chain says what was erased."""
    _, verdict = erased(database_url, f"DELETE FROM audit_step WHERE key = '{OTHER}'")
    assert verdict.faults == [Fault(1, 0, "removed")]
    forged = f"INSERT INTO audit_erased VALUES ('{OTHER}', 9)"
    _, verdict = erased(database_url, f"DELETE FROM audit_step WHERE key = '{OTHER}'", forged)
    assert verdict.faults == [Fault(1, 0, "removed")]
    _, verdict = erased(database_url, "DELETE FROM audit_step WHERE step = 'erased'")
    assert {f.kind for f in verdict.faults} == {"removed"}
    assert verdict.count == 5, "without the word of the chain every row that went is a fault, and its own too"
