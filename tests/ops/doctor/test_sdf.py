"""`ops/netsuite` as SuiteCloud would validate it, as far as its XML reference can be checked here."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import pytest

from accord.netsuite.restlet import NEEDED
from ops.doctor.needs import Need, custom, netsuite_needs
from ops.sandbox.netsuite import sdf
from ops.sandbox.netsuite.metadata import Metadata, load
from tests.ops.doctor.project import tables

SOURCE = sdf.PROJECT
OBJECTS = sorted((SOURCE / "Objects").glob("*.xml"))
#: Prefix of a script id -> root element, longest id (OH, SDF XML definitions).
KINDS = {
    "custentity": ("entitycustomfield", 38), "custbody": ("transactionbodycustomfield", 37), "custcol": ("transactioncolumncustomfield", 37),
    "custitem": ("itemcustomfield", 38), "customrole": ("role", 40), "customscript": ("restlet", 40), "customrecord": ("customrecordtype", 40),
}  # fmt: skip
NEEDED_PARTS = {"label", "fieldtype", "storevalue", "accesslevel", "searchlevel", "ismandatory", "help"}
#: Permission of each record type that Accord touches, and how much of it. Lines, sub-records and joined records follow theirs.
RECORD_PERMISSION = {
    "customer": "LIST_CUSTJOB", "contact": "LIST_CONTACT", "salesOrder": "TRAN_SALESORD", "itemFulfillment": "TRAN_ITEMSHIP", "inventoryItem": "LIST_ITEM",
    "estimate": "TRAN_ESTIMATE", "invoice": "TRAN_CUSTINVC", "customerPayment": "TRAN_CUSTPYMT", "creditMemo": "TRAN_CUSTCRED",
    "returnAuthorization": "TRAN_RTNAUTH", "customerRefund": "TRAN_CUSTRFND",
}  # fmt: skip
LEVELS = ("NONE", "VIEW", "CREATE", "EDIT", "FULL")
#: What signing in, searching and reading deletions take.
SERVICES = {"ADMI_LOGIN_OAUTH2", "ADMI_LOGIN_TOKENS", "ADMI_RESTWEBSERVICES", "REPO_ANALYTICS", "TRAN_SEARCH", "LIST_DELETEDRECORD"}
#: Records that others refer to: read to know them by name.
LISTS = {"LIST_CURRENCY", "LIST_EMPLOYEE", "LIST_LOCATION", "LIST_PRICELEVEL", "LIST_SHIPITEM", "LIST_SUBSIDIARY"}
#: Records that administer the account; no integration needs them.
TOO_MUCH = re.compile(r"^ADMI_(?!LOGIN_OAUTH2|LOGIN_TOKENS|RESTWEBSERVICES)|^SETUP|_SETUP$|^LIST_EMPLOYEE_")


def root(path: Path) -> Element:
    return parse(path).getroot()  # noqa: S314 our own files


def role() -> dict[str, str]:
    """Permission -> level."""
    found = root(SOURCE / "Objects" / "customrole_accord.xml")
    return {p.findtext("permkey", ""): p.findtext("permlevel", "") for p in found.iter("permission")}


@pytest.mark.parametrize("path", OBJECTS, ids=lambda p: p.stem)
def test_an_object_is_named_as_its_kind_and_its_file(path):
    """SuiteCloud refuses an object whose script id, prefix or root element don't belong together."""
    made = root(path)
    kind, longest = next(spec for prefix, spec in KINDS.items() if path.stem.startswith(prefix + "_"))
    assert (made.tag, made.get("scriptid")) == (kind, path.stem)
    assert len(path.stem) <= longest
    assert re.fullmatch(r"[a-z0-9_]+", path.stem)


def test_fields_have_what_they_need():
    """A field without storevalue keeps nothing; a mandatory one stops everybody else's forms."""
    found = []
    for path in OBJECTS:
        made = root(path)
        if not made.tag.endswith("customfield"):
            continue
        parts = {part.tag for part in made}
        found += [f"{path.stem}: no {part}" for part in sorted(NEEDED_PARTS - parts)]
        found += [f"{path.stem}: is mandatory"] if made.findtext("ismandatory") != "F" else []
        found += [f"{path.stem}: keeps no value"] if made.findtext("storevalue") != "T" else []
        found += [f"{path.stem}: {made.findtext('fieldtype')} is not known"] if made.findtext("fieldtype") not in {*sdf.KINDS, "SELECT", "CLOBTEXT"} else []
        found += [f"{path.stem}: stands on no record"] if not any(p.tag.startswith(("appliesto", "body", "col")) and p.text == "T" for p in made) else []
        found += [f"{path.stem}: money as CURRENCY may be rounded"] if made.findtext("fieldtype") == "CURRENCY" else []
    assert found == []


def test_deploy_and_manifest_name_what_is_there():
    """A path in deploy.xml that leads nowhere, or a file that it leaves out, is found on the day of the deployment."""
    deploy, manifest = root(SOURCE / "deploy.xml"), root(SOURCE / "manifest.xml")
    folders = {"~/FileCabinet/": SOURCE / "FileCabinet", "~/Objects/": SOURCE / "Objects"}
    reached = set()
    for path in deploy.iter("path"):
        base = next(folder for start, folder in folders.items() if (path.text or "").startswith(start))
        found = set(base.glob((path.text or "").split("/", 2)[2]))
        assert found, path.text
        reached |= found
    assert set((SOURCE / "FileCabinet").rglob("*.js")) | set(OBJECTS) <= reached
    assert manifest.get("projecttype") == "ACCOUNTCUSTOMIZATION"
    features = {f.text: f.get("required") for f in manifest.iter("feature")}
    assert {"SERVERSIDESCRIPTING": "true", "RESTWEBSERVICES": "true"}.items() <= features.items()


def test_references_between_objects_lead_somewhere():
    """`[scriptid=...]` of something that isn't in the project must be in the account already: it is not."""
    known = {path.stem for path in OBJECTS}
    named = {name for path in OBJECTS for name in re.findall(r"\[scriptid=([a-z0-9_]+)", path.read_text())}
    assert named <= known


def test_the_script_is_the_one_that_the_client_asks_for():
    """A deployment under other names, not released, or of an older version answers nobody."""
    deployed = next(iter(sdf.restlets(SOURCE)))
    assert (deployed.script, deployed.deploy) == ("customscript_accord_poll", "customdeploy_accord_poll")
    version = re.search(r"VERSION = '([\d.]+)'", deployed.file.read_text())
    assert version
    assert tuple(map(int, version[1].split("."))) >= NEEDED
    assert f"version {version[1]}" in (SOURCE.parent / "README.md").read_text()


def test_every_custom_field_of_the_mapping_is_deployed_where_it_is_used():
    """A column that the account doesn't have refuses the whole search: nothing of that record is read any more."""
    metadata = load()
    needs = [need for need in netsuite_needs(tables()) if custom(need.field)]
    assert [f"{n.place}: {n.field} is not on {n.object}" for n in needs if not there(metadata, n)] == []
    assert len(needs) > 15


def there(metadata: Metadata, need: Need) -> bool:
    """A field behind a join stands on the record that this one was made from."""
    name, joined = need.field.rpartition(".")[2], "." in need.field
    kinds = [k for k in metadata.types.values() if joined or k.name == need.object]
    return any(name in (k.sublists[need.sublist].fields if need.sublist in k.sublists else k.fields) for k in kinds)


def test_the_role_may_do_what_the_mapping_asks():
    """A permission that is missing shows as an empty search or a 403, long after the deployment."""
    told = role()
    assert set(told) >= SERVICES | LISTS
    assert [name for name, level in told.items() if level not in LEVELS] == []
    short = []
    for table in tables().values():
        record = str(table.section("netsuite").get("record", ""))
        if record not in RECORD_PERMISSION:
            continue
        key = RECORD_PERMISSION[record]
        creates, deletes = "netsuite" in table.section("create"), table.section("on_delete").get("salesforce") == "delete"
        wanted = "FULL" if deletes else "EDIT" if creates else "VIEW"
        if LEVELS.index(told.get(key, "NONE")) < LEVELS.index(wanted):
            short.append(f"{table.entity}: {key} is {told.get(key)}, needed is {wanted}")
    assert short == []


def test_the_role_may_do_nothing_else():
    """An integration with rights of an administrator is a door for whoever finds its key."""
    told = role()
    found = root(SOURCE / "Objects" / "customrole_accord.xml")
    assert [name for name in told if TOO_MUCH.search(name)] == []
    assert found.findtext("iswebserviceonlyrole") == "F", "such a role may not call RESTlets"
    assert {name for name, level in told.items() if level == "FULL" and not name.startswith("ADMI_")} <= {
        "LIST_CONTACT", "LIST_CUSTJOB", "TRAN_SALESORD", "TRAN_ESTIMATE",
    }  # fmt: skip
