"""The SuiteScript project that we ship: deployable objects, one RESTlet, least permissions."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from ops.sandbox.netsuite import metadata, sdf

OBJECTS = sorted((sdf.PROJECT / "Objects").glob("*.xml"))
SCRIPT = next(iter(sdf.restlets(sdf.PROJECT)))


def _parse(path):
    return ET.parse(path)  # noqa: S314  our own files


@pytest.mark.parametrize("path", OBJECTS, ids=lambda p: p.stem)
def test_object_ids_fit_and_match_their_files(path):
    """An id over 40 characters, or one that isn't the file's name, fails a deployment."""
    root = _parse(path).getroot()
    assert root.get("scriptid") == path.stem
    assert len(path.stem) <= 40
    assert re.fullmatch(r"cust(entity|body|col|item|role|script)_[a-z_]+|customrole_accord|customscript_accord_poll", path.stem)


def test_every_custom_field_of_the_mapping_is_deployed():
    """The fields that Accord reads and writes exist on the types it uses."""
    types = metadata.load().types
    assert {f"custentity_accord_{n}" for n in ("key", "status", "code", "message", "legal_name")} <= set(types["customer"].fields)
    assert {f"custbody_accord_{n}" for n in ("key", "sf_id", "sf_number", "store", "reference", "stated_total")} <= set(types["salesOrder"].fields)
    assert "custcol_accord_line_key" in types["salesOrder"].sublists["item"].fields
    assert "custcol_accord_line_key" in types["itemFulfillment"].sublists["item"].fields
    assert {"custitem_accord_key", "custitem_accord_status"} <= set(types["kitItem"].fields)


def test_undeployed_fields_are_unknown():
    """An account where a field was not deployed doesn't know it: doctor must be able to say so."""
    assert "custentity_accord_key" not in metadata.load(undeployed=("custentity_accord_key",)).types["customer"].fields


def test_the_restlet_is_released_to_our_role_only():
    """A deployment in TESTING would run for its owner only; all roles would open it to everyone."""
    assert (SCRIPT.script, SCRIPT.deploy) == ("customscript_accord_poll", "customdeploy_accord_poll")
    deployment = next(_parse(sdf.PROJECT / "Objects" / f"{SCRIPT.script}.xml").getroot().iter("scriptdeployment"))
    assert (deployment.findtext("status"), deployment.findtext("allroles")) == ("RELEASED", "F")
    assert deployment.findtext("audslctrole") == "[scriptid=customrole_accord]"


def test_the_script_names_its_version_and_api():
    """The producer refuses an older version: the number in the file is the contract's."""
    text = SCRIPT.file.read_text("utf-8")
    assert "const VERSION = '1.0.0';" in text
    assert "@NApiVersion 2.1" in text
    assert "@NScriptType Restlet" in text


def test_the_role_has_no_delete_and_writes_only_what_accord_writes():
    """Full access is for what Accord writes; the rest is view."""
    role = _parse(sdf.PROJECT / "Objects" / "customrole_accord.xml").getroot()
    levels = {p.findtext("permkey"): p.findtext("permlevel") for p in role.iter("permission")}
    writes = {key for key, level in levels.items() if level != "VIEW" and not str(key).startswith(("ADMI_", "REPO_"))}
    assert writes == {"LIST_CUSTJOB", "LIST_CONTACT", "TRAN_SALESORD", "TRAN_ESTIMATE", "TRAN_RTNAUTH"}


def test_deploy_takes_named_files_only():
    """Wildcards on files pick up strays."""
    paths = [p.text for p in _parse(sdf.PROJECT / "deploy.xml").getroot().iter("path")]
    assert paths == ["~/FileCabinet/SuiteScripts/accord/rl_accord_poll.js", "~/Objects/*"]
