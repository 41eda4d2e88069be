"""Ways out to people: a webhook in Slack's form, and e-mail. Blocking calls; Transient where they may be tried again."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage

import httpx

from accord.cluster import is_open
from accord.config import Mail, Notices, Route
from accord.errors import Fatal, Transient

TIMEOUT_S = 10.0
#: (subject, body, id): the id is the same when the same message is sent again, so that what receives it can tell.
Send = Callable[[str, str, str], None]


def channels(given: Notices) -> Mapping[str, Send]:
    """Route -> how to send, without those of kind `topic`. Fatal where an address can't be read."""
    return {
        name: _webhook(name, route) if route.kind == "webhook" else _mail(given.mail, route) for name, route in given.routes.items() if route.kind != "topic"
    }


def _webhook(name: str, route: Route) -> Send:
    url = _address(name, route)
    client = httpx.Client(timeout=TIMEOUT_S)

    def send(subject: str, body: str, ident: str) -> None:
        try:
            answer = client.post(url, json={"text": escaped(f"*{subject}*\n{body}")}, headers={"Idempotency-Key": ident})
        except httpx.HTTPError as error:
            raise Transient(f"the webhook of {name} doesn't answer ({type(error).__name__})", code="webhook") from error
        if answer.is_error:
            raise Transient(f"the webhook of {name} answers {answer.status_code}: {answer.text[:200]}", code="webhook")

    return send


def escaped(text: str) -> str:
    """Slack's three: otherwise a record's name could call a whole channel. Source: docs.slack.dev, "Formatting message text"."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mail(mail: Mail | None, route: Route) -> Send:
    if mail is None:
        raise Fatal("routes of kind email need notices.mail")
    given = mail

    def send(subject: str, body: str, ident: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = given.sender, ", ".join(route.to), " ".join(subject.split())
        message["Message-ID"] = f"<{ident}@accord.invalid>"
        message.set_content(body + "\n")
        try:
            with _connected(given) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Transient(f"mail server {given.host}: {error}", code="mail") from error

    return send


def _connected(mail: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file else None)
    if mail.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
        if mail.tls == "starttls":
            server.starttls(context=context)
    if mail.username:
        server.login(mail.username, mail.password.get_secret_value() if mail.password else "")
    return server


def _address(name: str, route: Route) -> str:
    url = _given(name, route)
    if is_open(url):  # the address is the secret: it isn't told
        raise Fatal(f"notices.routes.{name}: its webhook would be reached without TLS; use https")
    return url


def _given(name: str, route: Route) -> str:
    if route.webhook_url:
        return route.webhook_url.get_secret_value()
    if route.webhook_url_file is None:
        raise Fatal(f"notices.routes.{name}: has no address")
    try:
        return route.webhook_url_file.read_text().strip()
    except OSError as error:
        raise Fatal(f"notices.routes.{name}.webhook_url_file: {route.webhook_url_file} cannot be read ({error.strerror})") from error
