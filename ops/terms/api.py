"""The read API: what a shop asks for is answered from memory. OpenAPI at /openapi.json, people read it at /docs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from accord.errors import Rejected
from ops.terms.bound import Bound
from ops.terms.shelf import CURRENCY, Answer, Shelf

BATCH = 500
STATUS = {CURRENCY: 422}
ROUTES = APIRouter()
BEARER = HTTPBearer(auto_error=False, description="The token of the store.")
Quantity = Annotated[Decimal | None, Query(gt=0, max_digits=18, decimal_places=6, description="Price at this quantity.")]
Name = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one SKU of a batch has no terms."""

    sku: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Terms in the order of the question, and what could not be answered."""

    terms: Sequence[Answer]
    refused: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Health:
    """ready: all terms are loaded. records: by store. age_s: since the topics were last looked at."""

    ready: bool
    records: Mapping[str, int]
    age_s: float


class Question(BaseModel):
    """Many SKUs for one customer."""

    model_config = ConfigDict(extra="forbid")
    skus: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=BATCH)
    customer: str = Field("", max_length=200)
    currency: str = Field("", max_length=3)
    quantity: Decimal | None = Field(None, gt=0, max_digits=18, decimal_places=6)


def digest(token: str) -> bytes:
    """Tokens are compared by their digests: the time that takes tells nothing about them."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Room:
    """What the requests are answered from. `tokens`: digest of a bearer token -> the store it may read, and no other."""

    shelves: Mapping[str, Shelf]
    tokens: Mapping[bytes, str]
    health: Callable[[], Health]


async def shelf(request: Request, store: str, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> Shelf:
    """The shelf of the token's own store. 401 without a token of ours, 403 for any other store, whether there is one or not."""
    room: Room = request.app.state.room
    owner = room.tokens.get(digest(given.credentials)) if given else None
    if owner is None:
        raise HTTPException(401, "send the store's token: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})
    if owner != store:
        raise HTTPException(403, "this token reads another store")
    if not room.health().ready:
        raise HTTPException(503, "terms are being loaded", {"Retry-After": "1"})
    return room.shelves[owner]


@ROUTES.get("/stores/{store}/terms/{sku:path}", responses={200: {"model": Answer}, 404: {"description": "Not sold here, or no such customer."}})
async def terms(found: Annotated[Shelf, Depends(shelf)], sku: str, customer: Name = "", currency: Name = "", quantity: Quantity = None) -> Response:
    """What holds for this SKU. `customer`: key, Salesforce id, NetSuite id or number; without it, for somebody unknown."""
    try:
        return _json(found.answer(sku, customer, currency, quantity))
    except Rejected as error:
        raise HTTPException(STATUS.get(error.code, 404), {"code": error.code, "message": str(error)}) from error


@ROUTES.post("/stores/{store}/terms", responses={200: {"model": Batch}})
async def batch(found: Annotated[Shelf, Depends(shelf)], asked: Question) -> Response:
    """Up to 500 SKUs at once; one that is not sold hinders no other."""
    answers, refused = [], []
    for sku in asked.skus:
        try:
            answers.append(found.answer(sku, asked.customer, asked.currency, asked.quantity))
        except Rejected as error:
            refused.append(Refusal(sku, error.code, str(error)))
    return _json(Batch(answers, refused))


@ROUTES.get("/health", responses={200: {"model": Health}, 503: {"model": Health}})
async def health(request: Request) -> Response:
    """For load balancers: 503 until all terms are loaded. Needs no token."""
    state = request.app.state.room.health()
    return _json(state, 200 if state.ready else 503)


def api(room: Room) -> FastAPI:
    """The application that serves this room."""
    app = FastAPI(title="Accord: terms of a store", version="1", description="Prices, breaks, stock and terms that hold in one store, for one customer.")
    app.state.room = room
    app.include_router(ROUTES)
    app.add_middleware(Bound)
    return app


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
