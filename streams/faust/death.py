"""How a worker ends when it must not go on: at once, with one clear line, committing nothing."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

from accord.errors import AccordError

FATAL = 70  # EX_SOFTWARE
LATER = 75  # EX_TEMPFAIL: the same work may succeed later; the supervisor starts us again
log = logging.getLogger("accord.streams")


def die(why: str, error: BaseException | None = None) -> NoReturn:
    """End the process. Nothing softer will do: an exception or `sys.exit` lets Faust run its `on_stop`, which commits."""
    later = isinstance(error, AccordError) and error.passing
    word = "must wait" if later else "FATAL"
    log.critical("%s, ending without a commit: %s%s", word, why, f" ({type(error).__name__}: {error})" if error else "", exc_info=error)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(LATER if later else FATAL)
