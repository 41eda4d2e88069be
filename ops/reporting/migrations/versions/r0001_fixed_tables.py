"""Positions, addresses, unreadable records and the history of statuses: what every pipeline has, whatever its mapping.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "reporting_position",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("topic_partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    op.create_table("reporting_address", sa.Column("address", sa.Text, primary_key=True), sa.Column("key", sa.Text, primary_key=True))
    op.create_index("ix_reporting_address_key", "reporting_address", ["key"])
    op.create_table(
        "reporting_unreadable",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("topic_partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("topic_offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "status_history",
        sa.Column("entity", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("topic_offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("from_status", sa.Text),
        sa.Column("to_status", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for name in ("status_history", "reporting_unreadable", "reporting_address", "reporting_position"):
        op.drop_table(name)
