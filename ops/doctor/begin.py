"""Writes a first `accord.toml`: sign in with what is given, ask both orgs what they have, propose the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tomli_w

from accord.clock import Clock
from accord.config import SECRETS, Settings, variable
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce
from ops.doctor import propose
from ops.doctor.accounts import lists
from ops.doctor.examine import SLOTS, currencies
from ops.doctor.salesforce import described
from ops.wiring import clients

#: What must be known to sign in, with the question for a person, by the sign-in that is most common.
QUESTIONS: Mapping[str, str] = {
    "salesforce.login_url": "Salesforce: My Domain address (https://acme.my.salesforce.com)",
    "salesforce.client_id": "Salesforce: consumer key of the External Client App",
    "salesforce.username": "Salesforce: user name of the integration user",
    "salesforce.private_key_file": "Salesforce: file with the private key (PEM)",
    "netsuite.account": "NetSuite: account id (1234567_SB1)",
    "netsuite.client_id": "NetSuite: client id of the integration record",
    "netsuite.certificate_id": "NetSuite: certificate id of the mapping",
    "netsuite.private_key_file": "NetSuite: file with the private key (PEM)",
}
USERS = "SELECT Id, Email FROM User WHERE IsActive = true"
COUNTRIES = "SELECT id, country FROM subsidiary ORDER BY id"


def completed(given: Mapping[str, Any], environment: Mapping[str, str], ask: Callable[[str], str]) -> dict[str, Any]:
    """The sign-in sections with what is missing asked for. Another `auth` than the default must be whole in the file."""
    out: dict[str, Any] = {name: dict(value) if isinstance(value, Mapping) else value for name, value in given.items()}
    for path, question in QUESTIONS.items():
        section, _, name = path.partition(".")
        table = out.setdefault(section, {})
        if name not in table and variable(path) not in environment and "auth" not in table:
            table[name] = ask(question)
    return out


async def found(settings: Settings, clock: Clock) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """(reference, stores, what a person should know). Raises what signing in raises."""
    org, account = clients.salesforce(settings, clock, slots=SLOTS), clients.netsuite(settings, clock, slots=SLOTS)
    try:
        here = await _org(org)
        preferences = (await clients.restlet(settings, account).info())["preferences"]
        held = await lists(account)
        suite = "taxRegistration" in (await account.metadata("customer"))["properties"]
        made = propose.reference(held, here, str(preferences["dateFormat"]), suite_tax=suite)
        notes = [f"{table}: could not be read ({why})" for table, why in held.hidden.items()]
        notes += [f"tax code {e.id} {e.name}" for e in held.entries.get("tax_codes", {}).values()]
        return made, propose.stores(held, made, await _countries(account)), notes
    finally:
        org.close()
        account.close()


async def _org(org: Salesforce) -> propose.Org:
    fields = ((await described(org, {"Account"}))["Account"] or {}).get("fields", {})
    known = await currencies(org)
    users = {str(row["Id"]): str(row["Email"] or "") async for page in org.pages(USERS) for row in page.rows}
    return propose.Org(known, "CurrencyIsoCode" in fields, "BillingStateCode" in fields, users)


async def _countries(account: NetSuite) -> dict[str, str]:
    return {str(row["id"]): str(row.get("country", "")) async for row in account.suiteql(COUNTRIES)}


def written(given: Mapping[str, Any], reference: Mapping[str, Any], stores: Mapping[str, Any], notes: list[str]) -> str:
    """The file: what was given without secrets, what was found, and what to look at."""
    plain = {name: without_secrets(value) if isinstance(value, Mapping) else value for name, value in given.items() if name not in ("reference", "stores")}
    head = {name: value for name, value in plain.items() if not isinstance(value, Mapping)}
    sections = {name: value for name, value in plain.items() if isinstance(value, Mapping)}
    parts = [
        "# Made by `accord init` from what both orgs have. Look it through, then: accord doctor",
        "# Secrets stand in the environment, never here (docs/guide.md, section 3).",
        tomli_w.dumps({**head, **sections}),
        "# Your codes, and NetSuite's internal ids behind them. Codes may be renamed; `text` is what people see in Salesforce.",
        *(f"# {note}" for note in notes),
        tomli_w.dumps({"reference": {**reference, **({"default_store": next(iter(stores))} if stores else {})}}),
        "# A store is a shop or a region. Proposed: one for each subsidiary whose currency both systems hold.",
        "# tax_mode: none, netsuite or sent; discount items: docs/mapping.md.",
        tomli_w.dumps({"stores": dict(stores)}),
    ]
    return "\n".join(parts)


def without_secrets(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in SECRETS}
