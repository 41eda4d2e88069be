"""Records that were judged by other records' links: a draft order by the stock rows of its items. In memory; derived anew when records are loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from schemas.events import Link, ReadRequest, Record
from schemas.ids import Ref
from streams.rules import Links, Read, Rules

Place = tuple[int, bytes]


class Asked:
    """Links that note which addresses they were asked for, known or not."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.addresses: set[str] = set()

    def key_of(self, ref: str) -> str | None:
        self.addresses.add(ref)
        return self._links.key_of(ref)

    def link(self, key: str) -> Link | None:
        self.addresses.add(key)
        return self._links.link(key)


def leans_on(rules: Rules, read: Read, links: Links) -> frozenset[str]:
    """Addresses whose links decide about what is told early of this record."""
    asked = Asked(links)
    for name, rule in rules.fields.items():
        for system in rule.systems if rule.early else ():
            rules.compute(name, system, read, asked)
    return frozenset(asked.addresses)


def look_again(record: Record, rules: Rules) -> list[ReadRequest]:
    """The record is read where it is told, and so judged by what the links say now."""
    systems = sorted({system for rule in rules.fields.values() if rule.early for system in rule.systems if system in record.ids})
    return [ReadRequest(record.entity, system, record.objects.get(system, ""), record.ids[system], "leaning") for system in systems]


class Leaning:
    """Who leans on which address, and who must be looked at again because what it leans on has moved."""

    def __init__(self) -> None:
        self._on: dict[str, set[Place]] = {}
        self._of: dict[Place, frozenset[str]] = {}
        self._moved: set[Place] = set()

    def put(self, place: Place, addresses: frozenset[str]) -> None:
        """What the record at that place leans on from now on; none = it is not to be looked at again."""
        old = self._of.pop(place, frozenset())
        for address in old - addresses:
            self._on[address].discard(place)
            if not self._on[address]:
                del self._on[address]
        for address in addresses - old:
            self._on.setdefault(address, set()).add(place)
        if addresses:
            self._of[place] = addresses
        else:
            self._moved.discard(place)

    def link(self, key: str, old: Link | None, new: Link | None) -> None:
        """A link changed: who leans on it hears of it if it says something else now."""
        if not self._on or _said(old) == _said(new):
            return
        for address in {key, *_addresses(old), *_addresses(new)}:
            self._moved |= self._on.get(address, set())

    def take(self, partitions: Collection[int]) -> list[Place]:
        """Places in these partitions to look at again; each once."""
        mine = sorted(place for place in self._moved if place[0] in partitions)
        self._moved.difference_update(mine)
        return mine

    def drop(self, partitions: Collection[int]) -> None:
        for place in [p for p in self._of if p[0] in partitions]:
            self.put(place, frozenset())


def _said(link: Link | None) -> object:
    return None if link is None else (link.standing, dict(link.facts), dict(link.ids), link.alias)


def _addresses(link: Link | None) -> Iterable[str]:
    return [str(Ref(link.entity, system, ident)) for system, ident in link.ids.items()] if link else []
