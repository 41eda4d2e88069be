"""The independent checker: what both systems hold and have accepted, judged by a few rules of its own.

It imports nothing of Accord, on purpose: a fault that the product and its judge share is seen by neither. What it reads is
`Recorded` (ops/soak/reading.py fills it from REST and the sandboxes' journals), so that it can be tried on records with known faults.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ops.soak.history import History, Rule, Write, histories, known

#: Who owns what, and what it is called on either side.
RULES = (
    Rule("name", "salesforce", "Name", "companyName", "text"),
    Rule("phone", "salesforce", "Phone", "phone", "phone"),
    Rule("credit limit", "netsuite", "Accord_Credit_Limit__c", "creditLimit", "money"),
    Rule("fax", "salesforce", "Fax", "fax", "phone", fought="5035550666"),
    Rule("resale number", "netsuite", "Accord_Resale_Number__c", "resaleNumber", "text", fought="SET BY A FLOW"),
)
#: What must be 0, and what is told beside it.
ZERO = ("lost", "doubled", "misordered", "echo_writes", "ownership_violations", "totals_off", "parked_wrongly")
TOLD = ("transient_regressions", "needless_writes", "fights_left")
STUCK = {"waiting", "rejected"}
#: A fight ends: after so many writes of Accord's for each thing that people said of that field.
ROUNDS = 8
OTHER = {"salesforce": "netsuite", "netsuite": "salesforce"}


@dataclass(slots=True)
class Recorded:
    """Both systems at rest. Rows as their REST answers have them; `sf_journal`, `ns_journal`: accepted writes in commit order, each with `ours`:
    whether Accord made it (ops/soak/history.py says how that is known). `ambiguous`: a fault struck after which the same write may go twice.
    `prices`: (wanted, found) by goods.
    """

    accounts: list[dict[str, Any]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    sales: list[dict[str, Any]] = field(default_factory=list)
    fulfilments: tuple[list[dict[str, Any]], list[dict[str, Any]]] = field(default_factory=lambda: ([], []))
    invoices: tuple[list[dict[str, Any]], list[dict[str, Any]]] = field(default_factory=lambda: ([], []))
    prices: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    sf_journal: list[dict[str, Any]] = field(default_factory=list)
    ns_journal: list[dict[str, Any]] = field(default_factory=list)
    ambiguous: bool = False


@dataclass(slots=True)
class Verdict:
    """How many of each, and a word on every one."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, what: str, why: str) -> None:
        self.counts[what] += 1
        self.told.append(f"{what}: {why}")

    @property
    def clean(self) -> bool:
        return not any(self.counts[name] for name in ZERO)


def check(seen: Recorded) -> Verdict:
    """All rules. Raises ValueError where there is nothing to judge: nothing compared is nothing proved."""
    if not seen.accounts or not seen.customers or not seen.sf_journal or not seen.ns_journal:
        raise ValueError("there is nothing to judge: no customers in one of the systems, or no journal of it")
    out = Verdict()
    sf, ns = histories(seen.sf_journal, "salesforce", RULES), histories(seen.ns_journal, "netsuite", RULES)
    _customers(seen, sf, ns, out)
    _orders(seen, out)
    _documents("fulfilment", *seen.fulfilments, ("quantity",), out)
    _documents("invoice", *seen.invoices, ("total",), out)
    for goods, (wanted, found) in seen.prices.items():
        if known("money", wanted) != known("money", found):
            out.add("lost", f"price of {goods}: NetSuite says {wanted}, Salesforce {found}")
    for mine, others in ((sf, ns), (ns, sf)):
        by_number = {history.number: history for history in others.values()}
        for history in mine.values():
            _writes(history, by_number.get(history.number), seen.ambiguous, out)
            _fights(history, by_number.get(history.number), out)
    return out


def _by(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    out: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        out[str(row.get(key) or "")].append(row)
    return out


# -- customers
def _customers(seen: Recorded, sf: Mapping[str, History], ns: Mapping[str, History], out: Verdict) -> None:
    accounts, customers = _by(seen.accounts, "number"), _by(seen.customers, "number")
    gone = {h.number for h in sf.values() if h.deleted and h.number}
    for number in sorted(set(accounts) | set(customers) | gone):
        here, there = accounts.get(number, []), customers.get(number, [])
        for system, found in (("Salesforce", here), ("NetSuite", there)):
            if len(found) > 1:
                out.add("doubled", f"{number} is {len(found)} times in {system}")
        if number in gone:
            _left(number, here, there, out)
        elif not here or not there:
            out.add("lost", f"{number} is not in {'NetSuite' if here else 'Salesforce'}")
        else:
            _agree(number, here[0], there[0], sf, ns, out)


def _left(number: str, here: list[Mapping[str, Any]], there: list[Mapping[str, Any]], out: Verdict) -> None:
    """Deleted, or merged into another, by people in Salesforce: out of use in NetSuite, and not raised from the dead."""
    if here:
        out.add("doubled", f"{number} was deleted in Salesforce and is there again")
    if not there:
        out.add("lost", f"{number}, deleted in Salesforce, is gone from NetSuite: it may only be inactive")
    elif there[0]["inactive"] not in {True, "T"}:
        out.add("lost", f"{number} was deleted in Salesforce and is still in use in NetSuite")


def _agree(number: str, here: Mapping[str, Any], there: Mapping[str, Any], sf: Mapping[str, History], ns: Mapping[str, History], out: Verdict) -> None:
    if there["inactive"] in {True, "T"}:
        out.add("lost", f"{number} was inactivated in NetSuite for no reason")
    for side in (here, there):
        if side.get("status") in STUCK:
            out.add("parked_wrongly", f"{number}: {side['status']}, {side.get('code')} {side.get('message')}")
    for rule in RULES:
        owner, target = (sf, ns) if rule.owner == "salesforce" else (ns, sf)
        ids = {"salesforce": here["id"], "netsuite": there["id"]}
        theirs = "netsuite" if rule.owner == "salesforce" else "salesforce"
        holds = {"salesforce": known(rule.kind, here.get(rule.salesforce)), "netsuite": known(rule.kind, there.get(rule.netsuite))}
        told = owner.get(ids[rule.owner], History(ids[rule.owner])).values(rule.name)
        written = target.get(ids[theirs], History(ids[theirs])).by_accord(rule.name)
        back = _steps_back(told, written)
        fight = {rule.name} & (target.get(ids[theirs], History(ids[theirs])).fought | owner.get(ids[rule.owner], History(ids[rule.owner])).fought)
        if holds["salesforce"] == holds["netsuite"]:
            if back:
                out.counts["transient_regressions"] += back
        elif fight and holds[theirs] == rule.fought:
            out.counts["fights_left"] += 1  # a script won't have the owner's value: reported, and left alone
        elif back and holds[theirs] in told[:-1]:
            out.add("misordered", f"{number} {rule.name}: {theirs} holds {holds[theirs]}, an earlier one than {holds[rule.owner]}, and had a later one")
        else:
            out.add("lost", f"{number} {rule.name}: {holds}")


def _steps_back(told: list[Any], written: list[Any]) -> int:
    """How often a write carried a state that was older than the one before it. A value that was told more than once counts as its next telling."""
    at, back = -1, 0
    for value in written:
        places = [n for n, v in enumerate(told) if v == value]
        later = [n for n in places if n >= at]
        if later:
            at = later[0]
        elif places:
            back += 1
            at = places[-1]
    return back


# -- orders and their documents
def _orders(seen: Recorded, out: Verdict) -> None:
    sales, fulfilled = _by(seen.sales, "order"), _by(seen.invoices[1], "order")
    for order in seen.orders:
        found = sales.get(str(order["id"]), [])
        name = f"order {order['reference']}"
        if len(found) > 1:
            out.add("doubled", f"{name} is {len(found)} sales orders")
        if not found and order["active"]:
            out.add("lost", f"{name} is no sales order")
        if order.get("status") in STUCK:
            out.add("parked_wrongly", f"{name}: {order['status']}, {order.get('code')} {order.get('message')}")
        if found:
            _tie(name, order, found[0], fulfilled.get(str(found[0]["id"]), []), out)


def _tie(name: str, order: Mapping[str, Any], sale: Mapping[str, Any], invoices: list[Mapping[str, Any]], out: Verdict) -> None:
    """The lines as sold, the sales order's total and what sales reads of it are one amount; so is what was billed."""
    sold = sum((Decimal(str(q)) * Decimal(str(p)) for q, p in order["lines"]), Decimal(0))
    if {sold, Decimal(str(sale["total"] or 0))} != {Decimal(str(order["total"] or 0))}:
        out.add("totals_off", f"{name}: lines {sold}, NetSuite {sale['total']}, shown in Salesforce {order['total']}")
    billed = sum((Decimal(str(i["total"])) for i in invoices), Decimal(0))
    if billed != Decimal(str(order.get("invoiced") or 0)):
        out.add("totals_off", f"{name}: billed {billed}, shown in Salesforce {order.get('invoiced')}")


def _documents(kind: str, here: list[dict[str, Any]], there: list[dict[str, Any]], names: tuple[str, ...], out: Verdict) -> None:
    """Each document of NetSuite stands once in Salesforce, with the same amounts."""
    shown, real = _by(here, "netsuite_id"), _by(there, "id")
    for ident in sorted(set(shown) | set(real)):
        if ident not in shown:
            out.add("lost", f"{kind} {ident} is not in Salesforce")
        elif ident not in real:
            out.add("lost", f"{kind} {ident} stands in Salesforce and no more in NetSuite")
        else:
            if len(shown[ident]) > 1:
                out.add("doubled", f"{kind} {ident} stands {len(shown[ident])} times in Salesforce")
            for name in names:
                if known("money", shown[ident][0].get(name)) != known("money", real[ident][0].get(name)):
                    out.add("totals_off", f"{kind} {ident}: {name} {shown[ident][0].get(name)} for {real[ident][0].get(name)}")


# -- writes
def _writes(history: History, other: History | None, ambiguous: bool, out: Verdict) -> None:
    """What Accord wrote: the owner's own field in the owner's system (an echo where it changed nothing), and what changed nothing at all."""
    for write in history.writes:
        if not write.ours or write.made:
            continue
        if not write.owned and _fighting(write, history):
            continue
        if write.owned and not write.changed:
            out.add("echo_writes", f"{history.system} {history.id}: {write.owned} came back to its owner")
        elif write.owned:
            out.add("ownership_violations", f"{history.system} {history.id}: {write.owned} of its owner were overwritten")
        elif not write.changed and not _forgiven(write, history, other, ambiguous=ambiguous):
            out.add("echo_writes", f"{history.system} {history.id}: {sorted(write.fields)} were written and changed nothing")
        elif not write.changed:
            out.counts["needless_writes"] += 1


def _fighting(write: Write, history: History) -> bool:
    """A script in this very system fights for one of these fields: what a write of it changes, or not, is the script's doing."""
    return any(rule.name in history.fought and rule.column(history.system) in write.fields for rule in RULES)


def _fights(history: History, other: History | None, out: Verdict) -> None:
    """Nobody wins, but it must end."""
    for rule in RULES:
        if rule.name in history.fought:
            said = history.named(rule.column(history.system), ours=False) + (other.named(rule.column(OTHER[history.system]), ours=False) if other else 0)
            ours = history.named(rule.column(history.system), ours=True)
            if ours > ROUNDS * (1 + said):
                out.add("echo_writes", f"{history.system} {history.id}: {rule.name} was written {ours} times against a script, and people had said {said}")


def _forgiven(write: Write, history: History, other: History | None, *, ambiguous: bool) -> bool:
    """The same once more after an unclear outcome; or people's own going there and back. Each edit of a person, in either system, explains one write."""
    if ambiguous and write.repeats:
        return True
    rules = [rule for rule in RULES if rule.column(history.system) in write.fields]
    if not write.fields or len(rules) < len(write.fields):
        return False
    theirs = OTHER[history.system]
    return all(
        history.named(rule.column(history.system), ours=True)
        <= history.named(rule.column(history.system), ours=False) + (other.named(rule.column(theirs), ours=False) if other else 0)
        for rule in rules
    )
