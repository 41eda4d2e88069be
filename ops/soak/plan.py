"""What people do and what breaks meanwhile, drawn from a seed: the same seed gives the same plan, on every machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from ops.soak.kinds import KINDS, Kind

#: Customers, orders and items are spread over so many people; what one person does happens in its order.
PEOPLE = 8
ITEMS = 6
#: A strike comes about once in so many deeds, and lasts for so many.
BETWEEN, LASTS = 25, (5, 40)
#: How often each deed is tried, out of the sum. Those on a record that isn't there become a new customer.
WEIGHTS = {
    "account": 10, "customer": 6, "rename": 20, "phone": 12, "limit": 18, "foreign_phone": 5, "foreign_limit": 5, "restore_twice": 3, "fax": 5, "resale": 4,
    "order": 8, "approve": 6, "ship": 5, "bill": 4, "price": 8, "delete": 2, "merge": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a person does. `number`: from 0; `person`: whose turn it is; `subject`, `other`: numbers of customer, order or item."""

    number: int
    person: int
    what: str
    subject: int
    other: int = -1


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that begins when `after` deeds are done and ends after `lasts` more."""

    after: int
    kind: str
    lasts: int


@dataclass(slots=True)
class _Town:
    """Whom the deeds so far have made. Orders: number -> (customer, how far it is)."""

    customers: list[int] = field(default_factory=list)
    born: int = 0
    orders: dict[int, tuple[int, str]] = field(default_factory=dict)
    placed: int = 0
    buyers: set[int] = field(default_factory=set)


def deeds(seed: int, count: int) -> Iterator[Deed]:
    """The work of all people, in the order in which they begin it."""
    random, town = Random(f"deeds {seed}"), _Town()
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    for number in range(count):
        what = random.choices(names, weights)[0]
        subject, other = _subject(what, town, random)
        if subject < 0:
            what, subject, other = random.choice(("account", "customer")), town.born, -1
        _done(what, subject, other, town)
        yield Deed(number, _person(what, subject, other), what, subject, other)


def _person(what: str, subject: int, other: int) -> int:
    """All deeds of one record are one person's. Orders are their customer's, and merges happen within one person's customers."""
    return (other if what in {"order", "approve", "ship", "bill"} else subject) % PEOPLE


def _subject(what: str, town: _Town, random: Random) -> tuple[int, int]:
    """(subject, other), (-1, -1) where there is none for this."""
    if what in {"account", "customer"}:
        return town.born, -1
    if what == "price":
        return random.randrange(ITEMS), -1
    if what in STEPS:
        return _step(what, town, random)
    if what in {"delete", "merge"}:
        return _leaving(what, town, random)
    chosen = random.choice(town.customers) if town.customers else -1
    return (town.placed if chosen >= 0 else -1, chosen) if what == "order" else (chosen, -1)


def _step(what: str, town: _Town, random: Random) -> tuple[int, int]:
    """An order that is ready for it, and whose it is."""
    ready = [number for number, (_, stage) in town.orders.items() if stage == STEPS[what][0]]
    chosen = random.choice(ready) if ready else -1
    return chosen, town.orders[chosen][0] if ready else -1


def _leaving(what: str, town: _Town, random: Random) -> tuple[int, int]:
    """Only who never ordered: neither system lets go of the others."""
    free = sorted(set(town.customers) - town.buyers)
    if len(free) < 4:
        return -1, -1
    loser = random.choice(free)
    if what == "delete":
        return loser, -1
    peers = [c for c in town.customers if c != loser and c % PEOPLE == loser % PEOPLE]
    return (loser, random.choice(peers)) if peers else (-1, -1)


#: Deed of an order -> (the stage before it, the stage after it).
STEPS = {"approve": ("placed", "approved"), "ship": ("approved", "shipped"), "bill": ("shipped", "billed")}


def _done(what: str, subject: int, other: int, town: _Town) -> None:
    if what in {"account", "customer"}:
        town.customers.append(subject)
        town.born += 1
    elif what == "order":
        town.orders[subject] = (other, "placed")
        town.buyers.add(other)
        town.placed += 1
    elif what == "bill":
        del town.orders[subject]
    elif what in STEPS:
        town.orders[subject] = (other, STEPS[what][1])
    elif what in {"delete", "merge"}:
        town.customers.remove(subject)


def strikes(seed: int, count: int, kinds: Sequence[str]) -> list[Strike]:
    """Each of the kinds at least once, and then by chance, over all the work but its first tenth."""
    random, out = Random(f"strikes {seed}"), list[Strike]()
    if not kinds:
        return out
    for n in range(max(len(kinds), count // BETWEEN)):
        kind = kinds[n] if n < len(kinds) else random.choice(kinds)
        out.append(Strike(random.randrange(count // 10, max(count // 10 + 1, count * 9 // 10)), kind, random.randint(*LASTS)))
    return sorted(out, key=lambda s: (s.after, s.kind, s.lasts))


def chosen(words: str, known: Callable[[], dict[str, Kind]] = lambda: KINDS) -> list[str]:
    """The kinds that `all`, `none` or a list with commas names. Raises ValueError with those that don't exist."""
    names = list(known()) if words == "all" else [w.strip() for w in words.split(",") if w.strip() and words != "none"]
    unknown = sorted(set(names) - set(known()))
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(known())}")
    return names
