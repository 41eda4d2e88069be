"""What shops read of one SKU, and what people are told of orders that came back."""

from __future__ import annotations

import asyncio

from accord.errors import Rejected
from ops.demo.tell import Stage
from ops.terms.shelf import Answer, shelved
from schemas.events import Notice

SKU = "SKU-0007"


async def told(stage: Stage) -> None:
    await stage.see(f"two shops read their own price and stock of {SKU} (accord terms us {SKU})", lambda: own_terms(stage))
    await stage.see("an order that came back stands in accord errors, with its reason", lambda: errors(stage))


async def own_terms(stage: Stage) -> str | None:
    us, de = [await asyncio.to_thread(_answer, stage, store) for store in ("us", "de")]
    if not us or not de or None in (us.price, us.available, de.price, de.available):
        return None
    return "; ".join(f"{a.store}: {a.price} {a.currency}, {a.available} at {', '.join(s.location for s in a.stock)}" for a in (us, de))


async def errors(stage: Stage) -> str | None:
    table = await asyncio.to_thread(stage.pipeline.table, "notice")
    found: list[Notice] = [n for n in table.values() if n.entity == "order" and n.status == "rejected"]
    return f"{found[0].code}: {found[0].message}" if found else None


def _answer(stage: Stage, store: str) -> Answer | None:
    try:
        return shelved(store, (), list(stage.pipeline.table(f"terms.{store}").values())).answer(SKU)
    except Rejected:
        return None
