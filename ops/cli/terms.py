"""`accord terms`: what a shop would be answered, straight from the topic."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from accord.errors import Rejected
from ops.cli.options import DEFAULT_CONFIG, ConfigFile, settings

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    app.command("terms")(terms)


def terms(
    store: Annotated[str, typer.Argument(help="Code of a store of the configuration.")],
    sku: Annotated[str, typer.Argument(help="What the shop calls the item.")],
    config: ConfigFile = DEFAULT_CONFIG,
    customer: Annotated[str, typer.Option(help="Key, Salesforce id, NetSuite id or customer number; without it, for somebody unknown.")] = "",
    currency: Annotated[str, typer.Option(help="Another of the store's currencies.")] = "",
    quantity: Annotated[str, typer.Option(help="The price at this quantity.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As the API answers.")] = False,
) -> None:
    """Price, quantity breaks, stock, availability and payment terms of an item in a store."""
    import msgspec

    from ops.pipeline import Pipeline
    from ops.terms.shelf import shelved
    from streams.mapping import stores

    given = settings(config)
    found = stores(given.reference, given.stores).stores.get(store)
    if found is None:
        raise Rejected(f"no store {store!r}; there are {', '.join(given.stores) or 'none'}", code="unknown_store")
    events = Pipeline.of(given).table(f"terms.{store}")
    answer = shelved(store, found.currencies, list(events.values())).answer(sku, customer, currency, _number(quantity))
    if as_json:
        console.print_json(msgspec.json.encode(answer).decode())
        return
    console.print(terms_table(msgspec.to_builtins(answer)))


def terms_table(answer: dict[str, object]) -> Table:
    """An answer, line by line; what is empty is left out."""
    table = Table("", "", show_header=False, title=f"{answer['sku']} in {answer['store']}")
    for name, value in answer.items():
        if value in (None, "", []) and name != "price":
            continue
        rows = value if isinstance(value, list) else [value]
        texts = [", ".join(f"{k} {v}" for k, v in row.items() if v is not None) if isinstance(row, dict) else str(row) for row in rows]
        table.add_row(name.replace("_", " "), "no price" if name == "price" and value is None else "\n".join(texts))
    return table


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation as error:
        raise Rejected(f"--quantity {text!r} is no number", code="bad_quantity") from error
