"""Finance totals of one kind of document side by side: by month, currency and subsidiary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from schemas.ids import System


class Group(NamedTuple):
    """period: "2026-11"; currency and subsidiary by our codes, as each system names them where we have none; empty = it doesn't say."""

    entity: str
    period: str
    currency: str
    subsidiary: str


class Amount(NamedTuple):
    """Documents and the sum of their totals, in the documents' own currency."""

    documents: int
    total: Decimal


NONE = Amount(0, Decimal(0))


@dataclass(frozen=True, slots=True)
class Line:
    """One group in both systems."""

    group: Group
    salesforce: Amount
    netsuite: Amount

    @property
    def ties(self) -> bool:
        return self.salesforce == self.netsuite


def summed(documents: Iterable[tuple[Group, Decimal]]) -> dict[Group, Amount]:
    """Documents to groups."""
    out: dict[Group, Amount] = {}
    for group, total in documents:
        before = out.get(group, NONE)
        out[group] = Amount(before.documents + 1, before.total + total)
    return out


def beside(sums: Mapping[System, Mapping[Group, Amount]]) -> list[Line]:
    """Every group that either system has."""
    groups = sorted({group for each in sums.values() for group in each})
    return [Line(g, sums["salesforce"].get(g, NONE), sums["netsuite"].get(g, NONE)) for g in groups]
