"""An org in memory and a client that speaks HTTP to it without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.salesforce import secret
from ops.sandbox.salesforce.app import App
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.settings import Settings

DATA = "/services/data/v67.0"
BASE = "https://acme.my.salesforce.com"


class Http:
    """Blocking calls to the org's application; paths that begin with `~` are below /services/data/v67.0."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=App(org)), base_url=BASE)

    def sign_in(self, username: str | None = None) -> None:
        user = self.org.user_id(username) if username else self.org.integration_user
        assert user
        self.client.headers["Authorization"] = f"Bearer {self.org.open_session(user)}"

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = DATA + path[1:] if path.startswith("~") else path
        return self.loop.run_until_complete(self.client.request(method, url, **options))

    def soql(self, text: str) -> list[dict[str, Any]]:
        answer = self("GET", "~/query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["records"])

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


@pytest.fixture(scope="session")
def credentials() -> secret.Secrets:
    return secret.make()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def org(credentials: secret.Secrets, settings: Settings) -> Iterator[Org]:
    made = Org(None, clock=SandboxClock(), faults=Switchboard(Random(1)), settings=settings, credentials=credentials)
    yield made
    made.close()


@pytest.fixture
def http(org: Org) -> Iterator[Http]:
    client = Http(org)
    client.sign_in()
    yield client
    client.close()


class Shop:
    """A customer, a product with prices in two currencies, and orders on demand."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.book = next(row["Id"] for row in org.store.rows["Pricebook2"].values() if row["IsStandard"])
        self.account = org.create("Account", {"Name": "Acme", "Accord_Key__c": "customer-1"})
        self.product = org.create("Product2", {"Name": "Cup", "StockKeepingUnit": "CUP-01", "IsActive": True})
        entry = {"Pricebook2Id": self.book, "Product2Id": self.product, "IsActive": True}
        self.entry = org.create("PricebookEntry", entry | {"UnitPrice": "9.99"})
        self.euro = org.create("PricebookEntry", entry | {"UnitPrice": "8.5", "CurrencyIsoCode": "EUR"})

    def order(self, **more: Any) -> str:
        head = {"AccountId": self.account, "EffectiveDate": "2026-11-23", "Status": "Draft", "Pricebook2Id": self.book}
        return self.org.create("Order", head | more)

    def line(self, order: str, quantity: Any = 7, price: Any = "9.99", **more: Any) -> str:
        line = {"OrderId": order, "PricebookEntryId": self.entry, "Quantity": quantity, "UnitPrice": price}
        return self.org.create("OrderItem", line | more)


@pytest.fixture
def shop(org: Org) -> Shop:
    return Shop(org)
