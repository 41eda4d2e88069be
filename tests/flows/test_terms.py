"""Two shops of different currency, price level and warehouse read the API while NetSuite changes."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx

from ops.demo import world
from ops.local import ports
from tests.flows.rig import Rig
from tests.flows.seeds import goods_body

USD, EUR, BASE, WHOLESALE = "1", "2", "1", "2"
TOKENS = {"us": "us-shop-token-0001", "eu": "eu-shop-token-0001"}


def cell(currency: str, level: str, price: str, quantity: int = 0) -> dict[str, Any]:
    return {"currencyPage": {"id": currency}, "priceLevel": {"id": level}, "quantity": {"value": quantity}, "price": Decimal(price)}


@contextlib.asynccontextmanager
async def shops(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """The API in a process of its own, as `accord run api` starts it."""
    port = ports.choose(0)
    secrets = {f"ACCORD_API__TOKENS__{store.upper()}": token for store, token in TOKENS.items()}
    command = [sys.executable, "-m", "ops.cli", "run", "api", "--config", str(rig.config)]
    with (rig.folder / "api.log").open("ab") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**world.environment(), **secrets, "ACCORD_API__PORT": str(port)})
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        running.terminate()
        running.wait(20)


async def read(client: httpx.AsyncClient, store: str, sku: str, **params: str) -> dict[str, Any]:
    """What that store's shop is answered; {} as long as there is no answer."""
    try:
        answer = await client.get(f"/stores/{store}/terms/{sku}", params=params, headers={"Authorization": f"Bearer {TOKENS[store]}"})
    except httpx.ConnectError:
        return {}
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return found


async def test_two_shops_read_their_own_terms_of_one_sku_also_during_a_change(pipeline: Rig):
    """A price, a stock or a customer of another region in a shop is an order at a loss; a change must show whole, and only where it belongs."""
    goods = goods_body(pipeline, "SHOP-1", "10.00")
    places = {name: pipeline.seeds.locations[name] for name in ("us_east", "de_berlin")}
    prices = [cell(USD, BASE, "10.00"), cell(EUR, BASE, "9.00"), cell(EUR, WHOLESALE, "8.00"), cell(EUR, WHOLESALE, "7.50", 10)]
    stock = [{"location": {"id": places["us_east"]}, "quantityOnHand": 5}, {"location": {"id": places["de_berlin"]}, "quantityOnHand": 12}]
    ident = await pipeline.ns.create("inventoryItem", {**goods, "price": {"items": prices}, "locations": {"items": stock}})
    buyer = await pipeline.ns.create("customer", {
        "companyName": "Lampen Maier GmbH", "subsidiary": {"id": pipeline.seeds.subsidiaries["de"]}, "currency": {"id": EUR},
        "itemPricing": {"items": [{"item": {"id": ident}, "price": Decimal("6.66"), "currency": {"id": EUR}}]},
    })  # fmt: skip
    async with shops(pipeline) as client:

        async def shown() -> bool:
            us, eu = await read(client, "us", "SHOP-1"), await read(client, "eu", "SHOP-1")
            return (us.get("price"), us.get("available"), eu.get("price"), eu.get("available")) == ("10.00", "5", "8.00", "12") and len(eu["breaks"]) == 1

        await pipeline.until("both shops' own terms", shown)
        us, eu = await read(client, "us", "SHOP-1"), await read(client, "eu", "SHOP-1", quantity="10")
        assert (us["currency"], us["level"], us["terms"], [s["location"] for s in us["stock"]]) == ("USD", "base", "", ["us_east"])
        assert (eu["currency"], eu["level"], eu["terms"], [s["location"] for s in eu["stock"]]) == ("EUR", "wholesale", "net15", ["de_berlin"])
        assert eu["price"] == "7.50"

        async def agreed() -> bool:
            return (await read(client, "eu", "SHOP-1", customer=buyer)).get("rule") == "customer_item"

        await pipeline.until("the price agreed with the customer", agreed)
        assert (await read(client, "eu", "SHOP-1", customer=buyer, quantity="10"))["price"] == "6.66"
        assert await read(client, "us", "SHOP-1", customer=buyer) == {}, "another store's customer is nobody here"
        other = {"Authorization": f"Bearer {TOKENS['us']}"}
        assert (await client.get("/stores/eu/terms/SHOP-1", headers=other)).status_code == 403

        seen: set[tuple[str, str]] = set()
        await pipeline.ns.update("inventoryItem", ident, {"price": {"items": [cell(EUR, WHOLESALE, "8.40")]}})

        async def changed() -> bool:
            for store in TOKENS:
                found = await read(client, store, "SHOP-1")
                seen.add((store, f"{found['price']} {found['currency']}"))
            return ("eu", "8.40 EUR") in seen

        await pipeline.until("the new price", changed)
        assert seen == {("us", "10.00 USD"), ("eu", "8.00 EUR"), ("eu", "8.40 EUR")}
        command = [sys.executable, "-m", "ops.cli", "terms", "eu", "SHOP-1", "--json", "--config", str(pipeline.config)]
        said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, env=world.environment())
        assert '"price": "8.40"' in said.stdout
