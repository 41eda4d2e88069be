"""netsuite (jacobsvante): runs in an environment of its own, because it pins an older httpx. One operation a line, as serve.js."""

import asyncio
import json
import sys
from typing import Any

from netsuite import Config, NetSuite, TokenAuth


def _open(args: dict[str, Any]) -> NetSuite:
    keys = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    client = NetSuite(Config(account=args["account"], auth=TokenAuth(**{key: args[key] for key in keys})))
    if "host" in args:
        client.rest_api.hostname = args["host"]
        client.restlet.hostname = args["host"]
    return client


async def _do(client: NetSuite, op: str, name: str, *args: Any, **more: Any) -> Any:
    """`rest` and `restlet` call the method `name`; `raw` gives status and headers, which the plain verbs drop."""
    if op == "raw":
        answer = await client.rest_api.request(name, *args, **more)
        return {"status": answer.status_code, "headers": dict(answer.headers), "text": answer.text}
    side = client.restlet if op == "restlet" else client.rest_api
    return await getattr(side, name)(*args, **more)


def _answer(client: NetSuite, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": asyncio.run(_do(client, asked["op"], *asked["args"][:-1], **asked["args"][-1]))}
    except Exception as error:  # noqa: BLE001  whatever the client raises is what the test asks for
        return {"error": {"type": type(error).__name__, "message": str(error), **vars(error)}}


def main() -> None:
    client = None
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["op"] == "open":
            client, answer = _open(asked["args"][0]), {"value": None}
        else:
            assert client is not None
            answer = _answer(client, asked)
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
