"""The index over the `link` topic through which references are read: by entity key, and by (entity, system, id)."""

from __future__ import annotations

from typing import Protocol

from schemas.events import Link
from schemas.ids import Ref


class LinkIndex:
    """All links, as far as they have been read. Aliases are followed."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._keys: dict[str, str] = {}

    def put(self, key: str, link: Link | None) -> None:
        """A link as it stands now; None = it was erased."""
        old = self._links.pop(key, None)
        if old:
            for system, ident in old.ids.items():
                if self._keys.get(address := str(Ref(old.entity, system, ident))) == key:
                    del self._keys[address]
        if link is None:
            return
        self._links[key] = link
        if not link.alias:
            for system, ident in link.ids.items():
                self._keys[str(Ref(link.entity, system, ident))] = key

    def key_of(self, ref: str) -> str | None:
        """Entity key of a native address or of a key, None = not linked yet."""
        key = self._keys.get(ref) or (ref if ref in self._links else None)
        for _ in range(8):  # a chain of folds is short; a cycle would be a bug and must not hang the worker
            link = self._links.get(key) if key else None
            if link is None or not link.alias:
                return key
            key = link.alias
        return key

    def link(self, key: str) -> Link | None:
        return self._links.get(key)


class Index(Protocol):
    """Anything that knows links: this index, or what streams and sinks see of it."""

    def key_of(self, ref: str) -> str | None: ...
    def link(self, key: str) -> Link | None: ...


def survivor(links: Index, key: str | None, system: str) -> str | None:
    """Who stands for that record in that system: the record itself, or the one into which it was merged there."""
    for _ in range(8):  # as with aliases
        link = links.link(key) if key else None
        into = link.merged.get(system) if link is not None else None
        next_ = links.key_of(into) if into else None
        if next_ is None or next_ == key:
            break
        key = next_
    return key
