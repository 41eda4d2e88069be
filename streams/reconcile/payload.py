"""The hash by which a rejected payload is known again. Our own status fields are no part of it, or a rejection would trigger itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from streams.rules import STATUS_FIELDS


def payload_hash(fields: Mapping[str, str | None]) -> str:
    """Hash of what the payload says besides our status fields; empty when it says nothing else."""
    return _digest({f: v for f, v in fields.items() if f not in STATUS_FIELDS})


def status_hash(fields: Mapping[str, str | None]) -> str:
    """Hash of our status fields alone."""
    return _digest({f: v for f, v in fields.items() if f in STATUS_FIELDS})


def status_key(target: str) -> str:
    """Where `Record.rejected` keeps the refusal of a write that held status fields only: it must not take the place of another's."""
    return target + ".status"


def _digest(fields: Mapping[str, str | None]) -> str:
    if not fields:
        return ""
    return hashlib.blake2b(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode(), digest_size=12).hexdigest()
