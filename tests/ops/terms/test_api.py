"""What a shop is answered, and what it is not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from accord.config import Api
from accord.errors import Fatal
from ops.terms.api import Health, Room, api, digest
from ops.terms.serve import address_of, tokens_of
from ops.terms.shelf import Shelf, money, plain
from tests.streams.terms import goods

US_TOKEN, DE_TOKEN = "us-token-0123456789", "de-token-0123456789"


class Shop:
    """Two stores served in this process. `ready` can be taken away."""

    def __init__(self) -> None:
        self.publisher = goods.publisher()
        self.shelves = {"us": Shelf("us", ("USD",)), "de": Shelf("de", ("EUR",))}
        self.ready = True
        room = Room(self.shelves, {digest(US_TOKEN): "us", digest(DE_TOKEN): "de"}, lambda: Health(self.ready, {}, 0.0))
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(api(room)), base_url="http://shop")

    def put(self, *records) -> None:
        for (store, key), event in goods.put(self.publisher, *records).items():
            self.shelves[store].put(key, event)

    async def get(self, path: str, token: str | None = US_TOKEN, **params: str) -> httpx.Response:
        return await self._client.get(path, params=params, headers={"Authorization": f"Bearer {token}"} if token else {})

    async def post(self, path: str, body: object, token: str = US_TOKEN) -> httpx.Response:
        return await self._client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.put(
        goods.item(9, "LAMP/9", units="Each", min_quantity=Decimal("1.000000")), goods.price(9, "71.0000"), goods.price(9, "60.0000", currency="EUR"),
        goods.price(9, "50.0000", "wholesale"), goods.price_break(9, "10", "44.1250", "wholesale"),
        goods.stock(9, "us_east", "3.000000"), goods.stock(9, "de_berlin", "8"), goods.customer(1, price_level="wholesale", terms="net15"),
    )  # fmt: skip
    return made


pytestmark = pytest.mark.anyio


async def test_a_shop_reads_exactly_what_holds_for_it(shop: Shop):
    """Every word that a product page needs, numbers as texts so that no client rounds them."""
    found = (await shop.get("/stores/us/terms/LAMP/9", customer="C-1", quantity="12")).json()
    assert found | {"valid_from": ""} == {
        "store": "us", "sku": "LAMP/9", "item": "item:netsuite:9", "name": "Product 9", "unit": "Each", "customer": "customer:salesforce:0011",
        "currency": "USD", "price": "44.125", "level": "wholesale", "rule": "customer_level", "breaks": [{"quantity": "10", "price": "44.125"}],
        "basis": "net", "min_quantity": "1", "max_quantity": None, "available": "3", "available_at": None,
        "stock": [{"location": "us_east", "available": "3", "next_receipt": None, "next_quantity": None}],
        "back_orders": "", "terms": "net15", "credit_left": None, "on_hold": False, "valid_from": "",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["customer:salesforce:0011", "0011", "1", "C-1"])
async def test_a_customer_is_known_by_each_of_its_names(shop: Shop, name: str):
    """A shop has the number that it was given, not ours."""
    assert (await shop.get("/stores/us/terms/LAMP/9", customer=name)).json()["price"] == "50.00"


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/stores/us/terms/LAMP/9", None, 401),
        ("/stores/us/terms/LAMP/9", "nonsense", 401),
        ("/stores/us/terms/LAMP/9", DE_TOKEN, 403),
        ("/stores/fr/terms/LAMP/9", US_TOKEN, 403),
        ("/stores/us/terms/LAMP/9", US_TOKEN, 200),
        ("/stores/us/terms/NONE", US_TOKEN, 404),
    ],
)
async def test_no_stores_token_reads_anothers_terms(shop: Shop, path: str, token: str | None, status: int):
    """A shop that is broken into must give away its own prices only; whether another store exists isn't told either."""
    assert (await shop.get(path, token)).status_code == status


async def test_another_stores_customer_and_currency_are_unknown(shop: Shop):
    """Asking the right store for the wrong store's customer must not open a door."""
    assert (await shop.get("/stores/de/terms/LAMP/9", DE_TOKEN, customer="C-1")).json()["detail"]["code"] == "unknown_customer"
    refused = await shop.get("/stores/us/terms/LAMP/9", currency="EUR")
    assert (refused.status_code, refused.json()["detail"]["code"]) == (422, "currency_not_sold")


async def test_one_sku_that_is_not_sold_hinders_no_other(shop: Shop):
    """A cart of fifty lines must not be empty for the sake of one."""
    found = (await shop.post("/stores/us/terms", {"skus": ["LAMP/9", "NONE"], "customer": "C-1"})).json()
    assert [t["price"] for t in found["terms"]] == ["50.00"]
    assert [(r["sku"], r["code"]) for r in found["refused"]] == [("NONE", "unknown_sku")]


async def test_a_question_without_bounds_is_refused(shop: Shop):
    """One shop's question must not keep all others waiting."""
    assert (await shop.post("/stores/us/terms", {"skus": ["X"] * 501})).status_code == 422
    assert (await shop.get("/stores/us/terms/LAMP/9", quantity="-1")).status_code == 422
    assert (await shop.post("/stores/us/terms", {"skus": ["X"], "discount": "100"})).status_code == 422


async def test_nothing_is_answered_before_all_is_loaded(shop: Shop):
    """Half the prices look like a price list: a shop would take products off sale."""
    shop.ready = False
    assert (await shop.get("/stores/us/terms/LAMP/9")).status_code == 503
    assert (await shop.get("/health", None)).status_code == 503
    shop.ready = True
    assert (await shop.get("/health", None)).status_code == 200


async def test_an_answer_changes_with_the_topic(shop: Shop):
    """A price that was taken away, or an item, must not live on in memory under its old name."""
    shop.put(goods.item(9, "LAMP-9"), goods.price(9, "75"))
    assert (await shop.get("/stores/us/terms/LAMP/9")).status_code == 404
    assert (await shop.get("/stores/us/terms/LAMP-9")).json()["price"] == "75.00"
    shop.put(goods.item(9, "LAMP-9", active=False))
    assert (await shop.get("/stores/us/terms/LAMP-9")).status_code == 404
    shop.put(goods.customer(1, inactive=True))
    assert [len(s) for s in shop.shelves.values()] == [0, 0]


async def test_the_description_names_what_is_answered(shop: Shop):
    """Whoever writes a shop's client generates it from this page."""
    page = (await shop.get("/openapi.json", None)).json()
    assert set(page["paths"]) == {"/stores/{store}/terms/{sku}", "/stores/{store}/terms", "/health"}
    assert "customer_item" in page["components"]["schemas"]["Answer"]["description"]
    assert "HTTPBearer" in page["components"]["securitySchemes"]


def test_tokens_are_checked_before_anybody_listens(tmp_path: Path):
    """Two stores with one token would read each other; a token that is guessed opens everything."""
    (tmp_path / "us").write_text(f"{US_TOKEN}\n{US_TOKEN}-next\n")
    (tmp_path / "de").write_text(f"{US_TOKEN}\nshort\n")
    both = {"us": goods.US, "de": goods.DE}
    assert list(tokens_of(Api(token_files={"us": tmp_path / "us"}), both).values()) == ["us", "us"]
    with pytest.raises(Fatal) as told:
        tokens_of(Api(token_files={"us": tmp_path / "us", "de": tmp_path / "de", "fr": tmp_path / "fr"}), both)
    for part in ("de and us have the same token", "16 characters", "no store 'fr'", "cannot be read"):
        assert part in str(told.value)
    assert US_TOKEN not in str(told.value)
    with pytest.raises(Fatal, match="no store has one"):
        tokens_of(Api(), both)


@pytest.mark.parametrize(
    ("given", "fine"), [({}, True), ({"host": "192.0.2.1"}, False), ({"host": "192.0.2.1", "behind_tls": True}, True), ({"host": "localhost"}, True)]
)
def test_tokens_never_travel_in_the_clear_by_mistake(given: dict, fine: bool):
    """An address that the network reaches needs TLS, or a person's word that a proxy speaks it."""
    if fine:
        address_of(Api(**given))
    else:
        with pytest.raises(Fatal, match="not loopback"):
            address_of(Api(**given))


def test_amounts_keep_their_currencys_decimals():
    """`60` or `6E+1` on a product page is a support call; a third decimal that says something must stay."""
    assert [money(Decimal(a), c) for a, c in (("60.0000", "USD"), ("1.005", "USD"), ("7E+3", "JPY"), ("1.5", "KWD"))] == ["60.00", "1.005", "7000", "1.500"]
    assert [plain(Decimal(n)) for n in ("500.000000", "0.250000", "0")] == ["500", "0.25", "0"]


async def test_a_request_that_is_too_large_is_refused_before_it_is_read(shop: Shop):
    """Anybody who reaches the port could else fill the memory that answers all shops; no token is needed for that."""
    url, asked = "/stores/us/terms", b'{"skus": ["LAMP/9"], "customer": "'

    async def endless():
        for _ in range(300):
            yield asked * 100

    for body in (asked + b"x" * 1_000_001, endless()):
        assert (await shop._client.post(url, content=body)).status_code == 413
    deep = b"[" * 400_000
    assert (await shop._client.post(url, content=deep, headers={"Authorization": f"Bearer {US_TOKEN}"})).status_code in (400, 422)
    assert (await shop.post(url, {"skus": ["LAMP/9"]})).json()["terms"][0]["sku"] == "LAMP/9"
