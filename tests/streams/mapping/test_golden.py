"""Golden records: typed, complete, and writable by Avro."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from importlib import resources

import fastavro
import pytest

from schemas.events import Record
from schemas.topics import golden_record
from streams.mapping import load, shipped
from streams.mapping.golden import HEAD
from streams.mapping.schemas import golden_files
from tests.streams.mapping.builders import entities, observed, order_body, order_line, reading, reference

D = Decimal


@pytest.mark.parametrize(("name", "text"), list(golden_files()))
def test_shipped_schemas_are_those_of_the_tables(name, text):
    """A field that the schema lacks would be missing in every report (python -m streams.mapping.schemas writes them)."""
    assert (resources.files("schemas") / "avro" / name).read_text() == text


@pytest.mark.parametrize("entity", sorted(entities()))
def test_schema_and_canonical_fields_are_the_same(entity):
    """All that the mapping knows is told, but for what serves the pipeline alone."""
    schema = json.loads((resources.files("schemas") / "avro" / f"golden_{entity}.avsc").read_text())
    assert schema["name"] == golden_record(entity)
    hidden = {"record_type", "status_letter", "line_notes", "extra_lines", "born_lines", "order_salesforce_id", "customer_id", "person", "person_number"}
    own = {"key", "netsuite_id", "salesforce_id", "accord_status", "accord_code", "accord_message"}
    needed = {"sales_rep", "category", "currencies"}  # in accounts that have the reference table, or ask for it
    told = {f["name"] for f in schema["fields"]} - set(HEAD)
    assert told - needed == set(entities()[entity].rules.fields) - hidden - own


def written(entity: str, value: dict) -> dict:
    """Through Avro and back."""
    schema = json.loads((resources.files("schemas") / "avro" / f"golden_{entity}.avsc").read_text())
    return through(schema, schema, value)


def through(writer: dict, reader: dict, value: dict) -> dict:
    """Written with one schema, read with another."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(writer), value)
    out.seek(0)
    return fastavro.schemaless_reader(out, fastavro.parse_schema(writer), fastavro.parse_schema(reader))


def test_a_users_own_field_is_told_and_older_records_stay_readable(tmp_path):
    """A custom field that reports don't see is mapped for nothing; a schema that can't read what is there stops the pipeline."""
    (tmp_path / "customer.toml").write_text('[fields]\nregion = { type = "text(20)", owner = "salesforce", salesforce = "Region__c" }\n')
    entity = load(shipped(), [tmp_path], reference())["customer"]
    plain = json.loads((resources.files("schemas") / "avro" / "golden_customer.avsc").read_text())
    record = Record("customer:salesforce:1", "customer")
    new = through(entity.schema, entity.schema, entity.golden(record, reading(salesforce={"region": "north"})))
    old = through(plain, entity.schema, entities()["customer"].golden(record, reading(salesforce={"name": "Acme"})))
    assert (new["region"], old["region"], old["name"]) == ("north", None, "Acme")


def test_a_reference_says_of_which_entity_it_is():
    """Without it a report would have to know by heart what `entity` of a sales order is."""
    fields = {f["name"]: f["type"] for f in entities()["order"].schema["fields"]}
    rows = {f["name"]: f["type"] for f in fields["lines"]["items"]["fields"]}
    assert (fields["customer"][1]["entity"], rows["item"][1]["entity"]) == ("customer", "item")


def test_an_orders_golden_record_is_typed():
    """Reporting adds money up: it must be a decimal, and dates dates."""
    ours = observed("order", "salesforce", order_body(order_line(1, "CUP-01", "7", "9.99", Discount_Percent="15"), Accord_Shipping_Cost__c="12.5"))
    entity = entities()["order"]
    record = Record("order:salesforce:801A", "order", ids={"salesforce": "801A", "netsuite": "7"}, stage="submitted")
    golden = written("order", entity.golden(record, reading(salesforce=ours, netsuite={"total": "71.94", "erp_status": "Pending approval"})))
    assert (golden["key"], golden["stage"], golden["netsuite_id"]) == ("order:salesforce:801A", "submitted", "7")
    assert (golden["date"], golden["ship_cost"], golden["total"]) == (date(2026, 11, 23), D("12.5"), D("71.94"))
    assert golden["lines"] == [
        {
            "key": "802000000000000001",
            "item": "item:salesforce:01t-CUP-01",
            "quantity": D(7),
            "unit_price": D("9.99"),
            "discount": D("10.49"),
        }
    ]


@pytest.mark.parametrize("entity", sorted(entities()))
def test_an_empty_record_can_be_written(entity):
    """The first event of a record may hold next to nothing."""
    golden = entities()[entity].golden(Record(f"{entity}:salesforce:1", entity), reading())
    assert written(entity, golden)["key"] == f"{entity}:salesforce:1"


def test_the_owners_value_is_told():
    """A sales user's edit of a credit limit that is about to be put back is not what reporting should see."""
    entity = entities()["customer"]
    record = Record("customer:salesforce:1", "customer", ids={"salesforce": "1", "netsuite": "7"})
    read = reading(salesforce={"credit_limit": "9999", "name": "Acme"}, netsuite={"credit_limit": "5000", "name": "ACME INC"})
    golden = entity.golden(record, read)
    assert (golden["credit_limit"], golden["name"]) == (D("5000"), "Acme")
