"""The Pub/Sub API of the sandbox: gRPC over TLS, as api.pubsub.salesforce.com serves it.

| fault | match | params | what happens |
|---|---|---|---|
| auth_error | rpc (Subscribe, GetSchema, GetTopic) | | service.auth.error, as for an expired token |
| rpc_error | rpc | code, message | the call is refused with that code |

More faults: `subscription.py` (of a stream) and `bus.py` (of single events).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import uuid4

import grpc
from grpc import StatusCode

from accord.salesforce.proto import pubsub_api_pb2 as pb
from accord.salesforce.proto import pubsub_api_pb2_grpc
from ops.sandbox.ca import TlsFiles
from ops.sandbox.salesforce import channels, refusal, switches
from ops.sandbox.salesforce.bus import Bus
from ops.sandbox.salesforce.channels import BusOrg, Topic
from ops.sandbox.salesforce.subscription import Subscription, Timing

OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
)
STOP_GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class PubSubServer:
    """A running server: its port, and how to stop it (streams get half a second)."""

    port: int
    stop: Callable[[], Awaitable[None]]


async def serve_pubsub(org: BusOrg, host: str, port: int, tls: TlsFiles | None, *, timing: Timing | None = None, bus: Bus | None = None) -> PubSubServer:
    """Serve an org's events; port 0 lets the system choose. Without `tls` the server speaks plain HTTP/2, which no real client wants."""
    server = grpc.aio.server(options=OPTIONS)
    servicer = PubSubServicer(bus or Bus(org), timing or Timing())
    pubsub_api_pb2_grpc.add_PubSubServicer_to_server(servicer, server)
    address = f"{host}:{port}"
    if tls is None:
        bound = server.add_insecure_port(address)
    else:
        pair = (tls.key.read_bytes(), tls.cert.read_bytes())
        bound = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    await server.start()

    async def stop() -> None:
        await server.stop(STOP_GRACE_S)

    return PubSubServer(bound, stop)


class PubSubServicer:
    """The six RPCs. Names are the proto's."""

    def __init__(self, bus: Bus, timing: Timing) -> None:
        self._bus = bus
        self._org = bus.org
        self._timing = timing

    async def GetTopic(self, request: Any, context: Any) -> Any:  # noqa: N802
        rpc_id = str(uuid4())
        try:
            self._admit("GetTopic", context)
            topic = self._topic(request.topic_name)
        except refusal.Refusal as no:
            await _abort(context, no, rpc_id, "GetTopic")
        schema_id = self._bus.schema(topic.object).id if topic.object else ""
        return pb.TopicInfo(
            topic_name=topic.name,
            tenant_guid=f"core/prod/{self._org.org_id}",
            can_publish=False,
            can_subscribe=True,
            schema_id=schema_id,
            rpc_id=rpc_id,
        )

    async def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        rpc_id = str(uuid4())
        try:
            self._admit("GetSchema", context)
            if not request.schema_id:
                raise refusal.invalid("schema.validation.failed", "The schema ID is blank.")
            schema = self._bus.schema_by_id(request.schema_id)
            if schema is None:
                raise refusal.not_found("schema.meta.permission", f"No schema {request.schema_id}, or no permission to read it.")
        except refusal.Refusal as no:
            await _abort(context, no, rpc_id, "GetSchema")
        return pb.SchemaInfo(schema_json=schema.text, schema_id=schema.id, rpc_id=rpc_id)

    async def Subscribe(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:  # noqa: N802
        rpc_id = str(uuid4())
        try:
            self._admit("Subscribe", context)
            first = await anext(aiter(requests), None)
            if first is None:
                return
            topic = self._topic(first.topic_name)
            subscription = Subscription(self._bus, topic, self._timing, first)
            async for response in subscription.responses(requests):
                yield response
        except refusal.Refusal as no:
            await _abort(context, no, rpc_id, "Subscribe")

    async def Publish(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Change events come from the database only: nobody may publish them."""
        no = refusal.denied("topic.meta.permission", f"You don't have permission to publish to {request.topic_name}.")
        await _abort(context, no, str(uuid4()), "Publish")

    async def PublishStream(self, requests: AsyncIterator[Any], context: Any) -> None:  # noqa: N802
        first = await anext(aiter(requests), pb.PublishRequest())
        no = refusal.denied("topic.meta.permission", f"You don't have permission to publish to {first.topic_name}.")
        await _abort(context, no, str(uuid4()), "PublishStream")

    async def ManagedSubscribe(self, requests: AsyncIterator[Any], context: Any) -> None:  # noqa: N802
        """Beta: this org has no managed subscriptions."""
        first = await anext(aiter(requests), pb.ManagedFetchRequest())
        named = first.developer_name or first.subscription_id
        code = "managed.developer.name.not.found" if first.developer_name else "managed.subscription.id.not.found"
        await _abort(context, refusal.not_found(code, f"No managed subscription {named}."), str(uuid4()), "ManagedSubscribe")

    def _topic(self, name: str) -> Topic:
        if not name:
            raise refusal.invalid("topic.validation.empty", "The topic name is blank.")
        topic = channels.topic(self._org, name)
        if topic is None:
            raise refusal.not_found("topic.not.found", f"The topic {name} doesn't exist, or change data capture isn't enabled for it.")
        if topic.object and switches.hidden(self._org.faults, topic.object):
            raise refusal.denied("subscription.topic.cannot.subscribe", f"You don't have permission to subscribe to {name}.")
        return topic

    def _admit(self, rpc: str, context: Any) -> None:
        """Check the three headers that every RPC needs; names are lower case."""
        sent = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        token, instance, tenant = (sent.get(key, "") for key in ("accesstoken", "instanceurl", "tenantid"))
        blank = [name for name, value in (("accesstoken", token), ("instanceurl", instance), ("tenantid", tenant)) if not value]
        if blank or not instance.startswith(("https://", "http://")):
            message = f"Invalid request metadata: {', '.join(blank) or 'instanceurl'}."
            raise refusal.invalid("service.auth.headers.invalid", message)
        if tenant != self._org.org_id:
            raise refusal.unauthenticated("Authentication failed: the tenant ID isn't this org's 18-character ID.")
        if self._org.faults.strike("auth_error", rpc=rpc) or self._org.check_session(token) is None:
            raise refusal.unauthenticated()
        fault = self._org.faults.strike("rpc_error", rpc=rpc)
        if fault:
            code = str(fault.params.get("code", "service.unavailable"))
            raise refusal.Refusal(StatusCode.INTERNAL, code, str(fault.params.get("message", "An error occurred.")))


async def _abort(context: Any, no: refusal.Refusal, rpc_id: str, call: str) -> NoReturn:
    details = f"{no.message} rpcId: {rpc_id}" if no.code else no.message
    await context.abort(no.status, details, no.trailers(rpc_id, call))
    raise no  # abort doesn't return
