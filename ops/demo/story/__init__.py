"""The story. Each step is seen through the other system's public API.

Acts follow one another; the chapters of one act happen at the same time, as they do in a company: sales, the warehouse and finance don't wait for
one another, only for what their own chapter needs.
"""

from __future__ import annotations

from ops.demo.story import agreed, crash, customers, ending, goods, joining, merged, offers, reasons, returned, rules, sale, shelves, shops

ACTS = (
    (joining.joined,),
    (customers.arrives,),
    (
        customers.owned, customers.deleted, sale.told, goods.waits, goods.inactive, goods.mended, offers.told, shelves.told, agreed.told, reasons.told,
        returned.told, merged.told,
    ),
    (shops.told, rules.told),
    (crash.killed, crash.joined),
    (ending.told,),
)  # fmt: skip
