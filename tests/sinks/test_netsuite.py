from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from accord.errors import AccordError, Rejected, Transient
from sinks.netsuite import NetSuite
from sinks.target import Job, Verdict
from tests.sinks.builders import a_job, a_write

KEY = "customer:salesforce:001A"
EID = "customer-salesforce-001A"


@dataclass
class FakeAccount:
    """An account in memory: lines of a sublist without a key are added, external ids are unique. `cut`: the next write lands, its answer doesn't."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault: AccordError | None = None
    barred: AccordError | None = None
    cut: bool = False
    calls: list[str] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: count(50))
    time: int = 1_000

    def now_ms(self) -> int:
        self.time += 1
        return self.time

    def latest_ms(self) -> int:
        return self.now_ms()

    async def create(self, type_: str, body: Mapping[str, Any]) -> str:
        self._called("POST")
        if any(body.get("externalId") == r.get("externalId") is not None for r in self.records.values()):
            raise Rejected("This record already exists", code="DUP_RCRD")
        id_ = str(next(self.ids))
        self.records[id_] = dict(body)
        self._answer()
        return id_

    async def update(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._called("PATCH" + (f"?replace={parameters['replace']}" if parameters else ""))
        record = self._there(id_)
        for name, value in body.items():
            if isinstance(value, Mapping) and "items" in value and name not in parameters.get("replace", ""):
                record[name] = {"items": [*record.get(name, {"items": []})["items"], *value["items"]]}
            else:
                record[name] = value
        self._answer()

    async def transform(self, type_: str, id_: str, target: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
        self.calls.append(f"TRANSFORM {type_}/{id_}?replace={parameters['replace']}")
        return await self.create(target, {**body, "createdFrom": id_})

    async def delete(self, type_: str, id_: str) -> None:
        self._called("DELETE")
        self._there(id_)
        del self.records[id_]

    async def get(self, type_: str, id_: str, fields: Sequence[str] = ()) -> Mapping[str, Any] | None:
        self.calls.append("GET")
        return self.records.get(id_)

    async def sighted(self) -> None:
        if self.barred:
            raise self.barred

    async def find(self, type_: str, name: str, value: str) -> str | None:
        self.calls.append("FIND")
        return next((i for i, r in self.records.items() if r.get(name) == value), None)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault

    def _answer(self) -> None:
        if self.cut:
            self.cut = False
            raise Transient("reset", code="unreachable", ambiguous=True)

    def _there(self, id_: str) -> dict[str, Any]:
        if id_ not in self.records:
            raise Rejected("The record instance does not exist.", code="NONEXISTENT_ID")
        return self.records[id_]


def job(*, doubt: bool = False, known: str = "", **write: Any) -> Job:
    return a_job(a_write(KEY, **write), id=known, doubt=doubt)


def send(account: FakeAccount, one: Job, **keys: str) -> Verdict:
    [verdict] = asyncio.run(NetSuite({"live": account, "backfill": account}, keys=keys).apply([one]))
    return verdict


def test_a_create_is_one_post_with_our_key_and_seeds() -> None:
    """Two calls a create, one an update: NetSuite's slots are few."""
    account = FakeAccount()
    verdict = send(account, job(seeds={"creditLimit": 5}))
    assert (verdict.kind, verdict.created, verdict.calls) == ("applied", True, 1)
    assert account.records == {verdict.id: {"companyName": "Acme", "creditLimit": 5, "externalId": EID}}


def test_an_order_of_an_estimate_is_made_by_its_transformation() -> None:
    """createdFrom can't be set: an order that was posted would have lost its quote for ever."""
    account, made = FakeAccount(), {"seeds": {"createdFrom": "88"}, "options": {"transform": "estimate", "replace": "item"}}
    verdict = send(account, job(**made))
    assert (verdict.kind, verdict.created, account.calls) == ("applied", True, ["TRANSFORM estimate/88?replace=item", "POST"])
    assert account.records[verdict.id] == {"companyName": "Acme", "createdFrom": "88", "externalId": EID}
    assert send(account, job(**made)).kind == "unchanged", "a repeat finds its own order"


def test_a_taken_key_is_looked_up_and_patched_by_id_without_seeds() -> None:
    """The owner (finance) has changed the limit since the first create landed: the seed may not overwrite it."""
    account = FakeAccount({"7": {"externalId": EID, "creditLimit": 9}})
    verdict = send(account, job(seeds={"creditLimit": 5}))
    assert (verdict.kind, verdict.id, verdict.created) == ("applied", "7", False)
    assert account.records["7"] == {"externalId": EID, "creditLimit": 9, "companyName": "Acme"}
    assert account.calls == ["POST", "FIND", "GET", "PATCH"]


def test_a_refused_name_that_isnt_ours_goes_back_to_the_user() -> None:
    """DUP_ENTITY of another customer can't be adopted."""
    account = FakeAccount(fault=Rejected("A customer with that name already exists", code="DUP_ENTITY"))
    verdict = send(account, job())
    assert (verdict.kind, verdict.code) == ("rejected", "DUP_ENTITY")


def test_a_lost_answer_of_a_create_makes_no_second_record() -> None:
    """A reset after the commit: look up first, then go on by id."""
    account = FakeAccount(cut=True)
    first = send(account, job())
    second = send(account, job(doubt=True))
    assert (first.kind, first.ambiguous, second.kind, len(account.records)) == ("retry", True, "unchanged", 1)


def test_a_repeated_update_adds_no_line_twice() -> None:
    """A PATCH of a sublist adds lines without a key: after a lost answer the lines that are there already are left out."""
    account = FakeAccount({"7": {}}, cut=True)
    lines = {"items": [{"label": "HQ", "addressBookAddress": {"city": "Berlin", "country": {"id": "DE"}}}, {"label": "Store"}]}
    write: dict[str, Any] = {"id": "7", "body": {"addressBook": lines, "companyName": "Acme"}}
    first = send(account, job(**write))
    second = send(account, job(**write, doubt=True))
    assert (first.kind, second.kind) == ("retry", "unchanged")
    assert [line["label"] for line in account.records["7"]["addressBook"]["items"]] == ["HQ", "Store"]


def test_a_replaced_sublist_goes_whole_or_not_at_all() -> None:
    """replace=item deletes what is left out: sending only the lines that lack would delete the others."""
    account = FakeAccount({"7": {"item": {"items": [{"item": {"id": "1"}, "quantity": 1}]}}})
    lines = {"items": [{"item": {"id": "1"}, "quantity": 1}, {"item": {"id": "2"}, "quantity": 2}]}
    verdict = send(account, job(id="7", body={"item": lines}, options={"replace": "item"}, doubt=True))
    assert (verdict.kind, account.records["7"]["item"], account.calls[-1]) == ("applied", lines, "PATCH?replace=item")


def test_a_404_is_an_observation() -> None:
    """An upsert would raise a deleted customer from the dead."""
    verdict = send(FakeAccount(), job(id="7"))
    assert (verdict.kind, verdict.id) == ("gone", "7")


def test_a_404_is_no_observation_while_the_role_is_barred_from_what_it_must_see() -> None:
    """An admin took a subsidiary from the role: its customers answer as if deleted, and would all have been inactivated in Salesforce."""
    barred = Transient("the role doesn't see subsidiary 2", code="subsidiary_hidden")
    assert (send(FakeAccount(barred=barred), job(id="7")).kind, send(FakeAccount(barred=barred), job(id="7", kind="delete")).kind) == ("retry", "retry")


def test_a_missing_reference_is_not_taken_for_the_deletion_of_the_record() -> None:
    """The same code names the record or something that it names: only a look by id tells."""
    account = FakeAccount({"7": {}}, fault=Rejected("no such terms", code="NONEXISTENT_ID", field="terms"))
    verdict = send(account, job(id="7"))
    assert (verdict.kind, verdict.field) == ("rejected", "terms")


def test_a_write_of_a_stage_reads_the_status_first() -> None:
    """The warehouse has accepted the order meanwhile: its lines are no longer ours to write."""
    account = FakeAccount({"7": {"status": {"id": "B"}}})
    options = {"stage_field": "status", "stage_values": '["A"]', "stage_as": "erp_status"}
    verdict = send(account, job(id="7", stage="submitted", options=options))
    assert (verdict.kind, verdict.observed, account.calls) == ("stage_changed", {"erp_status": "B"}, ["GET"])


def test_a_write_in_its_stage_goes_through() -> None:
    """One read more, and the write."""
    account = FakeAccount({"7": {"status": {"id": "A"}}})
    verdict = send(account, job(id="7", stage="submitted", options={"stage_values": '["A"]'}))
    assert (verdict.kind, account.calls) == ("applied", ["GET", "PATCH"])


def test_a_custom_field_carries_the_key_where_a_shop_connector_owns_the_external_id() -> None:
    """That field isn't unique: a create without a look would double the record at every repeat."""
    account = FakeAccount({"7": {"custentity_accord_key": EID, "externalId": "shop-9"}})
    verdict = send(account, job(), customer="custentity_accord_key")
    assert (verdict.kind, verdict.id, account.calls) == ("applied", "7", ["FIND", "GET", "PATCH"])
    fresh = FakeAccount()
    assert send(fresh, job(), customer="custentity_accord_key").created
    assert [r.get("custentity_accord_key") for r in fresh.records.values()] == [EID]
    assert all("externalId" not in r for r in fresh.records.values())


def test_a_busy_account_is_not_ambiguous() -> None:
    """429 was refused before anything happened: it is sent again without a look."""
    account = FakeAccount(fault=Transient("too many", code="CONCURRENCY_LIMIT_EXCEEDED", wait_s=0.5))
    verdict = send(account, job())
    assert (verdict.kind, verdict.ambiguous, verdict.wait_s) == ("retry", False, 0.5)


def test_a_delete_of_what_is_gone_is_gone() -> None:
    """The wanted end state is reached."""
    assert send(FakeAccount(), job(id="7", kind="delete")).kind == "gone"


def test_a_changed_address_goes_to_the_line_that_has_its_flags() -> None:
    """A line without its id would be added: the customer would get one more address with every edit."""
    held = [{"id": "11", "defaultBilling": True, "defaultShipping": False}, {"id": "12", "defaultBilling": False, "defaultShipping": True}]
    account = FakeAccount({"7": {"addressBook": {"items": held}}})
    wanted = {"items": [{"defaultShipping": True, "addressBookAddress": {"city": "Ulm"}}]}
    send(account, job(id="7", body={"addressBook": wanted}, options={"lines": "addressBook"}))
    assert account.records["7"]["addressBook"]["items"][-1] == {"id": "12", "defaultShipping": True, "addressBookAddress": {"city": "Ulm"}}


def test_a_create_that_landed_unseen_adds_no_address_twice() -> None:
    """The key is taken by our own earlier call, whose answer nobody saw: its lines are there already."""
    account = FakeAccount()
    address = {"addressBook": {"items": [{"defaultBilling": True, "addressBookAddress": {"city": "Ulm"}}]}}
    send(account, job(body=address))
    verdict = send(account, job(body=address))
    assert (verdict.kind, len(account.records["50"]["addressBook"]["items"])) == ("unchanged", 1)
