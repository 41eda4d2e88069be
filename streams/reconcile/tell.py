"""Between records: documents tell their order what they amount to and what happened, and records that changed along are read again.

What was told is kept under the system `accord` of the record that tells, so that a replay tells nothing anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from schemas.events import Handover, Match, Observation, Outcome, ReadRequest, Register, RowValue, Values
from schemas.ids import parse_ref
from streams.reconcile.draft import GONE, NOTHING, Draft
from streams.reconcile.registers import top
from streams.rules import Read, Word

#: Whose registers hold what was told.
OURS = "accord"
#: Registers of a record that hold what documents tell of it: `document invoice:netsuite:12`.
DOCUMENT = "document "
#: System in which everything that tells is mastered.
SOURCE = "netsuite"
_DONE = "told"
_encode = msgspec.json.Encoder(order="deterministic").encode


def roll_up(draft: Draft) -> None:
    """Work out again what all documents together say; a pure function of what each said last, so no order of arrival matters."""
    roll = draft.rules.roll
    if roll is None or not any(name.startswith(DOCUMENT) for name in draft.names):
        return
    registers = draft.own_of("registers", SOURCE)
    told = [slot for name, r in registers.items() if name.startswith(DOCUMENT) and (slot := r.row) is not None]
    time = max(slot.time for slot in told)
    for name, value in roll([slot.value for slot in told if slot.value is not None]).items():
        old = registers.get(name)
        if old is None or old.row is None or old.row.value != value:
            registers[name] = Register(row=RowValue(time, value))
            draft.touch(SOURCE, name)


def tell(draft: Draft, input_: Observation | Outcome | Match | Handover) -> None:
    """Say what is new to those whom it concerns, as soon as their links are known."""
    tells = draft.rules.tells
    if tells is None or SOURCE not in draft.ids:
        return
    news = tells(draft.key, _before(draft), draft.read, draft.links, draft.standing(SOURCE) == GONE)
    time = _time(draft)
    for word in news.words:
        if word.once:
            _event(draft, word, time)
    _amounts(draft, {w.to: w.fields for w in news.words if not w.once}, time)
    seen = isinstance(input_, Observation) and input_.system == SOURCE and input_.lane == "live"
    if seen and (draft.moved or any(system == SOURCE for system, _ in draft.touched)):
        for address in news.stale:
            ref = parse_ref(address)
            draft.reads.append(ReadRequest(ref.entity, ref.system, "", ref.id, "derived"))


def _event(draft: Draft, word: Word, time: int) -> None:
    """An event is due from its first sight, and told with that moment and lane, however late its order's link comes."""
    name = f"event {word.to}"
    known = _ours(draft).get(name)
    state = known.row.value if known is not None and known.row is not None else None
    if state == _DONE:
        return
    due = state or f"{draft.lane} {time}"
    target = draft.links.key_of(word.fields["order"] or "")
    link = draft.links.link(target) if target else None
    tellable = link is not None and "salesforce" in link.ids
    if state is None or tellable:
        _keep(draft, name, time, _DONE if tellable else due)
    if not tellable:
        return
    lane, _, moment = due.partition(" ")
    at = datetime.fromtimestamp(int(moment) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dated = word.fields.get("at")
    fields = {**word.fields, "at": dated if dated and lane == "backfill" else at}
    _say(draft, word.to, word.entity, parse_ref(word.to).id, int(moment), fields, lane, whole=True)


def _amounts(draft: Draft, words: Mapping[str, Values], time: int) -> None:
    """What holds now, and what holds no more of what was told before. By entity key: an order may be named by either system's id."""
    links = draft.links
    now = {key: _encode(fields).decode() for to, fields in words.items() if (key := links.key_of(to)) is not None}
    before = {name.removeprefix(DOCUMENT): r.row.value for name, r in _ours(draft).items() if name.startswith(DOCUMENT) and r.row}
    for key in sorted({*before, *now}):
        text, link = now.get(key), links.link(key)
        if before.get(key) == text or link is None or SOURCE not in link.ids:
            continue
        _keep(draft, DOCUMENT + key, time, text)
        _say(draft, key, parse_ref(key).entity, link.ids[SOURCE], time, {DOCUMENT + draft.key: text}, draft.lane, whole=False)


def _say(draft: Draft, key: str, entity: str, id_: str, time: int, fields: Values, lane: str, *, whole: bool) -> None:
    seen = Observation(
        key=key, entity=entity, system=SOURCE, object="", source_id=id_, kind="row", number=0, time=time, gone=False, whole=whole,
        fields=fields, lane=lane,
    )  # fmt: skip
    draft.forwards.append((key, seen))


def _ours(draft: Draft) -> Mapping[str, Register]:
    found: Mapping[str, Register] = draft.registers.get(OURS, NOTHING)
    return found


def _keep(draft: Draft, name: str, time: int, value: str | None) -> None:
    draft.own_of("registers", OURS)[name] = Register(row=RowValue(time, value))


def _before(draft: Draft) -> Read:
    base, margin = draft.base.registers, draft.margin

    def read(system: str, name: str) -> str | None:
        register = base.get(system, NOTHING).get(name)
        slot = None if register is None else top(register, margin)
        return None if slot is None else slot.value

    return read


def _time(draft: Draft) -> int:
    """When the newest of what is known was seen in its system."""
    known = [*draft.registers.get(SOURCE, NOTHING).values(), *([draft.presence[SOURCE]] if SOURCE in draft.presence else ())]
    return max((slot.time for r in known for slot in (r.event, r.row) if slot is not None), default=0)
