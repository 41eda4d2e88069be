"""Who is told of what, and how often."""

from __future__ import annotations

from accord.config import Mail, Notices, Route, Rule
from ops.notices.book import Book, Due, ripe
from ops.notices.channels import escaped
from ops.notices.run import Patience, ident
from ops.notices.trouble import Trouble
from ops.notices.words import body, line, subject
from schemas.events import Handling

T0 = 1_795_392_000_000  # 2026-11-23T00:00Z
HOUR = 3_600_000
ORDER = "order:salesforce:801A"
REJECTED = Trouble(ORDER, "order", "salesforce", "rejected", "address_invalid", "Postal code 9720 is too short.", ("us",), {"salesforce": "801A"})
WAITING = REJECTED._replace(status="waiting", code="missing_sku", message="Waits for CUP-01.")


def notices(*rules: Rule, digest_s: float = 0.0) -> Notices:
    routes = {"sales": Route(kind="topic"), "boss": Route(kind="email", to=("boss@example.com",), digest_s=digest_s)}
    return Notices(mail=Mail(host="mail.example", sender="accord@example.com"), routes=routes, rules=rules)


def tell(book: Book, now: int) -> list[tuple[str, str, str]]:
    """Tell all that is due: (route, event, code)."""
    out = []
    for route, due in book.due(now).items():
        out += [(route, d.event, d.notice.code) for d in due]
        book.told(route, due, now)
    return sorted(out)


def test_each_trouble_is_told_once_and_its_end_once():
    """Ten messages about one order teach people to read none; without the end they mend what is whole."""
    book = Book(notices(Rule(to=("sales", "boss"))))
    book.observe(ORDER, REJECTED, T0)
    assert tell(book, T0) == [("boss", "opened", "address_invalid"), ("sales", "opened", "address_invalid")]
    assert book.observe(ORDER, REJECTED, T0 + 1) == []
    assert tell(book, T0 + HOUR) == []
    book.observe(ORDER, None, T0 + HOUR)
    assert tell(book, T0 + HOUR) == [("boss", "closed", "address_invalid"), ("sales", "closed", "address_invalid")]
    assert book.get(ORDER) is None
    assert tell(book, T0 + 2 * HOUR) == []


def test_what_nobody_was_told_of_ends_without_a_word():
    """An order that waited two seconds for its customer is no news."""
    book = Book(notices(Rule(status=("waiting",), after_s=900, to=("sales",))))
    assert book.observe(ORDER, WAITING, T0)[0][1] is not None
    assert tell(book, T0 + 899_999) == []
    assert book.observe(ORDER, None, T0 + 899_999) == [(ORDER, None)]


def test_long_parked_work_is_told_when_it_is_old_enough():
    """What waits for ever must not wait in silence."""
    book = Book(notices(Rule(status=("waiting",), after_s=900, to=("sales",)), Rule(status=("rejected",), to=("boss",))))
    book.observe(ORDER, WAITING, T0)
    assert tell(book, T0 + 900_000) == [("sales", "opened", "missing_sku")]


def test_rules_choose_by_entity_code_status_and_store():
    """Finance must not read of addresses, nor the German team of American orders."""
    rules = Rule(entity=("order",), store=("de",), to=("sales",)), Rule(code=("address_invalid",), status=("rejected",), to=("boss",))
    book = Book(notices(*rules))
    book.observe(ORDER, REJECTED, T0)
    book.observe("order:salesforce:801B", REJECTED._replace(key="order:salesforce:801B", stores=("de",), code="terms_unknown"), T0)
    assert tell(book, T0) == [("boss", "opened", "address_invalid"), ("sales", "opened", "terms_unknown")]


def test_another_trouble_of_the_same_record_is_news():
    """The address was mended, now the terms are wrong: whoever mended the first must hear of the second."""
    book = Book(notices(Rule(to=("sales",))))
    book.observe(ORDER, REJECTED, T0)
    tell(book, T0)
    book.observe(ORDER, REJECTED._replace(code="terms_unknown"), T0 + 5)
    assert tell(book, T0 + 5) == [("sales", "opened", "terms_unknown")]


def test_whoever_was_told_of_the_first_trouble_hears_of_the_end():
    """Sales was told of the address; that it is finance's matter now must not leave sales looking for ever."""
    book = Book(notices(Rule(code=("address_invalid",), to=("sales",)), Rule(code=("terms_unknown",), to=("boss",))))
    book.observe(ORDER, REJECTED, T0)
    tell(book, T0)
    book.observe(ORDER, REJECTED._replace(code="terms_unknown"), T0 + 5)
    assert tell(book, T0 + 5) == [("boss", "opened", "terms_unknown")]
    book.observe(ORDER, None, T0 + 9)
    assert [(route, event) for route, event, _ in tell(book, T0 + 9)] == [("boss", "closed"), ("sales", "closed")]


def test_what_is_being_handled_is_told_to_nobody_else():
    """Two people mending one order undo each other's work."""
    book = Book(notices(Rule(to=("sales",)), Rule(after_s=900, to=("boss",))))
    book.observe(ORDER, REJECTED, T0)
    tell(book, T0)
    book.handled(Handling(ORDER, "ada", "calling them", T0 + 1))
    assert book.observe(ORDER, REJECTED._replace(message="other words"), T0 + 2)[0][1].handled_by == "ada"
    assert tell(book, T0 + HOUR) == []
    book.observe(ORDER, None, T0 + HOUR)
    assert tell(book, T0 + HOUR) == [("sales", "closed", "address_invalid")]


def test_a_dead_letter_is_done_with_when_a_person_takes_it():
    """Nothing else can close it: its record may be well by now, the letter never."""
    letter = Trouble("deadletter:accord.outcome:2:17", "order", "", "dead", "reconcile_bug", "KeyError")
    book = Book(notices(Rule(to=("sales",))))
    book.observe(letter.key, letter, T0)
    tell(book, T0)
    book.handled(Handling(letter.key, "ada", "", T0 + 1))
    assert tell(book, T0 + 1) == [("sales", "closed", "reconcile_bug")]
    assert book.open() == []


def test_a_digest_gathers_a_period_and_a_restart_shifts_none():
    """A daily digest that a restart moves, doubles or skips is one that nobody trusts."""
    given = notices(Rule(to=("boss",)), digest_s=86_400)
    book = Book(given)
    changes = book.observe(ORDER, REJECTED, T0 + HOUR)
    changes += book.observe("order:salesforce:801B", WAITING._replace(key="order:salesforce:801B"), T0 + 23 * HOUR)
    assert tell(book, T0 + 24 * HOUR - 1) == []
    again = Book(given)
    for key, notice in changes:
        again.load(key, notice)
    assert tell(again, T0 + 24 * HOUR) == [("boss", "opened", "address_invalid"), ("boss", "opened", "missing_sku")]
    assert tell(again, T0 + 25 * HOUR) == []
    assert not ripe(T0 + 25 * HOUR, T0 + 47 * HOUR, 86_400)


def test_what_was_told_is_remembered_by_the_next_process():
    """Each once, also when the role was killed: what it stored is all that the next one knows."""
    given = notices(Rule(to=("sales",)))
    book, stored = Book(given), {}
    stored |= dict(book.observe(ORDER, REJECTED, T0))
    for route, due in book.due(T0).items():
        stored |= dict(book.told(route, due, T0))
    stored |= dict(book.observe(ORDER, None, T0 + 1))
    again = Book(given)
    for key, notice in stored.items():
        again.load(key, notice)
    assert tell(again, T0 + 2) == [("sales", "closed", "address_invalid")]


def test_a_route_that_was_taken_from_the_configuration_keeps_no_notice_open():
    """A closed notice that waits for a route nobody has would stand in the list for ever."""
    book = Book(notices(Rule(to=("sales",))))
    ((_, notice),) = book.observe(ORDER, REJECTED, T0)
    book.load(ORDER, notice.__class__(**{f: getattr(notice, f) for f in notice.__slots__} | {"told": {"gone": T0}}))
    assert book.observe(ORDER, None, T0 + 1) == [(ORDER, None)]


def test_the_words_say_what_where_since_and_why():
    """A person must be able to open the record and mend it from the message alone."""
    book = Book(notices(Rule(to=("sales",))))
    book.observe(ORDER, REJECTED, T0)
    (due,) = book.due(T0)["sales"]
    expected = (
        "Rejected: order:salesforce:801A https://acme.my.salesforce.com/801A in us, address_invalid, since 2026-11-23 00:00 UTC: Postal code 9720 is too short."
    )
    assert line(due, "https://acme.my.salesforce.com/") == expected
    assert subject([due]) == "Accord: order:salesforce:801A rejected (address_invalid)"
    many = [due] * 25
    assert subject([*many, Due(due.notice, "closed")]) == "Accord: 25 need attention, 1 healed"
    text = body(many, book.open(), "")
    assert "... and 5 more: accord errors" in text
    assert text.endswith("Open in all: 1 (1 address_invalid)")


def test_a_records_name_can_not_call_a_channel():
    """A customer named <!channel> would wake the whole company."""
    assert escaped("<!channel> & co") == "&lt;!channel&gt; &amp; co"


def test_a_route_that_fails_is_left_alone_longer_each_time_and_others_go_on():
    """A dead webhook must neither be hammered nor keep the e-mail waiting."""
    patience = Patience()
    for _ in range(3):
        patience.failed("sales", 100.0)
    assert patience.waits("sales", 107.9)
    assert not patience.waits("sales", 108.1)
    assert not patience.waits("boss", 100.0)
    patience.took("sales")
    assert not patience.waits("sales", 100.0)


def test_the_same_message_has_the_same_id():
    """After a kill between sending and remembering it goes out again: by its id a mail program shows it once."""
    one, two = Book(notices(Rule(to=("sales",)))), Book(notices(Rule(to=("sales",))))
    for book in (one, two):
        book.observe(ORDER, REJECTED, T0)
    assert ident("sales", one.due(T0)["sales"]) == ident("sales", two.due(T0 + 9)["sales"])
    assert ident("sales", one.due(T0)["sales"]) != ident("boss", one.due(T0)["sales"])
