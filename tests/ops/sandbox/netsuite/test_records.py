"""The REST record API: shapes, validation, upserts, sublists, filters and refusals, over ASGI."""

from __future__ import annotations

import pytest

from tests.ops.sandbox.netsuite.world import RECORDS, bearer, client, detail

pytestmark = pytest.mark.anyio
ADDRESS = {"addr1": "1 Main St", "city": "Austin", "state": "Texas", "zip": "78701", "country": {"id": "US"}}
CUSTOMER = {"companyName": "Acme", "subsidiary": {"id": "1"}}


@pytest.fixture
async def http(app):
    async with client(app) as opened:
        opened.headers.update(await bearer(opened, app))
        yield opened


async def make(http, kind="customer", **body):
    answer = await http.post(f"{RECORDS}/{kind}", json={**(CUSTOMER if kind == "customer" else {}), **body})
    assert answer.status_code == 204, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


async def test_create_answers_204_with_an_absolute_location(http):
    """No body comes back: the id is the end of Location, on the host that the client used."""
    answer = await http.post(f"{RECORDS}/customer", json=CUSTOMER)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].startswith(f"https://1234567-sb1.suitetalk.api.netsuite.com{RECORDS}/customer/")
    shown = (await http.get(answer.headers["location"])).json()
    assert shown["subsidiary"]["refName"] == "Parent Company"
    assert shown["lastModifiedDate"].endswith("Z")
    assert len(shown["lastModifiedDate"]) == 20
    assert "email" not in shown


async def test_a_body_without_content_type_is_taken(http):
    """A client sends JSON without saying so."""
    answer = await http.post(f"{RECORDS}/customer", content=b'{"companyName":"Bare","subsidiary":{"id":"1"}}')
    assert answer.status_code == 204


async def test_upsert_by_external_id_creates_then_updates(http):
    """PUT eid: makes one record, however often it is sent; GET finds it by the same address."""
    for phone in ("5551234567", "5557654321"):
        answer = await http.put(f"{RECORDS}/customer/eid:customer-salesforce-001A", json={**CUSTOMER, "phone": phone})
        assert answer.status_code == 204
    shown = (await http.get(f"{RECORDS}/customer/eid:customer-salesforce-001A")).json()
    assert (shown["phone"], shown["externalId"]) == ("5557654321", "customer-salesforce-001A")
    assert (await http.get(f"{RECORDS}/customer")).json()["totalResults"] == 1
    assert (await http.put(f"{RECORDS}/customer/eid:a%7Cb", json=CUSTOMER)).status_code == 400


async def test_external_ids_are_unique_in_the_group_and_without_case(http):
    """Customer and contact share one space: the same id on both is refused, as is one that differs only by case."""
    await make(http, externalId="K-1")
    for kind, body in (("contact", {"lastName": "Doe", "externalId": "K-1"}), ("customer", {**CUSTOMER, "externalId": "k-1"})):
        answer = await http.post(f"{RECORDS}/{kind}", json=body)
        assert (answer.status_code, detail(answer)["o:errorCode"]) == (400, "DUP_RCRD")
        assert "already exists" in detail(answer)["detail"]


async def test_a_misspelt_field_is_dropped_unless_one_asks_for_errors(http):
    """The default validation loses the field with a 204; `error` names its place."""
    lost = {"X-NetSuite-PropertyNameValidation": "warning"}
    answer = await http.post(f"{RECORDS}/customer", json={**CUSTOMER, "compnyNote": "x"}, headers=lost)
    assert answer.status_code == 204
    body = {**CUSTOMER, "addressBook": {"items": [{"labl": "x"}]}}
    answer = await http.post(f"{RECORDS}/customer", json=body)
    assert (detail(answer)["o:errorCode"], detail(answer)["o:errorPath"]) == ("NONEXISTENT_FIELD", "addressBook.items[0].labl")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"companyName": None}, "USER_ERROR", "Please enter value(s) for: Company Name"),
        ({"companyName": "x" * 84}, "USER_ERROR", "maximum number ( 83 )"),
        ({"phone": "123"}, "USER_ERROR", "seven digits"),
        ({"url": "example.com"}, "USER_ERROR", "Invalid url"),
        ({"terms": {"id": "99"}}, "INVALID_CONTENT", "Invalid Field Value 99"),
        ({"creditLimit": "much"}, "INVALID_CONTENT", "Invalid Field Value much"),
        ({"isInactive": "maybe"}, "INVALID_CONTENT", "Invalid Field Value maybe"),
        ({"creditHoldOverride": {"id": "NEVER"}}, "INVALID_CONTENT", "NEVER"),
        ({"addressBook": {"items": [{"addressBookAddress": {**ADDRESS, "state": "Bavaria"}}]}}, "INVALID_CONTENT", "Bavaria"),
        ({"addressBook": {"items": [{"addressBookAddress": {"country": {"id": "ZZ"}}}]}}, "INVALID_CONTENT", "ZZ"),
    ],
)
async def test_bad_values_are_refused_by_name(http, body, code, words):
    """Each bad value is a 400 whose detail says what was wrong: what a person gets to read in Salesforce."""
    answer = await http.post(f"{RECORDS}/customer", json={**CUSTOMER, **body})
    assert (answer.status_code, detail(answer)["o:errorCode"]) == (400, code)
    assert words in detail(answer)["detail"]


async def test_a_missing_subsidiary_and_a_broken_body_are_refused(http):
    """OneWorld needs a subsidiary; text that is no JSON is a refusal, not a crash."""
    answer = await http.post(f"{RECORDS}/customer", json={"companyName": "X"})
    assert "subsidiary" in detail(answer)["detail"]
    assert (await http.post(f"{RECORDS}/customer", content=b"{nope")).status_code == 400
    assert (await http.post(f"{RECORDS}/customer", content=b"[]")).status_code == 400


async def test_addresses_keep_one_default_and_known_lines(http):
    """A line without its id is added, with it changed; the newest default wins; a state becomes its abbreviation."""
    line = {"defaultBilling": True, "defaultShipping": True, "label": "HQ", "addressBookAddress": ADDRESS}
    made = await make(http, addressBook={"items": [line]})
    url = f"{RECORDS}/customer/{made}"
    book = (await http.get(f"{url}?expandSubResources=true")).json()["addressBook"]["items"]
    assert (book[0]["addressBookAddress"]["state"], book[0]["defaultBilling"]) == ("TX", True)
    change = {"items": [{"id": book[0]["id"], "label": "Old"}, {"label": "New", "defaultBilling": True, "addressBookAddress": ADDRESS}]}
    assert (await http.patch(url, json={"addressBook": change})).status_code == 204
    book = (await http.get(f"{url}?expandSubResources=true")).json()["addressBook"]["items"]
    assert [(b["label"], b["defaultBilling"], b["defaultShipping"]) for b in book] == [("Old", False, True), ("New", True, False)]
    answer = await http.patch(f"{url}?replace=addressBook", json={"addressBook": {"items": [{"id": book[1]["id"]}]}})
    assert answer.status_code == 204
    listed = (await http.get(f"{url}/addressBook")).json()
    assert listed["totalResults"] == 1
    assert (await http.get(f"{url}/addressBook/{book[1]['id']}")).json()["label"] == "New"


async def test_clearing_a_reference_takes_replace_selected_fields(http):
    """A null alone leaves a reference as it is."""
    made = await make(http, terms={"id": "1"})
    url = f"{RECORDS}/customer/{made}"
    await http.patch(url, json={"terms": None})
    assert (await http.get(url)).json()["terms"]["id"] == "1"
    await http.patch(f"{url}?replaceSelectedFields=true&replace=terms", json={})
    assert "terms" not in (await http.get(url)).json()


async def test_order_lines_are_added_changed_and_replaced_by_key(http):
    """PATCH without keys appends duplicates; with `line` it changes; replace=item leaves exactly what was sent, in that order."""
    customer = await make(http)
    price = {"items": [{"currencyPage": {"id": "1"}, "price": 10}]}
    items = [await make(http, "inventoryItem", itemId=f"I-{n}", price=price) for n in range(2)]
    line = {"item": {"id": items[0]}, "quantity": 2}
    made = await make(http, "salesOrder", entity={"id": customer}, item={"items": [line]})
    url = f"{RECORDS}/salesOrder/{made}"
    lines = lambda body: [(row["line"], row["item"]["id"], row["quantity"]) for row in body["item"]["items"]]  # noqa: E731
    await http.patch(url, json={"item": {"items": [line, {"line": 1, "quantity": 5}]}})
    assert lines((await http.get(f"{url}?expandSubResources=true")).json()) == [(1, items[0], 5), (2, items[0], 2)]
    replaced = {"items": [{"item": {"id": items[1]}, "quantity": 1}, {"line": 2, "quantity": 3}]}
    await http.patch(f"{url}?replace=item", json={"item": replaced})
    shown = (await http.get(f"{url}?expandSubResources=true")).json()
    assert lines(shown) == [(3, items[1], 1), (2, items[0], 3)]
    assert (shown["subtotal"], shown["total"], shown["status"]) == (40, 40, {"id": "A", "refName": "Pending Approval"})
    assert (await http.get(f"{url}?simpleEnumFormat=True&fields=status,total")).json().keys() == {"links", "id", "status", "total"}


async def test_transform_answers_where_the_new_record_is(http):
    """An order becomes a fulfilment by !transform; creating one directly is refused."""
    customer = await make(http)
    item = await make(http, "nonInventorySaleItem", itemId="N-1")
    body = {"entity": {"id": customer}, "orderStatus": {"id": "B"}, "item": {"items": [{"item": {"id": item}, "quantity": 1, "rate": 5}]}}
    made = await make(http, "salesOrder", **body)
    answer = await http.post(f"{RECORDS}/salesOrder/{made}/!transform/itemFulfillment", json={"shipStatus": {"id": "C"}})
    assert "/itemFulfillment/" in answer.headers["location"]
    assert (await http.get(answer.headers["location"])).json()["createdFrom"]["id"] == made
    assert (await http.post(f"{RECORDS}/itemFulfillment", json={})).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('companyName CONTAIN "cm"', ["Acme"]),
        ('companyName IS "acme" OR companyName START_WITH "Be"', ["Acme", "Beta"]),
        ('(companyName IS "Acme" AND isInactive IS false)', ["Acme"]),
        ("creditLimit GREATER 100", ["Beta"]),
        ("email EMPTY", ["Beta"]),
        ("companyName CONTAIN_NOT cme", ["Beta"]),
        ('lastModifiedDate ON_OR_AFTER "1/1/2020"', ["Acme", "Beta"]),
        ('lastModifiedDate BEFORE "1/1/2020"', []),
        ('externalId IS "a|b"', ["Beta"]),
    ],
)
async def test_q_filters(http, query, found):
    """The filter grammar: text, numbers, booleans, emptiness, dates in the user's format, external ids that no path can carry."""
    await make(http, companyName="Acme", email="a@example.com")
    await make(http, companyName="Beta", creditLimit=500, externalId="a|b")
    answer = await http.get(f"{RECORDS}/customer", params={"q": query, "limit": 5})
    names = [(await http.get(item["links"][0]["href"])).json()["companyName"] for item in answer.json()["items"]]
    assert names == found


@pytest.mark.parametrize(
    ("query", "code"),
    [('lastModifiedDate AFTER "2020-01-01"', "INVALID_PARAMETER"), ("balance GREATER 1", "NONEXISTENT_FIELD"), ('nope IS "x"', "NONEXISTENT_FIELD"),
     ("companyName", "INVALID_PARAMETER"), ('companyName GREATER "x"', "INVALID_PARAMETER")],
)  # fmt: skip
async def test_bad_q_filters_are_refused(http, query, code):
    """An ISO date, a computed field, an unknown one: each a 400 at the query parameter q."""
    answer = await http.get(f"{RECORDS}/customer", params={"q": query})
    assert (answer.status_code, detail(answer)["o:errorCode"], detail(answer)["o:errorQueryParam"]) == (400, code, "q")


async def test_collections_page_by_links(http):
    """Pages carry absolute links with limit and offset; an offset that is no multiple of the limit is refused."""
    for n in range(5):
        await make(http, companyName=f"C{n}")
    page = (await http.get(f"{RECORDS}/customer?limit=2&offset=2")).json()
    links = {link["rel"]: link["href"] for link in page["links"]}
    assert (page["count"], page["totalResults"], page["hasMore"]) == (2, 5, True)
    assert links["next"].endswith("limit=2&offset=4")
    assert links["last"].endswith("limit=2&offset=4")
    assert links["prev"].endswith("limit=2&offset=0")
    assert (await http.get(f"{RECORDS}/customer?limit=2&offset=3")).status_code == 400


async def test_delete_leaves_a_trace_and_respects_dependents(http):
    """A deleted record is a 404 and a row of deletedrecord; a customer with orders or contacts can't be deleted."""
    made = await make(http, externalId="K-1")
    contact = await make(http, "contact", lastName="Doe", company={"id": made})
    assert (await http.delete(f"{RECORDS}/customer/{made}")).status_code == 400
    assert (await http.delete(f"{RECORDS}/contact/{contact}")).status_code == 204
    assert (await http.delete(f"{RECORDS}/customer/{made}")).status_code == 204
    gone = await http.get(f"{RECORDS}/customer/{made}")
    assert (gone.status_code, detail(gone)["o:errorCode"]) == (404, "NONEXISTENT_ID")
    assert (await http.patch(f"{RECORDS}/customer/{made}", json={})).status_code == 404
    await make(http, externalId="K-1")


async def test_frozen_fields_after_transactions(http):
    """Subsidiary and currency of a customer are frozen once something was posted."""
    customer = await make(http)
    item = await make(http, "serviceSaleItem", itemId="S-1")
    await make(http, "salesOrder", entity={"id": customer}, item={"items": [{"item": {"id": item}, "rate": 1}]})
    answer = await http.patch(f"{RECORDS}/customer/{customer}", json={"currency": {"id": "2"}})
    assert "transactions were posted" in detail(answer)["detail"]


async def test_contacts_of_one_company_have_unique_names(http):
    """Two contacts of one name at one company are refused (DUP_ENTITY), at another company they are fine."""
    first, second = await make(http), await make(http, companyName="Other")
    await make(http, "contact", firstName="Jo", lastName="Doe", company={"id": first})
    answer = await http.post(f"{RECORDS}/contact", json={"firstName": "Jo", "lastName": "Doe", "company": {"id": first}})
    assert detail(answer)["o:errorCode"] == "DUP_ENTITY"
    await make(http, "contact", firstName="Jo", lastName="Doe", company={"id": second})


async def test_the_catalogue_shows_what_is_deployed(http, app):
    """Custom fields of the SDF project stand in the schema, lengths and required fields too; swagger on request."""
    schema = (await http.get(f"{RECORDS}/metadata-catalog/customer", headers={"Accept": "application/schema+json"})).json()
    assert schema["properties"]["custentity_accord_key"]["x-ns-custom-field"] is True
    assert schema["properties"]["companyName"]["maxLength"] == 83
    assert schema["required"] == ["subsidiary"]
    swagger = await http.get(f"{RECORDS}/metadata-catalog?select=customer%2Ccontact", headers={"Accept": "application/swagger+json"})
    assert set(swagger.json()["components"]["schemas"]) == {"customer", "contact"}
    assert len((await http.get(f"{RECORDS}/metadata-catalog")).json()["items"]) == len(app.account.metadata.types)


async def test_unknown_addresses_are_404_bodies(http):
    """A wrong path, an unknown type and a missing id answer with an o:errorDetails body, which clients read."""
    for path in ("/services/rest/nosuch/v1/x", f"{RECORDS}/nosuch/1", f"{RECORDS}/customer/999", f"{RECORDS}/customer/eid:none"):
        answer = await http.get(path)
        assert (answer.status_code, detail(answer)["o:errorCode"]) == (404, "NONEXISTENT_ID")


async def test_item_price_matrix_reads_back(http):
    """The price sublist is read by its own address, with quantity as {value}."""
    cells = [{"currencyPage": {"id": "1"}, "priceLevel": {"id": "2"}, "quantity": {"value": 10}, "price": 44.125}]
    made = await make(http, "inventoryItem", itemId="P-1", price={"items": cells})
    shown = (await http.get(f"{RECORDS}/inventoryItem/{made}/price?expandSubResources=true")).json()["items"][0]
    assert (shown["price"], shown["quantity"], shown["priceLevel"]["refName"]) == (44.125, {"value": 10}, "Wholesale")


async def test_a_price_takes_the_place_of_the_one_in_its_cell(http):
    """A matrix has one price for a level, currency and quantity. With a second one beside the first nobody knew which counts, the soak's checker neither."""
    base = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": 10}
    made = await make(http, "inventoryItem", itemId="P-2", price={"items": [base]})
    cells = [base | {"price": 11.5}, base | {"quantity": {"value": 10}, "price": 9}]
    assert (await http.patch(f"{RECORDS}/inventoryItem/{made}", json={"price": {"items": cells}})).status_code == 204
    shown = (await http.get(f"{RECORDS}/inventoryItem/{made}/price?expandSubResources=true")).json()["items"]
    assert [(line["quantity"]["value"], line["price"]) for line in shown] == [(0, 11.5), (10, 9)]


async def test_the_journal_tells_what_a_save_left_behind(app, http):
    """Checkers judge by the journal: of each named field it tells the value after the save, numbers as text, and no sublists."""
    ident = await make(http, creditLimit=1000.5, addressBook={"items": [{"defaultBilling": True, "addressBookAddress": ADDRESS}]})
    (entry,) = [e for e in app.account.journal() if e["type"] == "customer"]
    assert (entry["id"], entry["op"]) == (ident, "create")
    assert entry["held"].items() >= {"companyName": "Acme", "creditLimit": "1000.5"}.items()
    assert "addressBook" in entry["fields"]
    assert "addressBook" not in entry["held"]
