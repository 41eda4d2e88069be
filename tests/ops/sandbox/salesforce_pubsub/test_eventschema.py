import json

from ops.sandbox.salesforce import eventbody, eventschema
from ops.sandbox.salesforce.bitmap import Place
from ops.sandbox.salesforce.metadata import Field

FIELDS = [
    Field("Id", "id"),
    Field("Name", "string"),
    Field("BillingStreet", "textarea"),
    Field("BillingCity", "string"),
    Field("BillingPostalCode", "string"),
    Field("BillingAddress", "address"),
    Field("ShippingStreet", "textarea"),
    Field("ShippingCity", "string"),
    Field("ShippingPostalCode", "string"),
    Field("IsActive__c", "boolean", custom=True),
    Field("Limit__c", "currency", custom=True),
    Field("Started__c", "date", custom=True),
    Field("Formula__c", "double", calculated=True, custom=True),
    Field("Total__c", "double", calculated=True, rollup=True, custom=True),
    Field("LastModifiedDate", "datetime"),
    Field("OwnerId", "reference"),
    Field("SystemModstamp", "datetime"),
]


def by_name(schema):
    return {field["name"]: field for field in json.loads(schema.text)["fields"]}


def test_the_header_is_first_and_custom_fields_are_last():
    """Bit 0 of every bitmap is the header; custom fields follow the standard ones whatever their place in describe."""
    schema = eventschema.build("Account", FIELDS)
    assert schema.fields[0] == "ChangeEventHeader"
    assert schema.fields[-4:] == ("IsActive__c", "Limit__c", "Started__c", "Total__c")


def test_addresses_are_records_spelled_out_once():
    """Flat address names don't exist in events; the second address only names the record."""
    fields = by_name(eventschema.build("Account", FIELDS))
    assert fields["BillingAddress"]["type"][1]["name"] == "Address"
    assert fields["ShippingAddress"]["type"] == ["null", "Address"]
    assert "BillingStreet" not in fields


def test_types_survive_only_in_doc():
    """Dates are plain longs; a consumer that ignores `doc` would write 1780000000000 into a date field."""
    fields = by_name(eventschema.build("Account", FIELDS))
    assert fields["Started__c"]["type"] == ["null", "long"]
    assert fields["Started__c"]["doc"].startswith("Data:DateOnly:00N")
    assert fields["LastModifiedDate"]["doc"] == "LastModifiedDate:DateTime"
    assert fields["OwnerId"]["doc"] == "ForeignKey:EntityId"


def test_derived_values_are_absent_and_roll_ups_are_not():
    """A formula's change causes no event and its field is in none."""
    names = by_name(eventschema.build("Account", FIELDS)).keys()
    assert {"Id", "SystemModstamp", "Formula__c"}.isdisjoint(names)
    assert "Total__c" in names


def test_account_names_are_text_or_a_person():
    """Account.Name is a union of three; a decoder that expects one branch breaks on person accounts."""
    kinds = by_name(eventschema.build("Account", FIELDS))["Name"]["type"]
    assert kinds[:2] == ["null", "string"]
    assert kinds[2]["name"] == "Switchable_PersonName"


def test_a_contacts_name_is_a_compound():
    """FirstName and LastName are parts of Name in events."""
    fields = [Field("Name", "string"), Field("FirstName", "string"), Field("LastName", "string")]
    schema = eventschema.build("Contact", fields)
    assert (schema.fields, schema.places["LastName"]) == (("ChangeEventHeader", "Name"), Place(1, 2))


def test_a_new_field_shifts_positions_and_changes_the_id():
    """A decoder with a schema cached by topic would succeed with wrong names."""
    old, new = eventschema.build("Account", FIELDS), eventschema.build("Account", FIELDS, drift=1)
    assert new.places["Limit__c"].field == old.places["Limit__c"].field + 1
    assert (len(old.id), old.id == new.id) == (22, False)


def test_a_small_change_of_a_long_text_is_a_difference_with_the_new_texts_hash():
    """The hash lets a consumer check its patch; it is of the new value with CRLF line breaks."""
    old = "\n".join(f"line {n} of a long text that fills the page" for n in range(40))
    new = old.replace("line 7 ", "line seven ")
    text = eventbody.difference(old, new)
    assert text.startswith("--- \n+++ ")
    assert "\n\n@@ -8,1 +8,1 @@\n-line 7 of" in text
    assert [eventbody.difference("short", "shorter"), eventbody.difference(old, old[::-1])] == [None, None]
