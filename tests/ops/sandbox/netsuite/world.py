"""A small account for tests: two companies, a warehouse, a customer and the items of the worked orders."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import jwt

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite import sdf
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.app import NetSuite
from ops.sandbox.netsuite.credentials import load_key
from ops.sandbox.netsuite.engines import Engine, QuickJs
from ops.sandbox.netsuite.oauth2 import ASSERTION_TYPE, TOKEN_PATH
from ops.sandbox.netsuite.options import Options
from ops.sandbox.netsuite.scripting import BUDGET, Invocation

USD, EUR, JPY, KWD = 1, 2, 3, 4
US, JP = 1, 2
BASE, WHOLESALE = 1, 2
RECORDS = "/services/rest/record/v1"
RESTLET = "/app/site/hosting/restlet.nl?script=customscript_accord_poll&deploy=customdeploy_accord_poll"
SCRIPT = next(iter(sdf.restlets(sdf.PROJECT))).file.read_text("utf-8")


@dataclass(frozen=True)
class World:
    """Ids of what `build` made."""

    account: Account
    customer: int
    jp_customer: int
    cup: int
    tee: int
    lamp: int
    kit: int
    discount: int
    ground: int
    warehouse: int


def new_account(path: Path | str = ":memory:", **options: Any) -> Account:
    return Account(path, clock=SandboxClock(), faults=Switchboard(Random(1)), options=Options(**options))


def build(account: Account) -> World:
    for name, symbol, precision in (("US Dollar", "USD", 2), ("Euro", "EUR", 2), ("Yen", "JPY", 0), ("Kuwaiti Dinar", "KWD", 3)):
        account.create("currency", {"name": name, "symbol": symbol, "currencyPrecision": precision, "exchangeRate": 1})
    account.create("subsidiary", {"name": "US", "currency": USD, "country": "US"})
    account.create("subsidiary", {"name": "Japan", "currency": JPY, "country": "JP"})
    account.create("priceLevel", {"name": "Base Price"})
    account.create("priceLevel", {"name": "Wholesale"})
    warehouse = account.create("location", {"name": "East", "subsidiary": US})

    def item(sku: str, price: float, kind: str = "inventoryItem", **more: Any) -> int:
        cells = [{"currencyPage": currency, "priceLevel": BASE, "price": price} for currency in (USD, EUR)]
        return account.create(kind, {"itemId": sku, "price": cells, **more})

    stock = [{"location": warehouse, "quantityOnHand": 8}]
    cup = item("CUP-01", 9.99, locations=stock)
    tee = item("TEE-BLK-M", 19.99)
    lamp = item("LAMP-9", 120)
    kit = item("KIT-START", 149, "kitItem", member=[{"item": lamp, "quantity": 1}, {"item": cup, "quantity": 2}])
    return World(
        account,
        customer=account.create("customer", {"companyName": "Acme", "subsidiary": US, "externalId": "C-1", "email": "acme@example.com"}),
        jp_customer=account.create("customer", {"companyName": "Nihon", "subsidiary": JP}),
        cup=cup,
        tee=tee,
        lamp=lamp,
        kit=kit,
        discount=account.create("discountItem", {"itemId": "Discount"}),
        ground=account.create("shipItem", {"itemId": "Ground", "shippingFlatRateAmount": 7.5}),
        warehouse=warehouse,
    )


def line(item: int, quantity: object, rate: object = None, **more: Any) -> dict[str, Any]:
    custom = {"price": {"id": "-1"}, "rate": rate} if rate is not None else {}
    return {"item": {"id": str(item)}, "quantity": quantity, **custom, **more}


def off(discount: int, amount: object) -> dict[str, Any]:
    """A discount line."""
    return {"item": {"id": str(discount)}, "price": {"id": "-1"}, "rate": amount, "amount": amount}


def order(world: World, *lines: Mapping[str, Any], **head: Any) -> int:
    body = {"entity": {"id": str(world.customer)}, "orderStatus": {"id": "B"}, "item": {"items": list(lines)}, **head}
    return world.account.create("salesOrder", body)


def call_script(
    account: Account, body: Any, *, method: str = "post", script: str = SCRIPT, budget: int = BUDGET, engine: Engine | None = None
) -> dict[str, Any]:
    """{"value"} or {"error"} of one invocation."""
    invocation = Invocation(account, "customscript_accord_poll", "customdeploy_accord_poll", budget)
    answer: dict[str, Any] = json.loads((engine or QuickJs()).invoke(script, method, json.dumps(body), invocation))
    return answer


def poll(account: Account, body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The page; fails the test on an error."""
    answer = call_script(account, body, **more)
    assert "value" in answer, answer
    page: dict[str, Any] = answer["value"]
    return page


def client(app: NetSuite, base: str = "https://1234567-sb1.suitetalk.api.netsuite.com") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base)


def assertion(app: NetSuite, audience: str, *, scope: Any = "rest_webservices", algorithm: str = "PS256", **claims: Any) -> str:
    c = app.credentials
    now = int(time.time())
    body = {"iss": c.client_id, "scope": scope, "aud": audience, "iat": now, "exp": now + 3600, **claims}
    return jwt.encode(body, load_key(c.private_key), algorithm=algorithm, headers={"kid": c.certificate_id})


async def bearer(http: httpx.AsyncClient, app: NetSuite, scope: str = "rest_webservices") -> dict[str, str]:
    """Headers of a signed-in client."""
    url = f"{str(http.base_url).rstrip('/')}{TOKEN_PATH}"
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(app, url, scope=scope),
    }
    answer = await http.post(TOKEN_PATH, data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}", "X-NetSuite-PropertyNameValidation": "error"}


def detail(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["o:errorDetails"][0]
    return found
