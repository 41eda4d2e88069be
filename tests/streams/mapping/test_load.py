"""What a mapping file may get wrong: each fault is told with file and line, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.errors import Fatal
from streams.mapping import load, shipped
from streams.mapping.source import keys, merged, parse
from streams.mapping.stores import stores
from tests.streams.mapping.builders import REFERENCE, STORES, body_of, reading, record_of, reference

MINIMAL = """entity = "thing"
master = "salesforce"
[salesforce]
object = "Thing__c"
[netsuite]
type = "thing"
[fields]
key = { type = "key", owner = "accord", salesforce = "Accord_Key__c", netsuite = "externalId" }
"""


def faults_of(tmp_path: Path, text: str, name: str = "thing") -> list[str]:
    """The lines of the refusal, without the directory."""
    (tmp_path / f"{name}.toml").write_text(text)
    with pytest.raises(Fatal) as caught:
        load(shipped(), [tmp_path], reference())
    return [line.strip().replace(f"{tmp_path}/", "") for line in str(caught.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('a = { type = "text(5)", salesforce = "A__c" }', "thing.toml:9: a: has no owner"),
        ('a = { type = "text(5)", owner = "bob", salesforce = "A__c" }', "thing.toml:9: a: owner 'bob' is not one of"),
        ('a = { type = "txt", owner = "none", salesforce = "A__c" }', "thing.toml:9: a: unknown converter 'txt'"),
        ('a = { type = "text(5)", owner = "netsuite", salesforce = "A__c" }', "thing.toml:9: a: netsuite owns it but has no such field"),
        ('a = { type = "ref(ghost)", owner = "none", salesforce = "A__c" }', "thing.toml:9: a: ref(ghost): no such entity"),
        ('a = { type = "map(ghosts)", owner = "none", salesforce = "A__c" }', "thing.toml:9: a: map(ghosts): no such reference table"),
        ('a = { type = "enum(ghost)", owner = "none", salesforce = "A__c" }', "thing.toml:9: a: enum(ghost): no such table"),
        ('a = { type = "text(5)", owner = "none", salesforce = "A__c", colour = "red" }', "thing.toml:9: a: unknown name 'colour'"),
        ('a = { type = "text(5)", owner = "none" }', "thing.toml:9: a: stands in neither system"),
        ('a = { type = "text(5)", owner = "salesforce", salesforce = "A__c", netsuite = { column = "a" } }', "thing.toml:9: a: is written to netsuite but has no name there"),
        ('a = { type = "text(5)", owner = "none", salesforce = "Accord_Key__c" }', "thing.toml:9: a: writes salesforce Accord_Key__c, which key writes already"),
        ('a = { type = "text(5)", owner = "none", salesforce = "A__c", on_conflict = "fight" }', "thing.toml:9: a: on_conflict 'fight' is not restore or report"),
        ('a = { type = "text(5)", owner = "none", salesforce = { hook = "ghost", columns = ["A"] } }', "thing.toml:9: a: unknown hook 'ghost'"),
        ('a = { type = "phone", owner = "none", salesforce = "A__c", country = "land" }', "thing.toml:9: a: country 'land' is no field of this entity"),
        ('[[match]]\nname = "x"\nsalesforce = "ghost"', "thing.toml:11: match by 'ghost': no such field"),
        ('[create.netsuite]\nwhen = [{ field = "ghost", is = ["x"] }]', "thing.toml:10: condition on 'ghost': no such field"),
        ('[create.netsuite]\nwhen = [{ field = "key" }]', "thing.toml:10: condition on 'key' tests nothing"),
        ("[colours]\nred = 1", "thing.toml:9: unknown name 'colours'"),
        ('[status.s]\nrecord = "ItemShip"\ndefault = ""\n[status.s.codes]\nA = { is = "x" }\nB = { is = "y" }', "thing.toml:9: no answer for status C of ItemShip"),
        ('[create.netsuite]\nwhen = []\nafter = "ghost"', "thing.toml:11: create after 'ghost': no such field"),
        ('[[netsuite.joined]]\nname = "x"\ntype = "item"\ncolumns = ["a"]', "thing.toml:9: joined: has no on"),
        ('[[netsuite.hints]]\ntype = "item"\ncolumns = ["a"]\nkey = ["a"]\nstirs = [{ entity = "ghost", column = "a" }]', "thing.toml:13: stirs 'ghost': no such entity"),
        ('a = { type = "bool", owner = "accord", salesforce = "A__c", early = true }', "thing.toml:9: a: early is for what is worked out"),
        ('[stages]\norder = ["a"]\nbackward = [["a", "z"]]', "thing.toml:11: backward step a -> z names an unknown stage"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(tmp_path, line, told):
    """A mapping that is wrong must not start: it would write wrong values to both systems."""
    assert [fault for fault in faults_of(tmp_path, MINIMAL + line) if fault.startswith(told)], faults_of(tmp_path, MINIMAL + line)


def test_all_faults_are_told_at_once(tmp_path):
    """One fault for each start would take a day."""
    text = MINIMAL + 'a = { type = "txt", owner = "none", salesforce = "A" }\nb = { type = "text(5)", salesforce = "B" }\n'
    told = faults_of(tmp_path, text)
    assert [fault.split(": ")[0] for fault in told] == ["thing.toml:9", "thing.toml:10"]


def test_a_cutting_converter_is_refused_on_a_two_way_field(tmp_path):
    """text(n) that cuts on both ways would lose the tail on the first round."""
    text = MINIMAL + 'a = { type = "text(5)", owner = "both", salesforce = "A__c", netsuite = "a" }\n[owners.both]\nearly = "salesforce"\nlate = "netsuite"\n'
    text += '[stages]\norder = ["early", "late"]\n'
    assert faults_of(tmp_path, text)[0].startswith("thing.toml:9: a: text(5) cuts and can't be undone")


def test_what_is_no_toml_is_told_with_its_place(tmp_path):
    """Who edits a mapping is no programmer: file and line, not a traceback."""
    assert faults_of(tmp_path, "entity = ")[0].startswith("thing.toml: not TOML: ")


def test_a_missing_overlay_directory_is_told(tmp_path):
    """A typing error in the path would run the shipped mapping as if nothing had been changed."""
    with pytest.raises(Fatal, match="no such directory"):
        load(shipped(), [tmp_path / "nowhere"], reference())


def test_an_unknown_entity_is_told():
    """An entity with a typing error would simply never be mirrored."""
    with pytest.raises(Fatal, match=r"there is no ghost\.toml"):
        load(shipped(), [], reference(), entities=["customer", "ghost"])


def test_an_overlay_changes_one_field_and_keeps_the_rest(tmp_path):
    """A user says only what differs: an upgrade of the shipped table still reaches everything else."""
    (tmp_path / "customer.toml").write_text(
        '[fields]\nname.netsuite = "altName"\nlegal_name = false\nregion = { type = "text(20)", owner = "salesforce", salesforce = "Region__c", netsuite = "custentity_region" }\n'
    )
    base, over = load(shipped(), [], reference())["customer"], load(shipped(), [tmp_path], reference())["customer"]
    assert "legal_name" not in over.rules.fields
    assert set(over.rules.fields) - set(base.rules.fields) == {"region"}
    assert over.hash != base.hash
    ask = type(
        "Ask",
        (),
        {"target": "netsuite", "kind": "update", "id": "7", "fields": {"name": "Acme", "region": "EMEA"}, "seeds": {}, "desired": {}},
    )
    parts, _ = over.render(ask, record_of("customer", "customer:salesforce:1"), None)
    assert body_of(parts[0]) == {"altName": "Acme", "custentity_region": "EMEA"}


def test_faults_of_an_overlay_name_the_overlay(tmp_path):
    """The user looks into their own file, not into ours."""
    told = faults_of(tmp_path, '\n\n[fields]\nname.type = "txt"\n', "customer")
    assert told[0].startswith("customer.toml:4: name: unknown converter 'txt'")


def test_the_hash_tells_reference_data_too():
    """Every write names the hash: another set of ids is another mapping."""
    changed = stores({**REFERENCE, "terms": {"net30": "5"}}, STORES)
    assert load(shipped(), [], changed)["customer"].hash != load(shipped(), [], reference())["customer"].hash
    assert load(shipped(), [], reference())["customer"].hash == load(shipped(), [], reference())["customer"].hash


def test_what_the_org_lacks_is_left_out():
    """A single-currency org has no CurrencyIsoCode, one without picklists no StateCode: reading them would fail everything."""
    plain = stores({**REFERENCE, "multi_currency": False, "state_picklists": False, "one_world": False}, STORES)
    found = load(shipped(), [], plain)
    fields = found["customer"].reads[0].fields
    assert "CurrencyIsoCode" not in fields
    assert "BillingState" in fields
    assert "BillingStateCode" not in fields
    assert "subsidiary" not in found["order"].rules.fields
    assert found["price"].rules.match_values("salesforce", reading(salesforce={"sku": "A", "level": "base"})) == ("price|sku|A|BASE",)


def test_faults_of_the_reference_data_are_told_at_once():
    """Ids that stand twice can't be undone; a store that names nothing known would send orders nowhere."""
    with pytest.raises(Fatal) as caught:
        stores({"terms": {"a": "1", "b": "1"}, "colour": 1, "date_format": "X"}, {"us": {"subsidiary": "moon", "tax_mode": "magic", "size": 3}})
    told = str(caught.value)
    assert told.startswith("configuration of reference data: 6 fault(s)")
    for part in (
        "reference.terms: NetSuite id 1 stands behind two codes",
        "reference.colour: not known",
        "date_format: 'X'",
        "stores.us.subsidiary: 'moon'",
        "tax_mode: 'magic'",
        "stores.us.size: not known",
    ):
        assert part in told


def test_every_key_has_its_line():
    """A fault can be told with its line only if every key knows it."""
    text = 'a = 1\n[t.x]\nb.c = 2  # c\n[[m]]\nname = "1"\n[[m]]\nname = "2"\n'
    assert dict(keys(text)) == {
        ("a",): 1,
        ("t", "x"): 2,
        ("t", "x", "b"): 3,
        ("t", "x", "b", "c"): 3,
        ("m", "0"): 4,
        ("m", "0", "name"): 5,
        ("m", "1"): 6,
        ("m", "1", "name"): 7,
    }


def test_the_place_of_a_merged_key_is_where_it_was_said_last():
    """A fault in an overlay must not be told as one of the shipped file."""
    base, over = parse("e", "base.toml", "[f]\na = 1\nb = 2\n"), parse("e", "over.toml", "[f]\nb = 3\n")
    both = merged(base, over)
    assert (both.table, str(both.place("f", "a")), str(both.place("f", "b"))) == ({"f": {"a": 1, "b": 3}}, "base.toml:2", "over.toml:2")
