"""The audit trail's old rows go by a word of the chain itself, and by nobody else's, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from accord.errors import Rejected
from ops.audit import chain, walk
from ops.audit.chain import Fault, Head, Seal, Verdict
from ops.audit.keep import step as word
from ops.audit.shortened import ends
from ops.audit.store import AuditStore
from ops.audit.tables import SEALS, STEPS
from ops.database import engine
from tests.ops.test_audit_chain import PERSON, TOLD, about, filled, step

#: Offsets of `filled` are 0, 3 ... 33 in two partitions, each row of the time that its offset says.
WORD = 40
LATER = 100
Act = Callable[[AuditStore, Any], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _pages(monkeypatch):
    monkeypatch.setattr(walk, "PAGE", 8)


def on(url: str, act: Act) -> Any:
    async def run():
        async with filled(url) as (store, db):
            return await act(store, db)

    return asyncio.run(run())


async def cut(store: AuditStore, until: int, offset: int = WORD, partition: int = 0) -> str:
    """The role looks for old rows, and reads its own word back from the topic."""
    detail = await store.due(until)
    if detail:
        await store.add([(partition, offset, word(LATER, 30, detail))])
    return detail


async def left(db: Any) -> list[tuple[int, int]]:
    async with db.connect() as connection:
        rows = [tuple(r) for r in await connection.execute(text("SELECT topic_partition, topic_offset FROM audit_step ORDER BY 1, 2"))]
        assert rows == [tuple(r) for r in await connection.execute(text("SELECT topic_partition, topic_offset FROM audit_seal ORDER BY 1, 2"))]
    return rows


async def tamper(db: Any, *statements: str) -> None:
    async with db.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


def test_old_rows_are_gone_and_the_chain_still_holds(database_url):
    """A trail that only grows fills the disk; one that is cut off and cries wolf for ever after is read by nobody."""

    async def act(store, db):
        before = await store.verify({})
        await cut(store, 12)
        await store.add([(p, o, step(p, o)) for p in (0, 1) for o in (45, 48)])
        return before, await store.verify({}), await left(db)

    before, found, rows = on(database_url, act)
    kept = [12, 15, 18, 21, 24, 27, 30, 33]
    assert rows == [*((0, o) for o in (*kept, WORD, 45, 48)), *((1, o) for o in (*kept, 45, 48))]
    assert (found.faults, found.rows) == ([], len(rows))
    assert {p: head.offset for p, head in found.cut.items()} == {0: 9, 1: 9}
    assert before.cut == {}


def test_a_head_that_was_noted_before_is_found_again_or_told_as_too_old(database_url):
    """Who carries heads away must learn when they have become too old to prove anything, and not that all is well."""

    async def act(store, _):
        whole = await store.verify({})
        await cut(store, 12)
        at_cut = (await store.verify({})).cut
        return [await store.verify(heads) for heads in (whole.heads, at_cut, {1: Head(9, "another")}, {1: Head(6, at_cut[1].link)}, {1: Head(12, "another")})]

    newer, same, other, older, rewritten = on(database_url, act)
    assert (newer.faults, same.faults) == ([], [])
    assert other.faults == [Fault(1, 9, "rewritten")]
    assert older.faults == [Fault(1, 6, "too_old")]
    assert rewritten.faults == [Fault(1, 12, "rewritten")]


GONE = "DELETE FROM {} WHERE topic_partition = 1 AND topic_offset <= {}"
TABLES = ("audit_step", "audit_seal")


def beginning(offset: int) -> list[str]:
    return [GONE.format(table, offset) for table in TABLES]


def forged(cuts: dict[int, Head], offset: int) -> str:
    """Somebody's own word, which says that partition 1 was cut off there."""
    detail = json.dumps({"cut": {str(p): list(head) for p, head in cuts.items()}, "erased": []})
    columns = "topic_partition, topic_offset, correlation_id, at, step, system, entity, key, record_id, event_id, code, message, detail, duration_ms"
    return f"INSERT INTO audit_step ({columns}) VALUES (0, {offset}, 'x', 50, 'shortened', '', '', '', '', '', '', '', '{detail}', 0)"


def test_a_beginning_that_anybody_else_cut_off_shows(database_url):
    """Retention would be the way to hide something old: whoever may write the database deletes, and calls it old age."""

    async def act(store, db):
        links = {}
        async with db.connect() as connection:
            links = {r[0]: r[1] for r in await connection.execute(text("SELECT topic_offset, link FROM audit_seal WHERE topic_partition = 1"))}
        await tamper(db, *beginning(12))
        out = [await store.verify({})]
        await tamper(db, forged({1: Head(12, links[12])}, 50))
        out.append(await store.verify({}))
        await tamper(db, "INSERT INTO audit_seal SELECT 0, 50, digest, subject, link FROM audit_seal WHERE topic_partition = 0 AND topic_offset = 33")
        out.append(await store.verify({}))
        return out

    plain, with_word, with_seal = on(database_url, act)
    assert plain.faults == [Fault(1, 15, "broken")]
    assert with_word.faults == [Fault(0, 50, "inserted")], "the beginning fits the word, but the word is none of the chain"
    assert {(f.offset, f.kind) for f in with_seal.faults} == {(50, "changed"), (50, "broken")}


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (beginning(12), [Fault(1, 15, "broken")]),
        ([beginning(12)[0]], [Fault(1, 12, "removed")]),
        (["UPDATE audit_step SET code = 'x' WHERE topic_partition = 1 AND topic_offset = 12"], [Fault(1, 12, "changed")]),
        ([f"DELETE FROM audit_step WHERE topic_offset = {WORD}"], [Fault(0, 12, "broken"), Fault(0, WORD, "removed"), Fault(1, 12, "broken")]),
        ([f"UPDATE audit_step SET detail = 'x' WHERE topic_offset = {WORD}"], [Fault(0, 12, "broken"), Fault(0, WORD, "changed"), Fault(1, 12, "broken")]),
        (["UPDATE audit_cut SET topic_offset = 12, link = 'x' WHERE topic_partition = 1", *beginning(12)], [Fault(1, 15, "broken")]),
    ],
    ids=["more", "a row", "changed", "the word", "the word changed", "the look-up"],
)
def test_after_a_cut_nothing_else_may_be_gone(database_url, statements, faults):
    """A trail that was shortened once must not let the next deletion pass as part of it."""

    async def act(store, db):
        await cut(store, 12)
        await tamper(db, *statements)
        return await store.verify({})

    assert on(database_url, act).faults == faults


def test_what_was_touched_is_not_swept_away(database_url):
    """The proof that somebody changed a row would age out by itself, unseen, where nobody asked in time."""

    async def act(store, db):
        await tamper(db, "UPDATE audit_step SET message = 'nothing' WHERE topic_partition = 1 AND topic_offset = 3")
        with pytest.raises(Rejected, match="not as it was written"):
            await cut(store, 12)
        return await store.verify({})

    assert on(database_url, act).faults == [Fault(1, 3, "changed")]


async def sealed(db: Any, offset: int, of_row: str) -> str:
    """A seal that follows the one before it, as whoever knows how they are made can make one; the next one was made before."""
    async with db.connect() as connection:
        row = dict((await connection.execute(select(STEPS).where(STEPS.c.topic_partition == 0, STEPS.c.topic_offset == offset))).one()._mapping)
        before = await connection.scalar(
            select(SEALS.c.link).where(SEALS.c.topic_partition == 0, SEALS.c.topic_offset < offset).order_by(SEALS.c.topic_offset.desc()).limit(1)
        )
    made = of_row or chain.digest(row)
    return f"INSERT INTO audit_seal VALUES (0, {offset}, '{made}', 's', '{chain.link(before, (0, offset), made, 's')}')"


@pytest.mark.parametrize("of_row", [None, "another", ""], ids=["no seal", "seal of another row", "the next seal doesn't follow"])
def test_somebodys_own_word_is_not_said_again_by_us(database_url, monkeypatch, of_row):
    """The role would make it a word of the chain: a beginning that somebody deleted would be right from the next day on."""
    monkeypatch.setattr(walk, "PAGE", 4)

    async def act(store, db):
        async with db.connect() as connection:
            link = await connection.scalar(text("SELECT link FROM audit_seal WHERE topic_partition = 1 AND topic_offset = 12"))
        await tamper(db, *beginning(12), forged({1: Head(12, link)}, 31))
        if of_row is not None:
            await tamper(db, await sealed(db, 31, of_row))
        with pytest.raises(Rejected, match="not as it was written"):
            await cut(store, 20)

    on(database_url, act)


def test_a_partition_of_which_nothing_is_left_goes_on_where_it_ended(database_url):
    """Its next row would begin a chain of its own, and a topic that is read again would bring back all that had gone."""

    async def act(store, db):
        last = (await store.verify({})).heads[1]
        for offset in range(WORD, WORD + 4):
            await cut(store, 80, offset)
        empty = await store.verify({1: last})
        await store.add([(1, o, step(1, o)) for o in (3, 33, 36)])
        return last, empty, await store.verify({1: last}), await left(db)

    last, empty, found, rows = on(database_url, act)
    assert (empty.faults, empty.heads[1], empty.cut[1]) == ([], last, last)
    assert (found.faults, [r for r in rows if r[0] == 1]) == ([], [(1, 36)])


def test_a_cut_says_again_what_the_one_before_it_said(database_url):
    """The word about a partition that has been silent since would age out with its row, and its beginning be a fault from then on."""

    async def act(store, db):
        await cut(store, 12, 40)
        for offset in range(60, 64):
            await store.add([(0, offset, step(0, LATER))])
            await cut(store, LATER + 1, offset + 10)
        return await store.verify({}), await left(db)

    found, rows = on(database_url, act)
    assert found.faults == []
    assert (0, 40) not in rows, "the first word is gone"
    assert found.cut[1].offset == 33


def test_a_word_that_went_still_tells_of_whom_it_erased(database_url):
    """A seal without its row stays behind where another partition was slower, and would be called a removal."""
    trail = [
        (0, 0, about(2, PERSON)), (0, 1, about(5, PERSON, step="erased", system="", record_id="", detail=TOLD)), (1, 0, about(30, "contact:salesforce:003B")),
        (1, 1, about(4, PERSON, step="applied")), (1, 2, about(31, "contact:salesforce:003B")), (0, 3, about(31, "contact:salesforce:003B")),
    ]  # fmt: skip

    async def run() -> tuple[str, Verdict, Verdict]:
        db = engine(database_url, Path("unused"))
        store = AuditStore(db)
        await store.open()
        await store.add(trail)
        detail = await cut(store, 20)
        found = await store.verify({})
        await store.add([(0, WORD + 1, word(50, 30, json.dumps(json.loads(detail) | {"erased": []})))])
        await tamper(db, f"UPDATE audit_step SET detail = '{json.dumps(json.loads(detail) | {'erased': []})}' WHERE topic_offset = {WORD}")
        without = await store.verify({})
        await store.close()
        return detail, found, without

    detail, found, without = asyncio.run(run())
    assert (found.faults, found.erased, found.cut[0].offset) == ([], 1, 1)
    assert len(json.loads(detail)["erased"]) == 1, "just the one of whom something is left"
    assert Fault(1, 1, "removed") in without.faults


def test_a_word_about_another_chain_cuts_nothing(database_url):
    """A database made anew from the topic has other links: what was said of the old one must not take rows of this one."""

    async def act(store, db):
        other = json.dumps({"cut": {"0": [9, "another"], "1": [9, "another"]}, "erased": []})
        await store.add([(0, WORD, word(WORD, 30, other)), (1, WORD, word(WORD, 30, "x")), (1, WORD + 1, word(WORD, 30, '{"cut": {"0": 7}, "erased": []}'))])
        return await store.verify({}), await left(db)

    found, rows = on(database_url, act)
    assert (found.faults, len(rows)) == ([], 27)


def test_nothing_is_due_where_nothing_is_old(database_url):
    """A word each hour about nothing would be most of what the trail says."""

    async def act(store, _):
        return await store.due(0), await cut(store, 12) != "", await store.due(12)

    assert on(database_url, act) == ("", True, "")


TIMES = st.lists(st.integers(0, 30), max_size=8)


@given(st.dictionaries(st.integers(0, 3), st.tuples(TIMES, st.booleans()), max_size=4), st.integers(0, 30))
def test_rows_go_in_order_and_never_a_young_one(given_pages, until):
    """Whatever the clocks of many processes wrote: a young row must stay, and a beginning that is old must not stand in the way for ever."""
    pages = {
        p: ([(((p, o), {"at": at}), Seal(p, o, "d", "s", "l")) for o, at in enumerate(times)], more and len(times) == 8)
        for p, (times, more) in given_pages.items()
    }
    found = ends(pages, until)
    for p, seal in found.items():
        assert all(at < until for at in given_pages[p][0][: seal.offset + 1])
    if all(times and times[0] < until for times, _ in given_pages.values()) and given_pages and all(max(t) < until for t, _ in given_pages.values()):
        assert found, "all of it is old: something goes"
