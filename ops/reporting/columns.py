"""Avro types as column types that lose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, Numeric, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

LONG = 1 << 63


class Amount(TypeDecorator[Decimal]):
    """An exact decimal. NUMERIC; in SQLite, which has none, a whole number of units of the last place, so that sums stay exact too."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.precision, self.scale = precision, scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return BigInteger() if dialect.name == "sqlite" else Numeric(self.precision, self.scale)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else self.units(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return value if value is None or dialect.name != "sqlite" else Decimal(value).scaleb(-self.scale)

    def units(self, value: Decimal) -> int:
        """Raises OverflowError beyond 64 bits (9 * 10^14 of money), which SQLite can't hold."""
        out = int(value.scaleb(self.scale))
        if not -LONG <= out < LONG:
            raise OverflowError(f"{value} is more than SQLite's whole numbers hold; PostgreSQL takes it")
        return out


class Moment(TypeDecorator[datetime]):
    """A time in UTC. With its zone in PostgreSQL; SQLite keeps `2026-11-23 10:00:00.000000`."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or dialect.name != "sqlite" else value.replace(tzinfo=UTC)


def column_type(avro: Any) -> TypeEngine[Any]:
    """The column of an Avro type: a plain one, or null or one."""
    inner = next(t for t in avro if t != "null") if isinstance(avro, list) else avro
    if not isinstance(inner, Mapping):
        return BigInteger() if inner == "long" else Boolean() if inner == "boolean" else Text()
    kind = inner.get("logicalType")
    if kind == "decimal":
        return Amount(inner["precision"], inner["scale"])
    return Date() if kind == "date" else Moment() if kind == "timestamp-millis" else Text()


def named_entity(avro: Any) -> str:
    """The entity that a reference names; empty where the type is no reference."""
    inner = next(t for t in avro if t != "null") if isinstance(avro, list) else avro
    return str(inner.get("entity", "")) if isinstance(inner, Mapping) else ""
