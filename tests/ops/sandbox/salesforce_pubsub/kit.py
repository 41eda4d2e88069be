"""Short forms of calls to the event bus."""

import io
import json

import fastavro
import grpc
import pytest

from accord.salesforce.proto import pubsub_api_pb2 as pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT


async def refused(awaitable):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable
    trailers = dict(caught.value.trailing_metadata())
    assert trailers["rpc-id"] in caught.value.details()
    return caught.value.code(), trailers["error-code"].removeprefix("sfdc.platform.eventbus.grpc.")


async def header(stand, event):
    """The decoded header and body of a raw event."""
    info = await stand.stub.GetSchema(pb.SchemaRequest(schema_id=event.event.schema_id), metadata=stand.metadata())
    schema = fastavro.parse_schema(json.loads(info.schema_json))
    body = fastavro.schemaless_reader(io.BytesIO(event.event.payload), schema, None)
    return body.pop("ChangeEventHeader"), body, schema


def order_with_lines(org, lines):
    account = org.create("Account", {"Name": "Acme"})
    product = org.create("Product2", {"Name": "Bolt", "ProductCode": "B1", "IsActive": True})
    book = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    entry = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": "2.50", "IsActive": True, "CurrencyIsoCode": "USD"}
    price = org.create("PricebookEntry", entry)
    head = {"AccountId": account, "EffectiveDate": "2026-11-23", "Status": "Draft", "Pricebook2Id": book}
    order = org.create("Order", head)
    with org.transaction(org.caller()) as tx:
        ids = [
            org.saver.create(tx, org.objects["OrderItem"], {"OrderId": order, "PricebookEntryId": price, "Quantity": "1", "UnitPrice": "2.50"})
            for _ in range(lines)
        ]
    return order, ids
