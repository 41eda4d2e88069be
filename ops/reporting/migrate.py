"""Brings a database to what the mapping needs: Alembic's revisions first, then a step that is made from the mapping itself.

Revisions change what exists; the step adds what is missing: a table for a new entity, a column for a new field. Nothing is ever taken away by
itself: a column whose field is gone stays, and stays empty in new rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from sqlalchemy import Column, Connection, MetaData, Table, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.errors import Fatal
from ops.reporting.tables import Tables

LOG = structlog.get_logger(__name__)
SCRIPTS = Path(__file__).parent / "migrations"
#: Any number; every process that migrates takes it, so that two that start at once don't do it together.
LOCK = 52_111_023


async def migrate(db: AsyncEngine, tables: Tables) -> list[str]:
    """Do it, in one transaction, and answer what was added. Raises Fatal where a column is there with another type."""
    async with db.execution_options(writes=True).begin() as connection:
        return await connection.run_sync(_migrate, tables.metadata)


async def missing(db: AsyncEngine, tables: Tables) -> str:
    """The DDL of the mapping's step for this database, for those who let nobody but themselves alter it."""
    async with db.connect() as connection:
        return await connection.run_sync(_as_sql, tables.metadata)


def _migrate(connection: Connection, metadata: MetaData) -> list[str]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
    revise(connection)
    wrong = sorted(_changed(connection, metadata))
    if wrong:
        raise Fatal("columns have another type than the mapping says (accord report rebuild makes the tables anew):\n  " + "\n  ".join(wrong))
    operations, added = Operations(MigrationContext.configure(connection)), []
    for step in steps(connection, metadata):
        operations.invoke(step)
        added.append(told(step))
    if added:
        LOG.info("the reporting tables follow the mapping", added=[name for name in added if not name.startswith("ix_")])
    return added


def revise(connection: Connection) -> None:
    """The revisions that came with this version of Accord."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _as_sql(connection: Connection, metadata: MetaData) -> str:
    out = io.StringIO()
    offline = MigrationContext.configure(dialect=connection.dialect, opts={"as_sql": True, "output_buffer": out})
    operations = Operations(offline)
    for step in steps(connection, metadata):
        operations.invoke(step)
    return out.getvalue()


def steps(connection: Connection, metadata: MetaData) -> Iterator[ops.MigrateOperation]:
    """What the mapping has and the database lacks. References last: two tables may name each other."""
    found = inspect(connection)
    there = {name: {c["name"] for c in found.get_columns(name)} for name in found.get_table_names() if name in metadata.tables}
    late: list[tuple[Table, Column[object]]] = []
    for table in metadata.tables.values():
        absent = [c for c in table.columns if c.name not in there.get(table.name, ())]
        now = [c for c in absent if not _names_another(c)]
        late += [(table, c) for c in absent if _names_another(c)]
        if table.name not in there:
            yield ops.CreateTableOp(table.name, now)
        else:
            yield from (ops.AddColumnOp(table.name, c) for c in now)
    yield from (ops.AddColumnOp(table.name, column, inline_references=True) for table, column in late)
    indexed = {name: {i["name"] for i in found.get_indexes(name)} for name in there}
    for table in metadata.tables.values():
        new = sorted((i for i in table.indexes if i.name not in indexed.get(table.name, ())), key=lambda i: str(i.name))
        yield from (ops.CreateIndexOp.from_index(index) for index in new)


def told(step: ops.MigrateOperation) -> str:
    if isinstance(step, ops.CreateTableOp):
        return step.table_name
    if isinstance(step, ops.AddColumnOp):
        return f"{step.table_name}.{step.column.name}"
    return str(getattr(step, "index_name", step))


def _names_another(column: Column[object]) -> bool:
    return any(key.deferrable for key in column.foreign_keys)


def _changed(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """Columns of another type than ours: a field's type was changed, which no reader of the topic could follow either."""
    context, found = MigrationContext.configure(connection), inspect(connection)
    for name in sorted(set(found.get_table_names()) & set(metadata.tables)):
        there = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
        for column in metadata.tables[name].columns:
            if column.name in there.c and context.impl.compare_type(there.c[column.name], column):
                yield f"{name}.{column.name}: {there.c[column.name].type}, not {column.type.dialect_impl(connection.dialect)}"
