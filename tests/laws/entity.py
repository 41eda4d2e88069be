"""The entity of the laws: one field for each way in which a value can be owned."""

from __future__ import annotations

from schemas.events import Link
from schemas.ids import parse_ref
from streams.rules import CODE, KEY, NETSUITE_ID, STATUS, FieldRule, Links, OnDelete, Owner, Read, Rules

S, N = "salesforce", "netsuite"
OTHER = {S: N, N: S}
ENTITY = "thing"
MARGIN = 5
CAP = 7
#: The field of which that system refuses a "4".
BAD = {S: "b", N: "a"}
#: The field that the other system owns and that can't be seeded there.
NO_SEED = {S: "d", N: "ref"}


def _fields() -> dict[str, FieldRule]:
    """a, c, r, ref, active: Salesforce (c until accepted). b, d, st: NetSuite (d is never seeded). The rest is ours."""
    rules = [
        FieldRule("sku", "text", "thing.sku", seed=True),
        FieldRule("a", "text", "thing.a", seed=True),
        FieldRule("b", "text", "thing.b", seed=True),
        FieldRule("c", "text", "thing.c", seed=True, staged=True),
        FieldRule("d", "text", "thing.d"),
        FieldRule("r", "text", "thing.r", seed=True, on_conflict="report"),
        FieldRule("ref", "reference", "thing.ref", ref=ENTITY),
        FieldRule("st", "enum", "thing.st"),
        FieldRule("active", "bool", "thing.active", seed=True),
        FieldRule(KEY, "text", "thing.key"),
        FieldRule(NETSUITE_ID, "text", "thing.netsuite_id", systems=(S,)),
        FieldRule(STATUS, "text", "thing.status", status=True),
        FieldRule(CODE, "text", "thing.code", status=True),
    ]
    return {rule.name: rule for rule in rules}


def _owner(field: str, stage: str) -> Owner | None:
    if field == "c":
        return N if stage == "accepted" else S
    if field in (KEY, NETSUITE_ID, STATUS, CODE):
        return "accord"
    return N if field in ("sku", "b", "d", "st") else S


def _normal(system: str, field: str, value: str | None, links: Links, read: Read) -> str | None:
    """NetSuite holds no `a` above 7."""
    return str(min(int(value), CAP)) if value is not None and field == "a" and system == N else value


def _match(system: str, read: Read) -> tuple[str, ...]:
    sku = read(system, "sku")
    return (f"{ENTITY}|sku|{sku}",) if sku else ()


def make_rules(on_delete: OnDelete = "ignore") -> Rules:
    return Rules(
        entity=ENTITY,
        master=S,
        fields=_fields(),
        owner=_owner,
        normal=_normal,
        stage=lambda read: "accepted" if read(N, "st") == "acc" else "submitted",
        compute=lambda name, target, read, links: None,
        creates=lambda target, read: True,
        match_values=_match,
        validate=lambda read, stage, links: (),
        facts=lambda read: {"sku": read(S, "sku") or read(N, "sku") or ""},
        on_delete=lambda system: "ignore" if system == S and on_delete == "delete" else on_delete,
        stages=("submitted", "accepted"),
        stage_system=N,
        inactive={"active": "false"},
        fact_fields=frozenset({"sku"}),
        context=frozenset(),
        match_fields=frozenset({"sku"}),
        margin_ms=MARGIN,
        restore_window_ms=1 << 40,
    )


class Index:
    """Links as one consumer of the `link` topic knows them."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self.native: dict[tuple[str, str], str] = {}

    def take(self, link: Link) -> None:
        self.links[link.key] = link
        for system, id_ in link.ids.items():
            if not link.alias:
                self.native[system, id_] = link.key

    def key_of(self, ref: str) -> str | None:
        there = parse_ref(ref)
        key = ref if ref in self.links else self.native.get((there.system, there.id))
        while key is not None and self.links[key].alias in self.links:
            key = self.links[key].alias
        return key

    def link(self, key: str) -> Link | None:
        return self.links.get(key)

    def id_in(self, ref: str, system: str) -> str | None:
        """Native id in that system of the record that `ref` names."""
        key = self.key_of(ref)
        return None if key is None else self.links[key].ids.get(system)
