"""One sale from its order to its money: sales, then the warehouse, then finance."""

from __future__ import annotations

from ops.demo.story import finance, goods, warehouse
from ops.demo.tell import Stage


async def told(stage: Stage) -> None:
    order = await goods.ties(stage)
    await warehouse.told(stage, order)
    await finance.told(stage, order)
