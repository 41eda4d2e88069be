"""None"""

import asyncio

import grpc

from accord.salesforce.proto import pubsub_api_pb2 as pb
from tests.ops.sandbox.salesforce_pubsub.kit import INVALID, header, refused
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, CHANNEL, ended, read, read_events, request, standing


def test_metadata_is_checked(tmp_path):
    """A wrong or missing header is refused with its own code: the 15-character org id is the usual mistake."""

    async def run():
        async with standing(tmp_path) as stand:
            ask = pb.TopicRequest(topic_name=ACCOUNTS)
            for changes, expected in [
                ({"accesstoken": ""}, (INVALID, "service.auth.headers.invalid")),
                ({"instanceurl": "acme"}, (INVALID, "service.auth.headers.invalid")),
                ({"accesstoken": "00D!stale"}, (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")),
                ({"tenantid": stand.org.org_id[:15]}, (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")),
            ]:
                assert await refused(stand.stub.GetTopic(ask, metadata=stand.metadata(**changes))) == expected
            assert (await refused(stand.stub.GetTopic(ask)))[1] == "service.auth.headers.invalid"

    asyncio.run(run())


def test_topics_and_schemas(tmp_path):
    """A channel of several objects has no schema id of its own; only an event's own id tells how to read it."""

    async def run():
        async with standing(tmp_path) as stand:

            def topic(name):
                return stand.stub.GetTopic(pb.TopicRequest(topic_name=name), metadata=stand.metadata())

            def schema(schema_id):
                return stand.stub.GetSchema(pb.SchemaRequest(schema_id=schema_id), metadata=stand.metadata())

            single = await topic(ACCOUNTS)
            assert (single.can_publish, single.can_subscribe, len(single.schema_id)) == (False, True, 22)
            assert (await schema(single.schema_id)).schema_id == single.schema_id
            assert [(await topic(name)).schema_id for name in (CHANNEL, "/data/ChangeEvents")] == ["", ""]
            assert await refused(topic("")) == (INVALID, "topic.validation.empty")
            # an object that nobody selected, wrong case, unknown
            for name in ("/data/Product2ChangeEvent", "/data/accountChangeEvent", "/event/Nothing__e"):
                assert await refused(topic(name)) == (grpc.StatusCode.NOT_FOUND, "topic.not.found")
            assert await refused(schema("")) == (INVALID, "schema.validation.failed")
            assert (await refused(schema("AAAAAAAAAAAAAAAAAAAAAA")))[1] == "schema.meta.permission"

    asyncio.run(run())


def test_nobody_may_publish_change_events(tmp_path):
    """Publishing is refused politely on all three calls."""

    async def run():
        async with standing(tmp_path) as stand:
            publish = stand.stub.Publish(pb.PublishRequest(topic_name=ACCOUNTS), metadata=stand.metadata())
            assert await refused(publish) == (grpc.StatusCode.PERMISSION_DENIED, "topic.meta.permission")
            stream = stand.stub.PublishStream(metadata=stand.metadata())
            await stream.write(pb.PublishRequest(topic_name=ACCOUNTS))
            assert (await ended(stream))[1] == "topic.meta.permission"
            managed = stand.stub.ManagedSubscribe(metadata=stand.metadata())
            await managed.write(pb.ManagedFetchRequest(developer_name="Mine", num_requested=1))
            assert (await ended(managed))[1] == "managed.developer.name.not.found"

    asyncio.run(run())


def test_an_update_says_what_changed_by_bitmap_and_sends_null_for_all_else(tmp_path):
    """Reading null as 'cleared' would wipe the customer: only changedFields and nulledFields tell."""

    async def run():
        async with standing(tmp_path) as stand:
            account = stand.org.create("Account", {"Name": "Acme", "Phone": "1", "BillingCity": "Graz"})
            stand.org.update("Account", account, {"BillingStreet": "1 Main St", "Phone": None})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST))
            created, updated = await read_events(call, 2)
            head, body, schema = await header(stand, created)
            assert (head["changeType"], head["changedFields"], body["Name"], body["BillingAddress"]["City"]) == (
                "CREATE",
                [],
                "Acme",
                "Graz",
            )
            head, body, schema = await header(stand, updated)
            places = {field["name"]: index for index, field in enumerate(schema["fields"])}
            phone, stamp, address = (places[name] for name in ("Phone", "LastModifiedDate", "BillingAddress"))
            assert head["changeType"] == "UPDATE"
            assert int(head["changedFields"][0], 16) & (1 << phone | 1 << stamp) == 1 << phone | 1 << stamp
            assert head["changedFields"][1] == f"{address}-0x01"
            assert [int(bits, 16) for bits in head["nulledFields"]] == [1 << phone]
            assert (body["Name"], body["Phone"]) == (None, None)
            assert {part: value for part, value in body["BillingAddress"].items() if value} == {"Street": "1 Main St"}
            assert (head["commitTimestamp"] % 1000, head["sequenceNumber"], head["recordIds"]) == (0, 1, [account])

    asyncio.run(run())


def test_at_most_a_hundred_events_are_outstanding(tmp_path):
    """More than 100 asked for counts as 100: a client that relies on more stalls."""

    async def run():
        async with standing(tmp_path) as stand:
            for number in range(130):
                stand.org.create("Account", {"Name": str(number)})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST, count=250))
            events, pending = [], None
            while pending != 0:
                response = await read(call)
                events += response.events
                pending = response.pending_num_requested
            assert len(events) == 100

    asyncio.run(run())


def test_bad_requests_end_the_stream(tmp_path):
    """Each mistake of a client has its own code."""

    async def run():
        async with standing(tmp_path) as stand:
            for first, second, code in [
                (request(ACCOUNTS, count=0), None, "subscription.fetch.requested.events.invalid"),
                (request(ACCOUNTS, pb.CUSTOM), None, "subscription.fetch.replayid.validation.failed"),
                (request(ACCOUNTS, pb.CUSTOM, b"nonsense!"), None, "subscription.fetch.replayid.corrupted"),
                (request(ACCOUNTS), request(CHANNEL), "subscription.fetch.topic.mismatch"),
            ]:
                call = stand.call()
                await call.write(first)
                if second is not None:
                    await call.write(second)
                assert await ended(call) == (INVALID, code)

    asyncio.run(run())


def test_a_stream_nobody_asks_is_closed_after_a_minute(tmp_path):
    """With nothing outstanding for 60 s the server closes; a consumer must ask before slow work."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.org.create("Account", {"Name": "Acme"})
            call = stand.call()
            await call.write(request(ACCOUNTS, pb.EARLIEST, count=1))
            assert (await read(call)).pending_num_requested == 0
            stand.org.clock.advance(61)
            assert await ended(call) == (grpc.StatusCode.OK, "")

    asyncio.run(run())


def test_a_keepalives_replay_id_resumes_behind_what_was_delivered(tmp_path):
    """An empty answer moves the position, also past commits of objects that the topic doesn't carry."""

    async def run():
        async with standing(tmp_path) as stand:
            stand.org.create("Account", {"Name": "Acme"})
            call = stand.call()
            stand.org.create("Contact", {"LastName": "First"})
            await call.write(request("/data/ContactChangeEvent", pb.EARLIEST))
            await read_events(call, 1)
            stand.org.create("Account", {"Name": "passes by"})
            stand.org.clock.advance(61)
            quiet = await read(call)
            assert (len(quiet.events), quiet.pending_num_requested) == (0, 99)
            stand.org.create("Contact", {"LastName": "Later"})
            resumed = stand.call()
            await resumed.write(request("/data/ContactChangeEvent", pb.CUSTOM, quiet.latest_replay_id))
            (event,) = (await read(resumed)).events
            assert (await header(stand, event))[1]["Name"]["LastName"] == "Later"

    asyncio.run(run())


def test_latest_skips_and_custom_resumes_in_the_middle_of_a_transaction(tmp_path):
    """A position inside a transaction gives exactly the rest of it."""

    async def run():
        async with standing(tmp_path) as stand:
            org = stand.org
            with org.transaction(org.caller()) as tx:
                for name in ("A", "B", "C"):
                    org.saver.create(tx, org.objects["Account"], {"Name": name})
            latest, earliest = stand.call(), stand.call()
            await earliest.write(request(ACCOUNTS, pb.EARLIEST))
            a, _, _ = await read_events(earliest, 3)
            await latest.write(request(ACCOUNTS, pb.LATEST))
            resumed = stand.call()
            await resumed.write(request(ACCOUNTS, pb.CUSTOM, a.replay_id[:8]))
            rest = await read_events(resumed, 2)
            assert [(await header(stand, event))[1]["Name"] for event in rest] == ["B", "C"]
            heads = [(await header(stand, event))[0] for event in rest]
            assert [head["sequenceNumber"] for head in heads] == [2, 3]
            assert len({head["transactionKey"] for head in heads}) == 1

    asyncio.run(run())
