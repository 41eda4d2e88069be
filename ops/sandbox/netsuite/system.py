"""Small services: server time, governance limits, token info, data centre URLs (netsuite.md sections 1, 7.1, 10)."""

from __future__ import annotations

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call
from ops.sandbox.netsuite.errors import NsError, permission

SYSTEM = "/services/rest/system/v1"
TOKEN_INFO = "/rest/tokeninfo"
DATA_CENTERS = "/rest/datacenterurls"


def handle(account: Account, call: Call) -> Answer:
    """The serverTime for everyone, governanceLimits for an administrator only."""
    name = call.path.removeprefix(SYSTEM).strip("/")
    if call.method != "GET":
        raise NsError("METHOD_NOT_ALLOWED", f"Method {call.method} is not allowed.", 405)
    if name == "serverTime":
        now = account.now()
        return Answer(200, {"serverTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"}, "application/json; charset=UTF-8")
    if name == "governanceLimits":
        if not account.options.administrator:
            raise permission("Only an administrator can access this resource.")
        limit = account.options.concurrency
        shared = {"accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit, "integrationLimitType": "accountLimit"}
        return Answer(200, shared, "application/json; charset=UTF-8")
    raise NsError("NONEXISTENT_ID", "Invalid URL", 404, errorUrl=call.path)


def token_info(account: Account) -> Answer:
    body = {
        "companyName": "Accord Sandbox",
        "companyId": account.options.account,
        "roleName": "Accord Integration",
        "roleId": "1001",
        "userName": "Accord Integration",
        "userId": "5",
        "email": "accord@example.com",
    }
    return Answer(200, body, "application/json; charset=UTF-8")


def data_centers(call: Call) -> Answer:
    """Legacy discovery; every domain is where the client already is."""
    return Answer(200, dict.fromkeys(("restDomain", "webservicesDomain", "systemDomain"), call.base), "application/json; charset=UTF-8")
