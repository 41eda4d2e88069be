"""The order of a save: read the body, check it, alter it as triggers do, keep the rules of the object, stamp, store, follow up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.sandbox.faults import Switchboard
from ops.sandbox.salesforce import address, ids, rules, switches
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import Problem, Refused, refuse
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.store import Record, folded
from ops.sandbox.salesforce.transaction import Transaction
from ops.sandbox.salesforce.values import convert


class Saver:
    """Creates, changes, deletes and restores single records inside a transaction. Raises Refused; the caller undoes."""

    def __init__(self, faults: Switchboard, settings: Settings) -> None:
        self.faults = faults
        self.settings = settings

    def create(self, tx: Transaction, item: SObject, body: Mapping[str, Any]) -> str:
        if not item.createable:
            raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be inserted: {item.label}")
        if any(key.lower() == "id" and value for key, value in body.items()):
            raise refuse("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
        self._struck(item, "")
        values = self._read(tx, item, body, creating=True)
        record: Record = {field.name: False for field in item.fields.values() if field.type == "boolean"}
        record |= {field.name: field.default for field in item.fields.values() if field.default is not None}
        record |= {"OwnerId": tx.caller.user} if "OwnerId" in item.fields else {}
        record |= {"CurrencyIsoCode": self.settings.currency} if "CurrencyIsoCode" in item.fields else {}
        record |= {key: value for key, value in values.items() if value is not None}
        self._required(item, record)
        record = self._altered(item, record, values)
        record["Id"] = record_id = tx.store.new_id(item)
        rules.before(tx, item, record, None, self.settings)
        self._unique(tx, item, record, record_id)
        for field in item.fields.values():
            if field.auto_number:
                record[field.name] = field.auto_number.format(tx.store.next_serial(f"{item.name}.{field.name}"))
        if "CreatedDate" in item.fields:
            record |= {"CreatedDate": tx.stamp, "CreatedById": tx.caller.user}
        tx.put(item.name, record)
        rules.after(tx, item, record, None)
        return record_id

    def update(self, tx: Transaction, item: SObject, record_id: str, body: Mapping[str, Any]) -> None:
        old = self._existing(tx, item, record_id)
        if not item.updateable:
            raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be updated: {item.label}")
        self._struck(item, record_id)
        values = self._read(tx, item, body, creating=False)
        record = old | values
        self._required(item, record, only=set(values))
        record = self._altered(item, record, values)
        rules.before(tx, item, record, old, self.settings)
        self._unique(tx, item, record, record_id)
        tx.put(item.name, record)
        rules.after(tx, item, record, old)

    def delete(self, tx: Transaction, item: SObject, record_id: str) -> None:
        old = self._existing(tx, item, record_id)
        if not item.deletable:
            raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be deleted: {item.label}")
        self._struck(item, record_id)
        rules.delete(tx, item, old)

    def undelete(self, tx: Transaction, item: SObject, record_id: str) -> None:
        """Out of the recycle bin, with the details that went in with it."""
        old = tx.store.get(item.name, record_id)
        if old is None or not old.get("IsDeleted"):
            raise refuse("UNDELETE_FAILED", "Entity is not in the recycle bin")
        self._unique(tx, item, old, record_id)
        rules.undelete(tx, item, old)

    def merge(self, tx: Transaction, item: SObject, master: str, losers: list[str]) -> None:
        """Losers are deleted with MasterRecordId set; what pointed to them points to the master."""
        if item.name not in {"Account", "Contact"} or not 1 <= len(losers) <= 2:
            raise refuse("INVALID_OPERATION", "merge takes an Account or Contact and one or two others")
        self._existing(tx, item, master)
        for loser in losers:
            old = self._existing(tx, item, loser)
            for child, field in tx.store.objects.children(item.name):
                for row in tx.store.children(loser, child.name, field.name):
                    tx.put(child.name, row | {field.name: master})
            tx.put(item.name, old | {"IsDeleted": True, "MasterRecordId": master})

    def _existing(self, tx: Transaction, item: SObject, record_id: str) -> Record:
        found = tx.store.get(item.name, record_id)
        if found is None:
            if ids.normal(record_id) is None:
                raise refuse("MALFORMED_ID", f"{item.label} ID: id value of incorrect type: {record_id}", "Id")
            raise refuse("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + record_id)
        if found.get("IsDeleted"):
            raise refuse("ENTITY_IS_DELETED", "entity is deleted")
        return found

    def _struck(self, item: SObject, record_id: str) -> None:
        if self.faults.strike("lock_row", object=item.name, id=record_id):
            message = f"unable to obtain exclusive access to this record or 1 records: {record_id or item.name}"
            raise refuse("UNABLE_TO_LOCK_ROW", message, status=400)
        fault = self.faults.strike("row_error", object=item.name, id=record_id)
        if fault:
            fields = tuple(fault.params.get("fields", ()))
            raise Refused(Problem(str(fault.params.get("code", "UNKNOWN_EXCEPTION")), str(fault.params.get("message", "fault")), fields))

    def _read(self, tx: Transaction, item: SObject, body: Mapping[str, Any], *, creating: bool) -> Record:
        """The body as stored values by API name, references resolved; all refusals of single fields at once where the org does so."""
        values: Record = {}
        readonly: list[str] = []
        for key, sent in body.items():
            if key == "attributes" or key.lower() == "id":
                continue
            field, raw = item.find(key), sent
            if field is None and isinstance(sent, dict):
                field, raw = self._by_external_id(tx, item, key, sent)
            if field is None or switches.hidden(self.faults, item.name, field.name):
                raise refuse("INVALID_FIELD", f"No such column '{key}' on sobject of type {item.name}")
            if not (field.createable if creating else field.updateable):
                readonly.append(field.name)
                continue
            value = convert(item, field, raw)
            if field.type == "reference" and value is not None:
                self._points_somewhere(tx, field, value)
            values[field.name] = value
        if readonly:
            hint = "Please check the security settings of this field and verify that it is read/write for your profile or permission set."
            raise refuse("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {', '.join(readonly)}. {hint}", *readonly)
        return values

    def _by_external_id(self, tx: Transaction, item: SObject, key: str, raw: Mapping[str, Any]) -> tuple[Field | None, Any]:
        """`"Account": {"Accord_Key__c": "..."}` -> (AccountId, its id)."""
        field = item.relationship(key)
        pairs = [(name, value) for name, value in raw.items() if name != "attributes"]
        if field is None or len(pairs) != 1:
            return None, None
        target = tx.store.objects[field.reference_to]
        other = target.find(pairs[0][0])
        if other is None or not (other.external_id or other.name == "Id"):
            raise refuse("INVALID_FIELD", f"{pairs[0][0]} is not an External ID or indexed field for {target.name}", key)
        if other.name == "Id":
            return field, pairs[0][1]
        hits = [row for row in tx.store.matching(target.name, other, pairs[0][1]) if not row.get("IsDeleted")]
        if len(hits) != 1:
            how = "not found" if not hits else "found more than once"
            code = "INVALID_FIELD" if not hits else "DUPLICATE_EXTERNAL_ID"
            message = f"Foreign key external ID: {pairs[0][1]} {how} for field {other.name} in entity {target.name}"
            raise refuse(code, message)
        return field, hits[0]["Id"]

    def _points_somewhere(self, tx: Transaction, field: Field, value: str) -> None:
        if field.reference_to == "User" and value.startswith("00G"):
            return
        target = tx.store.get(field.reference_to, value)
        if target is None:
            other = tx.store.objects.by_prefix(value)
            if other is not None and other.name != field.reference_to:
                label = tx.store.objects[field.reference_to].label
                message = f"{label} ID: id value of incorrect type: {value}"
                raise refuse("FIELD_INTEGRITY_EXCEPTION", message, field.name)
            raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
        if target.get("IsDeleted"):
            raise refuse("ENTITY_IS_DELETED", "entity is deleted", field.name, status=400)

    def _required(self, item: SObject, record: Record, only: set[str] | None = None) -> None:
        needed = [f.name for f in item.fields.values() if f.required and (only is None or f.name in only) and record.get(f.name) is None]
        if needed:
            raise refuse("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(needed)}]", *needed)

    def _altered(self, item: SObject, record: Record, values: Record) -> Record:
        """Faults that alter or refuse a save, then the address rules."""
        for name in ("truncate", "trigger"):
            fault = self.faults.strike(name, object=item.name)
            field = item.find(str(fault.params.get("field", ""))) if fault else None
            if fault is None or field is None:
                continue
            if name == "truncate" and isinstance(record.get(field.name), str):
                record = record | {field.name: record[field.name][: int(fault.params["length"])] or None}
            elif name == "trigger":
                raw = fault.params.get("value")
                wanted = f"{fault.params['prefix']}{record.get(field.name) or ''}" if "prefix" in fault.params else raw
                record = record | {field.name: convert(item, field, wanted)}
        fault = self.faults.strike("validation_rule", object=item.name)
        if fault:
            fields = (str(fault.params["field"]),) if fault.params.get("field") else ()
            raise refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", str(fault.params.get("message", "refused by a validation rule")), *fields)
        if self.settings.state_country_picklists:
            record = address.completed(item, record, set(values))
        return record

    def _unique(self, tx: Transaction, item: SObject, record: Record, record_id: str) -> None:
        for field in item.fields.values():
            value = record.get(field.name)
            if not field.unique or value is None or switches.may_repeat(self.faults, item.name, field.name):
                continue
            for other in tx.store.matching(item.name, field, folded(field, value)):
                if other["Id"] != record_id and not other.get("IsDeleted"):
                    message = f"duplicate value found: {field.name} duplicates value on record with id: {other['Id'][:15]}"
                    raise refuse("DUPLICATE_VALUE", message, field.name)
