"""Tables follow the mapping, and nothing else changes them."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from accord.errors import Fatal
from ops.database import engine
from ops.reporting.migrate import migrate, missing, revise
from ops.reporting.tables import FIXED, tables
from streams.mapping import load
from streams.mapping import shipped as shipped_tables
from tests.ops.reporting.kit import FEW, D, Log, opened, put, rows, run, shipped
from tests.streams.mapping.builders import reference

KEY = "customer:salesforce:001A"


def overlaid(tmp_path):
    (tmp_path / "customer.toml").write_text(
        '[fields]\nregion = { type = "text(20)", owner = "salesforce", salesforce = "Region__c" }\n'
        'budget = { type = "money", owner = "salesforce", salesforce = "Budget__c" }\n'
        'dealer = { type = "ref(customer)", owner = "salesforce", salesforce = "Dealer__c" }\n'
    )
    found = load(shipped_tables(), [tmp_path], reference())
    return {name: found[name].schema for name in FEW}


def test_a_users_field_adds_its_column_and_keeps_what_is_there(database_url, tmp_path):
    """A custom field must not cost the tables, nor the reports that stand on them."""
    log = Log()
    log.tell(KEY, {"salesforce_id": "001A", "name": "Acme"})

    async def check():
        async with opened(database_url) as store:
            await put(store, log)
        log.tell("customer:salesforce:002B", {"salesforce_id": "002B", "region": "north", "budget": D("12.3400"), "dealer": KEY})
        async with opened(database_url, overlaid(tmp_path)) as store:
            await put(store, log)
            return await rows(store, "golden_customer", "key", "name", "region", "budget", "dealer_key")

    assert run(check()) == [(KEY, "Acme", None, None, None), ("customer:salesforce:002B", None, "north", D("12.34"), KEY)]


def test_a_field_that_goes_leaves_its_column(database_url, tmp_path):
    """A report of last year still names it; and an older version of Accord may run for a day beside the new one."""
    log = Log()
    log.tell(KEY, {"salesforce_id": "001A", "region": "north"})
    log.tell("customer:salesforce:002B", {"salesforce_id": "002B"})
    wide = overlaid(tmp_path)

    async def check():
        async with opened(database_url, wide) as store:
            await put(store, log, log.records[:1])
        async with opened(database_url) as store:
            await put(store, log)
        async with opened(database_url, wide) as store:
            return await rows(store, "golden_customer", "key", "region")

    assert run(check()) == [(KEY, "north"), ("customer:salesforce:002B", None)]


def test_a_new_entity_gets_its_tables(database_url):
    """And what named its records before knows them from then on."""
    log = Log()
    log.tell("item:netsuite:7", {"netsuite_id": "7"})
    log.tell("price:netsuite:9", {"item": "item:netsuite:7"})

    async def check():
        async with opened(database_url, shipped("item")) as store:
            await put(store, log, log.records[:1])
        async with opened(database_url, shipped("item", "price")) as store:
            await put(store, log)
            return await rows(store, "golden_price", "item_ref", "item_key")

    assert run(check()) == [("item:netsuite:7", "item:netsuite:7")]


def test_a_second_start_changes_nothing(database_url):
    """A step that is found anew at each start would one day be the wrong one."""

    async def check():
        async with opened(database_url) as store:
            return await migrate(store._db, store.tables), await missing(store._db, store.tables)

    assert run(check()) == ([], "")


def test_a_field_of_another_type_is_told_and_not_guessed(database_url):
    """Text in a column of amounts is refused at the first such record otherwise, at night."""
    changed = copy.deepcopy(json.loads(json.dumps(shipped(*FEW))))
    (field,) = [f for f in changed["customer"]["fields"] if f["name"] == "credit_limit"]
    field["type"] = ["null", "string"]

    async def check():
        async with opened(database_url):
            pass
        with pytest.raises(Fatal, match=r"golden_customer\.credit_limit"):
            async with opened(database_url, changed):
                pass
        async with opened(database_url) as store:
            await store.forget()
        async with opened(database_url, changed) as store:
            return await rows(store, "golden_customer", "credit_limit")

    assert run(check()) == []


def test_a_field_that_is_called_like_a_column_of_ours_is_told():
    """Two columns of one name, one of which nobody can read."""
    field = {"name": "position", "type": ["null", "string"], "default": None}
    changed = json.loads(json.dumps(shipped(*FEW)))
    (lines,) = [f for f in changed["order"]["fields"] if f["name"] == "lines"]
    lines["type"]["items"]["fields"].append(field)
    with pytest.raises(Fatal, match="golden_order_lines: reporting has a column 'position' already"):
        tables(changed)


def test_the_step_can_be_read_before_it_is_done(database_url, tmp_path):
    """Where only a database administrator may alter tables, he needs the statements."""

    async def check():
        async with opened(database_url) as store:
            wanted = tables(overlaid(tmp_path))
            told = await missing(store._db, wanted)
            async with store._db.begin() as connection:
                for statement in filter(str.strip, told.split(";")):
                    await connection.exec_driver_sql(statement)
            return told, await migrate(store._db, wanted)

    told, left = run(check())
    assert "ADD COLUMN region TEXT" in told
    assert left == []


def test_the_revisions_make_what_the_code_uses(database_url):
    """A column that only the code knows fails at the first record."""

    async def check():
        async with opened(database_url, {}) as store, store._db.connect() as connection:
            return await connection.run_sync(different)

    def different(connection):
        found, context = inspect(connection), MigrationContext.configure(connection)
        out = sorted(set(FIXED.tables) ^ (set(found.get_table_names()) - {"reporting_version"}))
        for name, table in FIXED.tables.items():
            there = {c["name"]: c for c in found.get_columns(name)}
            out += sorted(set(there) ^ set(table.columns.keys()))
            out += [f"{name}.{c.name}" for c in table.columns if there[c.name]["nullable"] is not bool(c.nullable)]
            out += sorted({i["name"] for i in found.get_indexes(name)} ^ {i.name for i in table.indexes})
            out += sorted(set(found.get_pk_constraint(name)["constrained_columns"]) ^ set(table.primary_key.columns.keys()))
        assert context.get_current_heads() == ()
        return out

    assert run(check()) == []


def test_a_migration_that_is_cut_off_begins_anew(database_url, monkeypatch):
    """A kill between two statements must not leave a table that neither stands nor can be made."""

    async def check():
        db = engine(database_url, Path("unused"))

        def cut(connection):
            revise(connection)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            async with db.begin() as connection:
                await connection.run_sync(cut)
        added = await migrate(db, tables(shipped(*FEW)))
        await db.dispose()
        return added

    assert "golden_customer" in run(check())


def test_two_that_start_at_once_do_not_meet(database_url):
    """A supervisor and a person may start the role at the same moment."""

    async def check():
        wanted = tables(shipped("item"))
        both = [engine(database_url, Path("unused")) for _ in range(2)]
        added = await asyncio.gather(*(migrate(db, wanted) for db in both))
        for db in both:
            await db.dispose()
        return added

    none, all_of_it = sorted(run(check()), key=len)
    assert none == []
    assert "golden_item" in all_of_it
