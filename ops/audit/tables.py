"""The tables of the audit trail. Who opens the database makes what is missing; nothing that was there is changed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, text

from ops.audit import erased, shortened

METADATA = MetaData()
STEPS = Table(
    "audit_step",
    METADATA,
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("correlation_id", String(200), index=True),
    Column("at", BigInteger, index=True),
    Column("step", String(40)),
    Column("system", String(20)),
    Column("entity", String(40)),
    Column("key", String(200), index=True),
    Column("record_id", String(200), index=True),
    Column("event_id", String(200), index=True),
    Column("code", String(80)),
    Column("message", Text),
    Column("detail", Text),
    Column("duration_ms", Integer),
    Index("ix_audit_step_entity_code", "entity", "code"),
)
SEALS = Table(
    "audit_seal",
    METADATA,
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64)),
    Column("subject", String(64)),
    Column("link", String(64)),
)
#: What was erased, so that a row of it that comes later is known by a look. `verify` doesn't believe it: it goes by the rows.
ERASED = Table("audit_erased", METADATA, Column("name", String(200), primary_key=True), Column("at", BigInteger))
#: The seal up to which a partition was shortened, on which its next row is sealed where no other is left. Not believed either.
CUTS = Table(
    "audit_cut",
    METADATA,
    Column("topic_partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_offset", BigInteger),
    Column("link", String(64)),
)
#: Rows by which the chain says that others are gone. Of the same words as the index, for only so a database sees that it serves.
WORDS = text(f"step IN ('{erased.STEP}', '{shortened.STEP}')")
#: A database of an earlier version lacks it, so it is made by itself.
OF_WORDS = Index("ix_audit_step_words", STEPS.c.step, sqlite_where=WORDS, postgresql_where=WORDS)
