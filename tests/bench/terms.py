"""The shops' read API beside a bare Starlette endpoint that answers a constant: both by uvicorn on loopback, the same client, taking turns."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ops.terms.api import Health, Room, api, digest
from ops.terms.serve import Server
from ops.terms.shelf import Shelf
from schemas.terms import Break, CustomerOffers, CustomerTerms, ItemTerms, Offer, Stock
from streams.terms.publish import key_of
from tests.bench.figures import Figure, at_most, percentile

TOKEN = "bench-token-0123456789"
BOUND_MS = 5.0


def shelf(items: int, customers: int) -> Shelf:
    """Four levels in a currency with three breaks each, five locations; every tenth item has a price agreed with every hundredth customer."""
    out, d = Shelf("us", ("USD",)), Decimal
    breaks = tuple(Break(d(n), d(9) - n / d(100)) for n in (10, 50, 100))
    offers = tuple(Offer("USD", level, d(9), breaks) for level in ("base", "online", "partner", "wholesale"))
    stock = tuple(Stock(f"place{n}", d(7), None, None) for n in range(5))
    for n in range(customers):
        at = CustomerTerms("us", f"customer:netsuite:{n}", f"001{n}", str(n), f"C-{n}", "USD", "wholesale", {}, "net30", d(1000), d(500), False, 1)
        out.put(key_of(at), at)
    for n in range(items):
        key = f"item:netsuite:{n}"
        it = ItemTerms(
            "us", key, f"SKU-{n}", f"Product {n}", "Each", "lamps", "USD", d(9), "base", ("online", "base"), breaks, offers, "net", None, None,
            d(35), None, stock, "", "net30", 1,
        )  # fmt: skip
        out.put(key, it)
        if n % 10 == 0:
            for c in range(0, customers, 100):
                own = CustomerOffers("us", key, f"customer:netsuite:{c}", (Offer("USD", "", d(5)),), 1)
                out.put(key_of(own), own)
    return out


async def constant(request: Request) -> JSONResponse:
    """What a framework costs by itself."""
    return JSONResponse({"sku": request.path_params["sku"], "price": "9.00"})


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    server = Server(uvicorn.Config(app, port=0, http="httptools", ws="none", lifespan="off", log_level="error", access_log=False))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


async def times(client: httpx.AsyncClient, base: str, count: int, items: int) -> list[tuple[float, float]]:
    """Milliseconds of each call, one after the other, on a connection that stays: as a clock sees it, and of CPU, client and server together."""
    out = []
    for n in range(count):
        began, spent = time.perf_counter(), time.process_time()
        answer = await client.get(f"{base}/stores/us/terms/SKU-{n * 7 % items}", params={"customer": f"C-{n % 100}", "quantity": "12"})
        out.append(((time.perf_counter() - began) * 1000, (time.process_time() - spent) * 1000))
        assert answer.status_code == 200
    return out


async def measure(items: int, customers: int, count: int) -> list[Figure]:
    full = shelf(items, customers)
    ours = api(Room({"us": full}, {digest(TOKEN): "us"}, lambda: Health(ready=True, records={}, age_s=0.0)))
    peer = Starlette(routes=[Route("/stores/{store}/terms/{sku}", constant)])
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "peer": []}
    async with served(ours) as here, served(peer) as there, httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        for _ in range(10):
            found["ours"] += await times(client, here, count // 10, items)
            found["peer"] += await times(client, there, count // 10, items)
    asked, began = [f"SKU-{n * 7 % items}" for n in range(count)], time.perf_counter()
    for n, sku in enumerate(asked):
        full.answer(sku, f"C-{n % 100}", "", Decimal(12))
    each_ms = (time.perf_counter() - began) * 1000 / count

    def shown(share: float, kind: int) -> tuple[float, ...]:
        return tuple(round(percentile([pair[kind] for pair in found[who]], share), 3) for who in ("ours", "peer"))

    mid, late, spent = shown(0.5, 0), shown(0.99, 0), shown(0.99, 1)
    return [
        Figure("terms.api.p99.cpu", spent[0], "ms", "bare Starlette endpoint", spent[1]),
        Figure("terms.api.p50", mid[0], "ms", "bare Starlette endpoint", mid[1]),
        Figure("terms.api.p99", late[0], "ms", "bare Starlette endpoint", late[1]),
        at_most("terms.api.p99.bound", late[0], "ms", BOUND_MS),
        at_most("terms.answer.mean", round(each_ms, 4), "ms", BOUND_MS),
    ]


def run(items: int = 10_000, customers: int = 2_000, count: int = 10_000) -> list[Figure]:
    """Latency seen by the client, itself included, and its CPU, which a busy machine doesn't change; and the answer alone, from memory."""
    return asyncio.run(measure(items, customers, count))
