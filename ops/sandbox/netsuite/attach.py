"""`!attach`: a contact gets a role at its company (OH/article_0113084334). What REST shows of the role is read-only: no body sets it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError, user_error
from ops.sandbox.netsuite.patch import STRICT, Patch


def attach(account: Account, type_: str, id_: int, contact: int, body: Mapping[str, Any], *, stamp: str = "") -> None:
    """Raises what NetSuite raises. A role at another company than the contact's own is taken, and shown nowhere."""
    if unknown := sorted(set(body) - {"role"}):
        raise NsError("INVALID_CONTENT", f"Unknown reference or field {unknown[0]}.", errorPath=unknown[0])
    account.get(type_, id_)
    person = account.get("contact", contact)
    said = body.get("role")
    role = str(said.get("id") if isinstance(said, Mapping) else said)
    if said is not None and role not in account.metadata.enums["contactRole"]:
        raise user_error(f"Invalid Field Value {role} for the following field: role")
    if said is not None and type_ == "customer" and person.values.get("company") == id_:
        account.save(person, deepcopy(person), Patch({"contactRole": role}, manner=STRICT), "update", stamp)
