"""What is wrong before the first record: each time one message that says where, what was found and what to do. Nothing is guessed."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from pathlib import Path
from random import Random

from confluent_kafka.admin import NewTopic

from accord.kafka import admin
from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite.options import Options
from ops.sandbox.netsuite.serve import serve as serve_netsuite
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.serve import SalesforceEndpoints, serve_salesforce
from tests.faults.cli import FATAL, altered, ended
from tests.flows.rig import OWN, Rig


async def test_a_wrong_salesforce_credential_ends_with_one_clear_message(pipeline: Rig):
    """Whoever mistyped the consumer key reads which system refused what, and never a secret."""
    end = await ended(altered(pipeline, {"salesforce": {"client_id": "3MVG9wrong"}}, "badsf"), "run", "producers")
    assert end.code == FATAL, end.said
    assert "Salesforce refuses the sign-in: invalid_client" in end.said
    assert "PRIVATE KEY" not in end.said


async def test_a_wrong_netsuite_credential_ends_with_one_clear_message(pipeline: Rig):
    """The certificate id is the usual slip of the NetSuite set-up: the message names it."""
    end = await ended(altered(pipeline, {"netsuite": {"certificate_id": "wrong"}}, "badns"), "run", "producers")
    assert end.code == FATAL, end.said
    assert "NetSuite refuses" in end.said
    assert "certificate" in end.said


async def test_a_mapping_with_a_fault_is_refused_with_file_and_line(pipeline: Rig):
    """A mistyped owner must stop the start, not decide who owns a credit limit."""
    overlay = pipeline.folder / "mapping"
    overlay.mkdir()
    (overlay / "customer.toml").write_text('entity = "customer"\n\n[fields]\ncredit_limit = { owner = "nobody" }\n')
    end = await ended(altered(pipeline, {"mapping_dir": str(overlay)}, "badmap"), "run", "streams")
    assert end.code == FATAL, end.said
    assert "customer.toml" in end.said
    assert "nobody" in end.said
    assert "credit_limit" in end.said
    assert ":4" in end.said or "line 4" in end.said


async def test_faults_of_the_configuration_are_told_all_at_once(pipeline: Rig):
    """One start per mistake would take an afternoon; and a secret in the file is refused with the variable to use."""
    path = altered(pipeline, {"salesforce": {"client_secret": "hush-hush", "slots": "many"}, "netsuite": {"colour": "red"}}, "badconf")
    end = await ended(path, "run", "all")
    assert end.code != 0
    for part in ("3 fault(s)", "ACCORD_SALESFORCE__CLIENT_SECRET", "salesforce.slots", "netsuite.colour"):
        assert part in end.said, end.said
    assert "hush-hush" not in end.said


async def test_a_topic_with_wrong_settings_stops_the_start(pipeline: Rig):
    """State in a topic that deletes, or in fewer partitions, would lose records weeks later: said now, each fault with what was expected."""
    client = admin.client(pipeline.settings.kafka.bootstrap)
    new = NewTopic("badtopic.record", 1, 1, config={"cleanup.policy": "delete"})
    client.create_topics([new])["badtopic.record"].result(20)
    end = await ended(altered(pipeline, {}, "badtopic"), "run", "audit")
    assert end.code == FATAL, end.said
    assert "badtopic.record: has 1 partitions, expected 4" in end.said
    assert "badtopic.record: cleanup.policy is delete, expected compact" in end.said
    assert "change them, or choose another prefix" in end.said


async def test_a_registry_that_is_down_is_named_with_its_address(pipeline: Rig):
    """A start without the registry ends with its address, and the supervisor tries again."""
    end = await ended(altered(pipeline, {"kafka": {"registry": "http://127.0.0.1:9/apis/ccompat/v7"}}, "noreg"), "run", "audit")
    assert end.code not in {0, FATAL}, end.said
    assert "registry" in end.said
    assert "127.0.0.1:9" in end.said
    assert "Traceback" not in end.said


async def test_a_broker_that_is_down_is_named_with_its_address(pipeline: Rig):
    """The same for the broker."""
    end = await ended(altered(pipeline, {"kafka": {"bootstrap": "127.0.0.1:9"}}, "nobroker"), "run", "audit", seconds=90)
    assert end.code not in {0, FATAL}, end.said
    assert "127.0.0.1:9" in end.said
    assert "Traceback" not in end.said


async def test_another_account_is_refused(pipeline: Rig, tmp_path: Path):
    """A sandbox's credentials over production's positions would take one account's records for the other's: it ends before it reads on."""
    prefix = {"prefix": "accounts."}
    log_file = tmp_path / "first.log"
    with log_file.open("wb") as log:
        first = str(altered(pipeline, {"kafka": prefix}, "accounta"))
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ops.cli", "run", "producers", "--config", first, stdout=log, stderr=log)

    async def read_once() -> bool:
        read = [line for line in log_file.read_text().splitlines() if "snapshot read" in line]
        return all(any(f'"{source}"' in line for line in read) for source in ("netsuite.customer", "salesforce.customer.snapshot"))

    await pipeline.until("the first account and org have been read", read_once)
    process.send_signal(signal.SIGTERM)
    await process.wait()
    deployed(tmp_path / "other")
    clock, faults = SandboxClock(), Switchboard(Random(0))
    other = await serve_netsuite(tmp_path / "other", clock=clock, faults=faults, tls=ca.ensure(tmp_path / "other"), options=Options(account="7654321"))
    try:
        signing = {name: getattr(other.credentials, name) for name in ("account", "client_id", "certificate_id")}
        keys = {"rest_url": other.http, "restlet_url": other.http, "private_key_file": str(other.credentials.private_key), **signing}
        end = await ended(altered(pipeline, {"kafka": prefix, "netsuite": keys}, "accountb"), "run", "producers")
    finally:
        await other.stop()
    org, there = await _org(tmp_path / "org", Settings(organization=77))
    try:
        of_org = await ended(altered(pipeline, {"kafka": prefix, "salesforce": there}, "orgb"), "run", "producers")
    finally:
        await org.stop()
    assert of_org.code == FATAL, of_org.said
    assert f"this is account {org.org.org_id}, but the position was made with {pipeline.sandbox['salesforce']['org_id']}" in of_org.said
    assert end.code == FATAL, end.said
    assert "this is account 7654321, but the position was made with" in end.said
    assert "restore the credentials" in end.said


async def test_a_sink_refuses_another_org(pipeline: Rig, tmp_path: Path):
    """It would write the ids of one org into another: it ends before it takes a write, with the same words as the producers."""
    org, there = await _org(tmp_path / "org", Settings(organization=78))
    try:
        prefix = {"prefix": pipeline.settings.kafka.prefix}
        end = await ended(altered(pipeline, {"kafka": prefix, "salesforce": there}, "sinkb"), "run", "sinks", "--system", "salesforce")
    finally:
        await org.stop()
    assert end.code == FATAL, end.said
    assert f"this is account {org.org.org_id}, but" in end.said


async def test_a_field_that_nobody_deployed_is_named(pipeline: Rig, tmp_path: Path):
    """The admin forgot a field of the package: the message names object and field, and how to deploy it."""
    other, keys = await _org(tmp_path / "bare", Settings(undeployed=("Account.Accord_Key__c",)))
    try:
        end = await ended(altered(pipeline, {"salesforce": keys}, "nofield"), "run", "producers")
    finally:
        await other.stop()
    assert end.code == FATAL, end.said
    assert "Accord_Key__c" in end.said
    assert "deploy ops/salesforce" in end.said


def deployed(folder: Path) -> None:
    """With the fields of one's own that the mapping reads: without them it is their absence that ends the start."""
    shutil.copytree(OWN, folder / "deployed", ignore=shutil.ignore_patterns("mapping"))


async def _org(folder: Path, settings: Settings | None = None) -> tuple[SalesforceEndpoints, dict[str, str]]:
    """One more org, in this process, and the table `salesforce` that leads to it."""
    deployed(folder)
    tls = ca.ensure(folder)
    org = await serve_salesforce(folder, clock=SandboxClock(), faults=Switchboard(Random(0)), tls=tls, settings=settings)
    names = {"client_id": org.org.secrets.client_id, "username": org.org.secrets.username, "private_key_file": str(org.key_file)}
    return org, {"login_url": org.http, "pubsub": org.pubsub, "ca_file": str(tls.ca), **names}
