"""A counterpart that Accord knew of before it lost its state. It is looked for before anything is made in its place, and nothing is said of it meanwhile."""

from __future__ import annotations

from schemas.events import Learned, ReadRequest
from schemas.ids import parse_ref, to_external
from streams.reconcile.draft import Draft
from streams.rules import CODE, KEY, NETSUITE_ID, SALESFORCE_ID

OWN_ID = {"salesforce": SALESFORCE_ID, "netsuite": NETSUITE_ID}
#: Reason of the request.
NAMED = "named"


def ended_there(system: str) -> tuple[str, str]:
    """Our status codes on a record whose counterpart is no more."""
    return f"deleted_in_{system}", f"merged_in_{system}"


def missed(draft: Draft, target: str, source: str) -> bool:
    """Had the record in `source` a counterpart in `target` that we know nothing of?"""
    if target in draft.ids or not _ours(draft, source):
        return False
    return bool(_named(draft, target, source)) or draft.observed(source, CODE) in ended_there(target)


def look_for(draft: Draft, target: str, source: str) -> None:
    """Is it there, its row comes to this key; is it deleted, then that comes, and the deletion rule holds as it did before."""
    id_ = _named(draft, target, source)
    if id_:
        draft.learned.append(Learned(draft.base.entity, target, id_, draft.key))
        draft.reads.append(ReadRequest(draft.base.entity, target, "", id_, NAMED))


def _ours(draft: Draft, source: str) -> bool:
    """A copy of a record carries what we wrote on the original, but not a key that is unique."""
    return draft.observed(source, KEY) in (draft.key, to_external(draft.key))


def _named(draft: Draft, target: str, source: str) -> str:
    """Its id: in the key, where it was seen first, or in the field that tells the other side's id."""
    born = parse_ref(draft.key)
    return born.id if born.system == target else draft.observed(source, OWN_ID[target]) or ""
