"""The account's refusals: one exception, and the bodies in which REST and RESTlets tell them (netsuite.md sections 3.2 and 9)."""

from __future__ import annotations

from typing import Any

TITLES = {
    400: ("Bad Request", "15.5.1"),
    401: ("Unauthorized", "15.5.2"),
    403: ("Forbidden", "15.5.4"),
    404: ("Not Found", "15.5.5"),
    405: ("Method Not Allowed", "15.5.6"),
    415: ("Unsupported Media Type", "15.5.16"),
    429: ("Too Many Requests", "15.5.1"),
    500: ("Internal Server Error", "15.6.1"),
    502: ("Bad Gateway", "15.6.3"),
    503: ("Service Unavailable", "15.6.4"),
}
INVALID_LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > User Management > View Login Audit Trail."
)


class NsError(Exception):
    """A refusal. `where`: further keys of the detail, such as {"o:errorPath": "item.items[0].item"}."""

    def __init__(self, code: str, detail: str, status: int = 400, **where: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.where = {f"o:{key}": value for key, value in where.items()}

    def at(self, path: str) -> NsError:
        """The same, with the place in the body put before the one it has."""
        inner = self.where.get("o:errorPath", "")
        joint = "." if inner and not inner.startswith("[") else ""
        return NsError(self.code, self.detail, self.status, **{**self._plain(), "errorPath": f"{path}{joint}{inner}"})

    def _plain(self) -> dict[str, str]:
        return {key[2:]: value for key, value in self.where.items()}

    def body(self) -> dict[str, Any]:
        title, section = TITLES.get(self.status, ("Bad Request", "15.5.1"))
        detail = {"detail": self.detail, **self.where, "o:errorCode": self.code}
        type_url = f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{section}"
        return {"type": type_url, "title": title, "status": self.status, "o:errorDetails": [detail]}


def missing(path: str = "") -> NsError:
    detail = "The record instance does not exist. Provide a valid record instance ID."
    return NsError("NONEXISTENT_ID", detail, 404, **({"errorUrl": path} if path else {}))


def invalid(path: str, value: object) -> NsError:
    """A value that names nothing or has the wrong form."""
    name = path.rsplit(".", 1)[-1]
    detail = f"Error while accessing a resource. You have entered an Invalid Field Value {value} for the following field: {name}"
    return NsError("INVALID_CONTENT", detail, errorPath=path)


def required(*labels: str) -> NsError:
    detail = f"Error while accessing a resource. Please enter value(s) for: {', '.join(labels)}"
    return NsError("USER_ERROR", detail)


def user_error(detail: str) -> NsError:
    return NsError("USER_ERROR", f"Error while accessing a resource. {detail}")


def login(detail: str = INVALID_LOGIN) -> NsError:
    return NsError("INVALID_LOGIN", detail, 401)


def permission(detail: str) -> NsError:
    return NsError("INSUFFICIENT_PERMISSION", f"Permission Violation: {detail}", 403)
