"""One configuration: all faults at once, no secret in the file, none in a message."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from accord.config import NetSuite, Notices, Route, Salesforce, load
from accord.errors import Fatal
from ops.notices.channels import channels

GOOD = '[salesforce]\nlogin_url = "https://x.example"\nclient_id = "c"\n[netsuite]\naccount = "1"\n'


def write(tmp_path, text):
    path = tmp_path / "accord.toml"
    path.write_text(text)
    return path


def test_all_faults_are_told_at_once_with_place_and_what_was_found(tmp_path):
    """A person mends the file once, not once for each fault."""
    path = write(tmp_path, '[salesforce]\nclient_id = 5\n[netsuite]\naccount = "1"\nconcurrency = "many"\nacount = "2"\n')
    with pytest.raises(Fatal) as told:
        load(path)
    text = str(told.value)
    assert str(path) in text
    for part in ("salesforce.login_url", "salesforce.client_id", "(found 5)", "netsuite.concurrency", "(found 'many')", "netsuite.acount"):
        assert part in text


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path):
    """Files are committed and mailed; the message about it must not spread it further."""
    with pytest.raises(Fatal) as told:
        load(write(tmp_path, GOOD + 'token_secret = "hunter2"\n'))
    assert "ACCORD_NETSUITE__TOKEN_SECRET" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_the_environment_gives_secrets_and_beats_the_file(tmp_path, monkeypatch):
    """The same file serves every environment."""
    monkeypatch.setenv("ACCORD_SALESFORCE__CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("ACCORD_NETSUITE__ACCOUNT", "2")
    settings = load(write(tmp_path, GOOD))
    assert settings.netsuite.account == "2"
    assert settings.salesforce.client_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path):
    """The message says which file and what is wrong with it."""
    with pytest.raises(Fatal, match="cannot be read"):
        load(tmp_path / "none.toml")
    with pytest.raises(Fatal, match="not TOML"):
        load(write(tmp_path, "[["))


def test_tokens_and_webhooks_come_from_the_environment_only(tmp_path, monkeypatch):
    """Whoever has a shop's token reads its prices; whoever has a webhook's address writes into the team's channel."""
    notices = '[notices.routes.sales]\nkind = "webhook"\n[[notices.rules]]\nto = ["sales"]\n'
    with pytest.raises(Fatal) as told:
        load(
            write(
                tmp_path,
                GOOD + '[api.tokens]\nus = "hunter2"\n' + notices + '[notices.routes.x]\nkind = "webhook"\nwebhook_url = "https://hook.example/s3cret"\n',
            )
        )
    assert "ACCORD_API__TOKENS__US" in str(told.value)
    assert "ACCORD_NOTICES__ROUTES__X__WEBHOOK_URL" in str(told.value)
    assert "hunter2" not in str(told.value)
    assert "s3cret" not in str(told.value)
    monkeypatch.setenv("ACCORD_API__TOKENS__US", "hunter2")
    monkeypatch.setenv("ACCORD_NOTICES__ROUTES__SALES__WEBHOOK_URL", "https://hook.example/s3cret")
    settings = load(write(tmp_path, GOOD + notices))
    assert settings.api.tokens["us"].get_secret_value() == "hunter2"
    assert settings.notices.routes["sales"].webhook_url.get_secret_value() == "https://hook.example/s3cret"
    assert "s3cret" not in repr(settings)


def test_a_rule_that_leads_nowhere_is_told(tmp_path):
    """A misspelt route would swallow every notice of its rule."""
    with pytest.raises(Fatal, match="no route 'sale'"):
        load(write(tmp_path, GOOD + '[[notices.rules]]\nto = ["sale"]\n'))


@pytest.mark.parametrize(("section", "name"), [("salesforce", "login_url"), ("netsuite", "rest_url"), ("netsuite", "restlet_url")])
def test_no_system_is_reached_in_plain_text(section, name):
    """One letter that is missing in an address, and every token goes over the network for all to read; the sandboxes on this machine may do without."""
    kind, given = {"salesforce": (Salesforce, {"login_url": "https://x.example", "client_id": "a"}), "netsuite": (NetSuite, {"account": "1"})}[section]
    with pytest.raises(ValidationError, match="without TLS"):
        kind(**{**given, name: "http://acme.example"})
    assert getattr(kind(**{**given, name: "http://127.0.0.1:8080"}), name) == "http://127.0.0.1:8080"


@pytest.mark.parametrize("name", ["audit_url", "reporting_url"])
def test_a_database_elsewhere_is_reached_over_tls_and_its_password_stands_in_no_file(tmp_path, monkeypatch, name):
    """What the reports hold goes over the line in each row; a driver that falls back to plain text tells nobody."""
    url = "postgresql+asyncpg://accord@db.example/reporting"

    def given(value):
        return load(write(tmp_path, GOOD + f'[run]\n{name} = "{value}"\n'))

    for bad in (url, url + "?ssl=prefer", url + "?ssl=allow"):
        with pytest.raises(Fatal, match=f"run.{name}: .*without TLS"):
            given(bad)
    for good in (
        url + "?ssl=verify-full",
        url + "?ssl=disable",
        "postgresql+asyncpg://accord@localhost/x",
        "sqlite+aiosqlite:////tmp/x.db",
        "postgresql+asyncpg:///x?host=/run/pg",
    ):
        assert getattr(given(good).run, name) == good
    with pytest.raises(Fatal) as told:
        given("postgresql+asyncpg://accord:hunter2@db.example/x?ssl=prefer")
    assert f"ACCORD_RUN__{name.upper()}" in str(told.value)
    assert "hunter2" not in str(told.value)
    monkeypatch.setenv(f"ACCORD_RUN__{name.upper()}", "postgresql+asyncpg://accord:hunter2@db.example/x?ssl=verify-full")
    settings = load(write(tmp_path, GOOD))
    assert getattr(settings.run, name).endswith("ssl=verify-full")
    assert "hunter2" not in repr(settings)


def test_mail_and_webhooks_elsewhere_are_reached_over_tls(tmp_path):
    """Notices say whose order was refused, and why."""
    for host, fault in (("mail.example", True), ("127.0.0.1", False)):
        mail = f'[notices.mail]\nhost = "{host}"\ntls = "none"\nsender = "accord@x.example"\n'
        if fault:
            with pytest.raises(Fatal, match=r"mail\.example would be reached without TLS"):
                load(write(tmp_path, GOOD + mail))
        else:
            assert load(write(tmp_path, GOOD + mail)).notices.mail.host == host
    address = tmp_path / "address"
    for url, fault in (("http://hooks.example/T0/secret", True), ("http://127.0.0.1:1/x", False), ("https://hooks.example/T0/secret", False)):
        address.write_text(url)
        found = Notices(routes={"a": Route(kind="webhook", webhook_url_file=address)})
        if fault:
            with pytest.raises(Fatal, match="without TLS") as told:
                channels(found)
            assert "secret" not in str(told.value)
        else:
            assert set(channels(found)) == {"a"}
