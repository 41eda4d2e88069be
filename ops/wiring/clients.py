"""Clients of both systems, from the configuration. Key files are read here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from accord.clock import Clock
from accord.config import Settings
from accord.errors import Fatal
from accord.netsuite import auth as netsuite_auth
from accord.netsuite.rest import NetSuite
from accord.netsuite.restlet import Restlet
from accord.pace import Pace
from accord.salesforce import auth as salesforce_auth
from accord.salesforce.rest import Salesforce


def salesforce(settings: Settings, clock: Clock, *, slots: int, pace: Pace | None = None, client: str = "accord") -> Salesforce:
    """The org of the configuration, with this many calls at once. `client`: the name that the org notes as the origin of a change."""
    given = settings.salesforce
    credentials = salesforce_auth.Credentials(
        flow=given.auth,
        login_url=given.login_url,
        client_id=given.client_id,
        username=given.username,
        private_key=_file(given.private_key_file, "salesforce.private_key_file"),
        client_secret=_secret(given.client_secret),
        refresh_token=_secret(given.refresh_token),
        password=_secret(given.password),
        security_token=_secret(given.security_token),
    )
    return Salesforce(credentials, clock=clock, version=given.api_version, ca_file=given.ca_file, slots=slots, client=client, pace=pace)


def netsuite(settings: Settings, clock: Clock, *, slots: int, pace: Pace | None = None) -> NetSuite:
    """The account of the configuration, with this many calls at once."""
    given = settings.netsuite
    credentials = netsuite_auth.Credentials(
        account=given.account,
        flow=given.auth,
        client_id=given.client_id,
        certificate_id=given.certificate_id,
        private_key=_file(given.private_key_file, "netsuite.private_key_file"),
        consumer_key=given.consumer_key,
        consumer_secret=_secret(given.consumer_secret),
        token_id=given.token_id,
        token_secret=_secret(given.token_secret),
        rest_url=given.rest_url,
        restlet_url=given.restlet_url,
    )
    subsidiaries = tuple(settings.reference.get("subsidiaries", {}).values())
    return NetSuite(credentials, clock=clock, ca_file=given.ca_file, slots=slots, pace=pace, subsidiaries=subsidiaries)


def restlet(settings: Settings, account: NetSuite) -> Restlet:
    """Our poll RESTlet as deployed in that account."""
    return Restlet(account, settings.netsuite.restlet_script, settings.netsuite.restlet_deploy)


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


def _file(path: Path | None, name: str) -> str:
    if path is None:
        return ""
    try:
        return path.read_text()
    except OSError as error:
        raise Fatal(f"{name}: {path} cannot be read ({error.strerror})") from error
