"""`ops/salesforce` as the Metadata API would judge it, as far as its guide's required elements and limits can be checked without an org."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import groupby
from xml.etree.ElementTree import Element

import pytest

from accord.salesforce.rest import VERSION
from ops.doctor.described import gaps
from ops.doctor.needs import salesforce_needs
from tests.ops.doctor.project import NAMESPACE, ROOT, catalogue, described, fields, objects, said, tables, tag, xml

#: Metadata type (root element) of each file suffix.
ROOTS = {
    "object-meta": "CustomObject", "field-meta": "CustomField", "permissionset-meta": "PermissionSet", "layout-meta": "Layout",
    "platformEventChannel-meta": "PlatformEventChannel", "platformEventChannelMember-meta": "PlatformEventChannelMember",
    "js-meta": "LightningComponentBundle", "eca-meta": "ExternalClientApplication", "ecaGlblOauth-meta": "ExtlClntAppGlobalOauthSettings",
    "ecaOauth-meta": "ExtlClntAppOauthSettings", "ecaPlcy-meta": "ExtlClntAppConfigurablePolicies", "tab-meta": "CustomTab",
    "compactLayout-meta": "CompactLayout", "ecaOauthPlcy-meta": "ExtlClntAppOauthConfigurablePolicies", "validationRule-meta": "ValidationRule",
    "flexipage-meta": "FlexiPage",
}  # fmt: skip
#: Elements that a field of this type must have beside fullName, label and type (Metadata API Developer Guide, CustomField).
NEEDED = {
    "Text": {"length"}, "LongTextArea": {"length", "visibleLines"}, "TextArea": set(), "Checkbox": {"defaultValue"}, "Currency": {"precision", "scale"},
    "Number": {"precision", "scale"}, "Percent": {"precision", "scale"}, "Date": set(), "DateTime": set(), "Email": set(), "Phone": set(), "Url": set(),
    "Picklist": {"valueSet"}, "Lookup": {"referenceTo", "relationshipName"}, "MasterDetail": {"referenceTo", "relationshipName", "relationshipOrder"},
}  # fmt: skip
CAN_BE_EXTERNAL = {"Text", "Number", "Email"}
LONGEST = {"Text": 255, "LongTextArea": 131_072}
#: Objects without permissions of their own: they follow their parent's.
FOLLOWERS = {"OrderItem", "PricebookEntry", "QuoteLineItem", "CaseComment"}
INTEGRATION, USER = (f"permissionsets/{name}.permissionset-meta.xml" for name in ("Accord_Integration", "Accord_User"))


def permitted(path: str) -> dict[str, tuple[bool, bool]]:
    """Field -> (readable, editable)."""
    root = next(root for _, root in xml(path))
    return {said(e, "field"): (said(e, "readable") == "true", said(e, "editable") == "true") for e in root.iterfind(f"{NAMESPACE}fieldPermissions")}


def always(root: Element) -> bool:
    """The org itself gives everybody this field: naming it in a permission set is refused."""
    return said(root, "type") == "MasterDetail" or said(root, "required") == "true"


def worked_out() -> set[str]:
    """Fields that the org computes: nobody may edit them."""
    return {name for name, root in fields().items() if root.find(f"{NAMESPACE}formula") is not None}


def test_every_file_is_what_its_name_says():
    """One file that the Metadata API can't read takes the whole deployment down."""
    found = list(xml("**/*.xml"))
    assert [str(p.relative_to(ROOT)) for p, root in found if tag(root) != ROOTS.get(p.name.split(".")[-2])] == []
    assert [str(p.relative_to(ROOT)) for p, root in found if root.tag != NAMESPACE + tag(root)] == []
    assert len(found) > 100


def test_the_project_asks_for_the_version_that_we_speak():
    """A project of an older version drops what is newer without a word."""
    project = json.loads((ROOT.parents[2] / "sfdx-project.json").read_text())
    assert project["sourceApiVersion"] == VERSION
    assert [d["path"] for d in project["packageDirectories"] if (ROOT.parents[2] / d["path"]).is_dir()] == ["force-app"]


def test_elements_of_one_name_stand_together():
    """The Metadata API refuses an element that comes again after another: "is duplicated at this location"."""
    found = []
    for path, root in xml("**/*.xml"):
        runs = Counter(name for name, _ in groupby(tag(e) for e in root))
        found += [f"{path.name}: {name}" for name, count in runs.items() if count > 1]
    assert found == []


def test_every_field_has_what_its_type_needs():
    """A missing length or scale is told by the org only, on the day of the deployment."""
    found = []
    for name, root in fields().items():
        kind, has = said(root, "type"), {tag(e) for e in root}
        found += [f"{name}: file and fullName differ"] if said(root, "fullName") != name.partition(".")[2] else []
        found += [f"{name}: no {e}" for e in ({"fullName", "label", "type"} | NEEDED[kind]) - has]
        found += [f"{name}: {kind} can't be an external id"] if said(root, "externalId") == "true" and kind not in CAN_BE_EXTERNAL else []
        found += [f"{name}: longer than {LONGEST[kind]}"] if int(said(root, "length", "0")) > LONGEST.get(kind, 10**6) else []
        found += [f"{name}: more than 18 digits"] if int(said(root, "precision", "0")) > 18 else []
        found += [f"{name}: names may have 40 characters"] if max(len(name.partition(".")[2]) - 3, len(said(root, "label"))) > 40 else []
        found += [f"{name}: a checkbox or a detail can't be required"] if always(root) and "required" in has and kind in {"Checkbox", "MasterDetail"} else []
    assert found == []


def test_references_lead_somewhere_and_back_under_one_name():
    """Two child relationships of one name on a parent, or a lookup to nothing, are refused."""
    known = catalogue()
    lookups = {name: root for name, root in fields().items() if said(root, "referenceTo")}
    assert [name for name, root in lookups.items() if said(root, "referenceTo") not in known] == []
    back = Counter((said(root, "referenceTo"), said(root, "relationshipName")) for root in lookups.values())
    assert [pair for pair, count in back.items() if count > 1] == []
    both = [name for name, root in lookups.items() if said(root, "required") == "true" and said(root, "deleteConstraint") == "SetNull"]
    assert both == []


def test_custom_objects_are_whole():
    """An object without its name field or plural does not deploy; a detail that shares on its own is refused."""
    needed = {"label", "pluralLabel", "nameField", "deploymentStatus", "sharingModel"}
    assert {name: needed - {tag(e) for e in root} for name, root in objects().items() if needed - {tag(e) for e in root}} == {}
    details = {name.partition(".")[0] for name, root in fields().items() if said(root, "type") == "MasterDetail"}
    assert {name for name, root in objects().items() if said(root, "sharingModel") == "ControlledByParent"} == details
    assert {name.partition(".")[0] for name in fields() if name.partition(".")[0].endswith("__c")} <= set(objects())
    external = Counter(name.partition(".")[0] for name, root in fields().items() if said(root, "externalId") == "true")
    assert [name for name, count in external.items() if count > 25] == []


@pytest.mark.parametrize("path", [INTEGRATION, USER])
def test_a_permission_set_names_every_field_of_ours_and_no_other(path):
    """A field that is missing here is null in events and refused in writes, without a word; a field that is not there, or needs no permission, is refused."""
    ours = {name for name, root in fields().items() if not always(root)}
    told = permitted(path)
    assert (sorted(ours - set(told)), sorted(set(told) - ours)) == ([], [])
    assert [name for name, (readable, _) in told.items() if not readable] == []


def test_the_integration_may_edit_every_field_of_ours():
    """A field that Accord writes and may not edit fails each write of its record."""
    assert {name for name, (_, editable) in permitted(INTEGRATION).items() if not editable} == worked_out()


def test_permission_sets_reach_every_object():
    """An object without permission is not there for its user."""
    needed = {need.object.partition(".")[0] for need in salesforce_needs(tables())} - FOLLOWERS | set(objects())
    for path, which in ((INTEGRATION, needed), (USER, set(objects()))):
        root = next(root for _, root in xml(path))
        told = {said(e, "object"): e for e in root.iterfind(f"{NAMESPACE}objectPermissions")}
        assert sorted(which - set(told)) == []
        assert [name for name, e in told.items() if said(e, "allowRead") != "true"] == []
        if path == INTEGRATION:
            assert [n for n in which if said(told[n], "viewAllRecords") != "true"] == []


def test_the_channel_carries_what_the_mapping_listens_to():
    """An entity that nobody selected sends no event; the mapping would wait for it for ever."""
    members = {said(root, "selectedEntity"): root for _, root in xml("platformEventChannelMembers/*.xml")}
    channels = {path.name.split(".")[0] for path, _ in xml("platformEventChannels/*.xml")}
    assert {said(root, "eventChannel") for root in members.values()} == channels == {"Accord_Changes__chn"}
    listened = {}
    for table in tables().values():
        spec = table.section("salesforce")
        listened |= {spec["object"]: ()} if spec.get("mode") != "poll" else {}
        listened |= {hint["object"]: tuple(hint["fields"]) for hint in spec.get("hints", ()) if hint.get("mode", "cdc") == "cdc"}
    entity = {name: name.removesuffix("__c") + "__ChangeEvent" if name.endswith("__c") else f"{name}ChangeEvent" for name in listened}
    assert set(entity.values()) == set(members)
    assert len(members) <= 5, "an org without the add-on may select five"
    known = catalogue()
    for name, hinted in listened.items():
        enriched = {e.text for e in members[entity[name]].iterfind(f"{NAMESPACE}enrichedFields/{NAMESPACE}name")}
        assert set(hinted) <= enriched
        assert [field for field in enriched if field not in known[name].fields] == []


def test_everything_that_the_mapping_reads_or_writes_is_there_and_fits():
    """A field that the mapping names and nobody deployed stops the whole object: its query is refused."""
    needs = salesforce_needs(tables())
    assert [f"{gap.need.place}: {gap.message}" for gap in gaps(needs, described(catalogue(), needs))] == []
    assert len(needs) > 150


def test_every_object_of_ours_has_a_page():
    """Without a layout people see a name and nothing else; one that names a field that isn't there, or leaves out a required one, is refused."""
    known, every, computed, seen = catalogue(), fields(), worked_out(), set()
    for path, root in xml("layouts/*.xml"):
        name = path.name.partition("-")[0]
        seen.add(name)
        items = {said(e, "field"): said(e, "behavior") for e in root.iter(f"{NAMESPACE}layoutItems")}
        assert [f for f in items if f not in known[name].fields] == [], path.name
        needed = {f.partition(".")[2] for f, field in every.items() if f.startswith(f"{name}.") and always(field)} | {"Name"}
        assert [f for f in needed if items.get(f) not in ("Required", "Readonly")] == [], path.name
        assert [f for f, behavior in items.items() if f"{name}.{f}" in computed and behavior != "Readonly"] == []
        for related in root.iterfind(f"{NAMESPACE}relatedLists"):
            child, _, lookup = said(related, "relatedList").partition(".")
            assert known[child].fields[lookup].reference_to == name
            assert [e.text for e in related.iterfind(f"{NAMESPACE}fields") if e.text not in {*known[child].fields, "NAME"}] == []
    assert seen == set(objects())


def test_the_timeline_reads_what_there_is():
    """The component where people look asks by names in a script: a wrong one shows an error instead of the order's story."""
    folder = ROOT / "lwc" / "accordTimeline"
    assert {p.name for p in folder.iterdir()} == {"accordTimeline.js", "accordTimeline.html", "accordTimeline.js-meta.xml"}
    script, page = (folder / "accordTimeline.js").read_text(), (folder / "accordTimeline.html").read_text()
    event = fields()["Accord_Order_Event__c.Order__c"]
    assert f"relatedListId: '{said(event, 'relationshipName')}__r'" in script
    known = catalogue()["Accord_Order_Event__c"].fields
    assert {name for name in re.findall(r"\b([A-Z]\w*__c)\b", script) if not name.startswith("Accord_Order_Event")} <= set(known)
    meta = next(root for _, root in xml("lwc/accordTimeline/*.xml"))
    assert (said(meta, "isExposed"), said(meta, "apiVersion")) == ("true", VERSION)
    assert set(re.findall(r"\{(\w+)[.}]", page)) <= set(re.findall(r"\b(\w+)\b", script)) | {"event"}


#: Components that Salesforce brings and that every record page may have.
STANDARD_COMPONENTS = {"force:highlightsPanel", "force:detailPanel", "force:relatedListSingleContainer"}


def test_pages_show_what_accord_says_where_people_work():
    """A page that names a list or a component that isn't there is refused; a reason that stands on no page is read by nobody."""
    known, own = catalogue(), {path.parent.name for path, _ in xml("lwc/*/*.xml")}
    pages = {said(root, "sobjectType"): root for _, root in xml("flexipages/*.xml")}
    assert set(pages) == {"Account", "Order", "Product2", "Quote"}
    for name, root in pages.items():
        lists = {field.children for _, field in known.children(name)}
        components = [said(e, "componentName") for e in root.iter(f"{NAMESPACE}componentInstance")]
        identifiers = [said(e, "identifier") for e in root.iter(f"{NAMESPACE}componentInstance")]
        properties = [(said(e, "name"), said(e, "value")) for e in root.iter(f"{NAMESPACE}componentInstanceProperties")]
        assert set(components) <= STANDARD_COMPONENTS | own
        assert "accordFields" in components
        assert len(set(identifiers)) == len(identifiers)
        assert {value for key, value in properties if key == "parentFieldApiName"} == {f"{name}.Id"}
        assert [value for key, value in properties if key == "relatedListApiName" and value not in lists] == []
        assert (said(root, "type"), {said(r, "name") for r in root.iterfind(f"{NAMESPACE}flexiPageRegions")}) == ("RecordPage", {"header", "main", "sidebar"})
    assert "accordTimeline" in {said(e, "componentName") for e in pages["Order"].iter(f"{NAMESPACE}componentInstance")}


def test_the_fields_component_reads_what_there_is():
    """A field that isn't there leaves the whole component empty; where it may stand, it has something to show."""
    script = (ROOT / "lwc" / "accordFields" / "accordFields.js").read_text()
    told = {name: re.findall(r"'(\w+)'", text) for name, text in re.findall(r"^    (\w+): \[(.*?)\],$", script, re.MULTILINE | re.DOTALL)}
    meta = next(root for path, root in xml("lwc/accordFields/*.xml"))
    assert set(told) == {e.text for e in meta.iter(f"{NAMESPACE}object")} == {"Account", "Contact", "Order", "Product2", "Quote"}
    known = catalogue()
    assert [(name, f) for name, names in told.items() for f in names if f not in known[name].fields] == []
    assert [name for name, names in told.items() if names[:3] != ["Accord_Status__c", "Accord_Code__c", "Accord_Message__c"]] == []


def test_the_app_is_of_one_piece():
    """Its four files find each other by name; a scope that is missing, or everybody admitted, is found by who signs in."""
    app = {path.name.split(".")[0] for path, _ in xml("externalClientApps/*.xml")}
    parts = [root for folder in ("extlClntAppGlobalOauthSets", "extlClntAppOauthSettings", "extlClntAppOauthPolicies") for _, root in xml(f"{folder}/*.xml")]
    assert [said(root, "externalClientApplication") for root in parts] == ["Accord"] * 3
    assert app == {"Accord"}
    told = {tag(e): e.text for root in parts for e in root}
    assert set((told["commaSeparatedOauthScopes"] or "").split(", ")) == {"Api", "RefreshToken"}
    assert told["permittedUsersPolicyType"] == "AdminApprovedPreAuthorized"
    assert (ROOT / "permissionsets" / f"{told['commaSeparatedPermissionSet']}.permissionset-meta.xml").is_file()
    assert "consumerKey" not in told, "the org makes it; one in the project would be everybody's"
