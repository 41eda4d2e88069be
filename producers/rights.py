"""Can everything still be read that events tell of? Where an admin takes an object away its events stop without a word, and a field's value stays out of them."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from accord.clock import Clock
from accord.errors import Transient
from producers.salesforce_poll import SalesforceFeed

LOG = structlog.get_logger(__name__)


async def keep_readable(feeds: Sequence[SalesforceFeed], clock: Clock, every_s: float) -> None:
    """For ever: read one record of each, with every field. Raises Fatal, which names what is hidden; what passes by itself is asked again."""
    while True:
        for feed in feeds:
            try:
                await feed.readable()
            except Transient as error:
                LOG.warning("rights can't be looked at now", object=feed.object, why=str(error))
        await clock.sleep(every_s)
