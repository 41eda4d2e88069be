"""The story, chapter by chapter. Each step is seen through the other system's public API."""

from __future__ import annotations

from ops.demo.story import crash, customers, ending, finance, goods, joining, offers, shelves, shops, warehouse

CHAPTERS = (joining.joined, customers.told, goods.told, offers.told, shelves.told, warehouse.told, finance.told, shops.told, crash.told, ending.told)
