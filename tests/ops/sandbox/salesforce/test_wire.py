"""Over real sockets: TLS, a client that we didn't write, cut connections, the proxy, and the process that a person starts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
import requests
import requests.adapters
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.proxy import Proxy
from ops.sandbox.serve import SalesforceEndpoints, serve_salesforce
from tests.waiting import until


class Running:
    """An org served from a thread of its own, as another process would serve it."""

    def __init__(self, directory: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.tls = ca.ensure(directory)
        self.faults = Switchboard(Random(1))
        self.at: SalesforceEndpoints = self.run(serve_salesforce(directory, clock=SandboxClock(), faults=self.faults, tls=self.tls))

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        self.run(self.at.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("org"))
    yield made
    made.close()


@pytest.fixture
def token(running) -> str:
    secrets = running.at.org.secrets
    form = {"grant_type": "client_credentials", "client_id": secrets.client_id, "client_secret": secrets.client_secret}
    with httpx.Client(trust_env=False) as client:
        return client.post(f"{running.at.http}/services/oauth2/token", data=form).json()["access_token"]


def client_of(running, token, verify=None) -> httpx.Client:
    context = running.tls.client_context() if verify else False
    base = running.at.https if verify else running.at.http
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, verify=context, trust_env=False)


def test_links_follow_scheme_and_host_of_the_client(running, token):
    """http and https clients each get their own instance_url, or they would be sent to a door that they can't open."""
    port = running.at.https.rpartition(":")[2]
    secrets = running.at.org.secrets
    form = {"grant_type": "client_credentials", "client_id": secrets.client_id, "client_secret": secrets.client_secret}
    with httpx.Client(verify=running.tls.client_context(), trust_env=False) as client:
        body = client.post(f"https://localhost:{port}/services/oauth2/token", data=form).json()
    assert body["instance_url"] == f"https://localhost:{port}"
    assert body["id"].startswith(f"https://localhost:{port}/id/")


def test_chunked_bodies_are_read(running, token):
    """jsforce sends chunked bodies without a length."""
    with client_of(running, token) as client:
        answer = client.post("/services/data/v67.0/sobjects/Account", content=iter([b'{"Na', b'me":"chunked"}']))
    assert answer.status_code == 201


@pytest.mark.parametrize("secure", [False, True])
def test_a_cut_connection_has_no_answer_but_the_record_is_there(running, token, secure):
    """The client sees the connection break; the write happened. On HTTP and on TLS."""
    running.faults.put(Fault("reset_after_commit", times=1, match={"object": "Account"}))
    name = f"cut-{secure}"
    with client_of(running, token, secure) as client:
        with pytest.raises(httpx.TransportError):
            client.post("/services/data/v67.0/sobjects/Account", json={"Name": name})
        rows = client.get("/services/data/v67.0/query", params={"q": f"SELECT Name FROM Account WHERE Name = '{name}'"}).json()
    assert rows["totalSize"] == 1


def test_simple_salesforce_works_over_tls(running, token):
    """The library that Accord's sink uses: create, upsert, query, refusal, Bulk with locators. Unmodified."""
    session = requests.Session()
    session.verify = str(running.tls.ca)
    session.trust_env = False
    port = running.at.https.rpartition(":")[2]
    sf = Salesforce(instance_url=f"https://localhost:{port}", session_id=token, session=session, version="62.0")
    made = sf.Account.create({"Name": "Simple", "Accord_Key__c": "simple 1/2"})
    assert made["success"] is True
    assert sf.Account.upsert("Accord_Key__c/simple-2", {"Name": "S2"}) == 201
    assert sf.Account.upsert("Accord_Key__c/simple-2", {"Name": "S3"}) == 200
    rows = sf.query_all("SELECT Name FROM Account WHERE Name IN ('Simple', 'S3') ORDER BY Name")
    assert [row["Name"] for row in rows["records"]] == ["S3", "Simple"]
    with pytest.raises(SalesforceMalformedRequest) as caught:
        sf.Account.create({})
    assert caught.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    done = sf.bulk2.Account.upsert(
        records=[{"Accord_Key__c": "b1", "Name": "B1"}, {"Accord_Key__c": "b2", "Name": ""}], external_id_field="Accord_Key__c", wait=0.05
    )
    assert (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]) == (2, 1)
    pages = list(sf.bulk2.Account.query("SELECT Name FROM Account WHERE Name IN ('Simple', 'S3')", max_records=1, wait=0.05))
    assert len(pages) == 2
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
    session.close()


def test_the_control_side_sets_faults_and_tells_what_happened(running, token):
    """Faults, clock, journal and counts by HTTP; nonsense is refused with a hint."""
    with httpx.Client(base_url=running.at.control, trust_env=False) as control, client_of(running, token) as client:
        assert control.post("/faults", json={"name": "error", "times": 1, "params": {"status": 503}}).status_code == 200
        assert client.get("/services/data/v67.0/limits").status_code == 503
        assert control.get("/faults").json()["struck"]["error"] >= 1
        assert control.post("/faults", json={"nam": "x"}).status_code == 400
        before = control.get("/journal").json()["entries"]
        made = client.post("/services/data/v67.0/sobjects/Account", json={"Name": "seen", "Accord_Credit_Limit__c": 191.94}).json()["id"]
        last = before[-1]["commit_number"] if before else 0
        (entry,) = control.get("/journal", params={"since": last}).json()["entries"]
        assert (entry["record_id"], entry["change"], entry["values"]["Accord_Credit_Limit__c"]) == (made, "CREATE", 191.94)
        assert control.get("/counts").json()["calls"]["POST /sobjects/{object}"] >= 1
        offset = control.post("/clock", json={"advance": 10}).json()["offset_s"]
        assert control.get("/clock").json()["offset_s"] == offset >= 10
        client.delete(f"/services/data/v67.0/sobjects/Account/{made}")
        assert control.post("/undelete", json={"object": "Account", "id": made}).status_code == 200
        assert control.post("/undelete", json={"object": "Account", "id": made}).json()[0]["errorCode"] == "UNDELETE_FAILED"


def test_the_proxy_leads_vendor_names_here_and_nowhere_else(running):
    """*.salesforce.com arrives at the TLS listener under its own name; any other host is refused, so nothing leaks out."""
    host, _, port = running.at.https.removeprefix("https://").rpartition(":")
    proxy = Proxy({"salesforce": (host, int(port))})
    running.run(proxy.start())
    try:
        with httpx.Client(proxy=f"http://127.0.0.1:{proxy.port}", verify=running.tls.client_context(), trust_env=False) as client:
            answer = client.get("https://acme.my.salesforce.com/services/data")
            assert answer.json()[-1]["version"] == "67.0"
            for elsewhere in ("https://example.com/", "https://salesforce.com.example.com/", "https://x.suitetalk.api.netsuite.com/"):
                with pytest.raises(httpx.ProxyError):
                    client.get(elsewhere)
    finally:
        running.run(proxy.stop())
    assert "CONNECT acme.my.salesforce.com:443" in proxy.seen


def test_the_program_starts_restarts_what_died_and_stops_in_time(tmp_path):
    """One line when ready; a killed org comes back at its old address with its records; SIGTERM ends all of it within 5 s."""
    places = tmp_path / "sandbox.json"
    command = [sys.executable, "-m", "ops.sandbox.main", "--dir", str(tmp_path / "d"), "--json", str(places), "--system", "salesforce"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"sandboxes ready: {places}\n"
        told = json.loads(places.read_text())
        assert set(told) == {"salesforce", "ca", "proxy", "faults"}
        assert places.stat().st_mode & 0o077 == 0
        sf = told["salesforce"]
        wanted = "http https pubsub org_id client_id client_secret username password security_token refresh_token jwt_private_key"
        assert set(sf) == set(wanted.split())
        assert Path(sf["jwt_private_key"]).read_text().startswith("-----BEGIN PRIVATE KEY-----")
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{told['faults']}/salesforce/counts").json()["used_today"] == 0
            assert client.get(f"{told['faults']}/elsewhere/counts").status_code == 404
            os.kill(child_of(process.pid), signal.SIGKILL)

            def answers() -> bool:
                try:
                    return client.get(f"{sf['http']}/services/data").status_code == 200
                except httpx.TransportError:
                    return False

            until(lambda: not answers(), "the org is gone", 30)
            until(answers, "the org is back", 30)
        assert json.loads(places.read_text()) == told
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "the salesforce sandbox ended with code -9; starting it again" in errors


def child_of(pid: int) -> int:
    """The one child process, by the kernel's own list."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_the_certificate_lasts_and_is_renewed(tmp_path):
    """Files are kept between starts and made again before they end, names and all."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509

    first = ca.ensure(tmp_path)
    kept = first.cert.read_bytes()
    assert ca.ensure(tmp_path).cert.read_bytes() == kept
    assert ca.ensure(tmp_path, datetime.now(UTC) + timedelta(days=365)).cert.read_bytes() != kept
    leaf = x509.load_pem_x509_certificates(first.cert.read_bytes())[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(ca.DNS_NAMES) == set(names.get_values_for_type(x509.DNSName))
    assert first.key.stat().st_mode & 0o077 == 0
