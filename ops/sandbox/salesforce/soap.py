"""SOAP login as old clients use it: versions up to 64.0 only; the order of the elements matters, clients read by position."""

from __future__ import annotations

import hmac
import re
from html import unescape
from xml.sax.saxutils import escape

from ops.sandbox.salesforce.call import Answer
from ops.sandbox.salesforce.org import SESSION_HOURS, Org

LAST_VERSION = 64.0
XML = "text/xml; charset=utf-8"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="urn:{kind}.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{more}><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
)


def login(org: Org, base: str, version: str, raw: bytes) -> Answer:
    """`POST /services/Soap/u/<version>`: 200 with loginResponse, or 500 with a Fault."""
    text = raw.decode("utf-8", errors="replace")
    if float(version) > LAST_VERSION:
        return fault("UNSUPPORTED_API_VERSION", "SOAP API login() is not available in this API version")
    if "login" not in text:
        return fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
    username, password = _element(text, "username"), _element(text, "password")
    user = org.user_id(username)
    right = (org.secrets.password + org.secrets.security_token, org.secrets.password)
    if user is None or not any(hmac.compare_digest(password.encode(), one.encode()) for one in right):
        return fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    return Answer(body=_welcome(org, base, version, user).encode(), media=XML)


def _element(text: str, name: str) -> str:
    match = re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>(.*?)</(?:\w+:)?{name}>", text, re.DOTALL)
    return unescape(match.group(1)).strip() if match else ""


def fault(code: str, message: str) -> Answer:
    detail = f"<sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault>"
    body = f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring><detail>{detail}</detail></soapenv:Fault>"
    text = _ENVELOPE.format(kind="fault.partner", more=' xmlns:sf="urn:fault.partner.soap.sforce.com"', body=body)
    return Answer(500, text.encode(), media=XML)


def _welcome(org: Org, base: str, version: str, user: str) -> str:
    person = org.store.get("User", user) or {}
    info = {
        "accessibilityMode": "false",
        "chatterExternal": "false",
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": "26214400",
        "orgDefaultCurrencyIsoCode": org.settings.currency,
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": "false",
        "orgHasPersonAccounts": "false",
        "organizationId": org.org_id,
        "organizationMultiCurrency": "true",
        "organizationName": "Accord Sandbox",
        "profileId": "00eHs0000000001IAA",
        "roleId": "",
        "sessionSecondsValid": str(SESSION_HOURS * 3600),
        "userDefaultCurrencyIsoCode": str(person.get("DefaultCurrencyIsoCode", "")),
        "userEmail": str(person.get("Email", "")),
        "userFullName": str(person.get("Name", "")),
        "userId": user,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": str(person.get("Username", "")),
        "userTimeZone": str(person.get("TimeZoneSidKey", "")),
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }
    result = {
        "metadataServerUrl": f"{base}/services/Soap/m/{version}/{org.org_id[:15]}",
        "passwordExpired": "false",
        "sandbox": "false",
        "serverUrl": f"{base}/services/Soap/u/{version}/{org.org_id[:15]}",
        "sessionId": org.open_session(user),
        "userId": user,
    }
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in result.items())
    inner += "<userInfo>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in info.items()) + "</userInfo>"
    return _ENVELOPE.format(kind="partner", more="", body=f"<loginResponse><result>{inner}</result></loginResponse>")
