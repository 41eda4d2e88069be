from __future__ import annotations

import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.address import (
    STATE_LISTS,
    Address,
    country_code,
    faults,
    netsuite_state,
    postal_normal,
    postal_shown,
    state_code,
    street_lines,
)


@pytest.mark.parametrize(
    ("country", "state", "city", "postal"),
    [
        ("US", "CA", "San Francisco", "941051234"), ("CA", "ON", "Toronto", "M5V2T6"), ("AU", "NSW", "Sydney", "2000"),
        ("BR", "SP", "Sao Paulo", "01310100"), ("MX", "JAL", "Guadalajara", "44100"), ("IN", "MH", "Mumbai", "400001"),
        ("CN", "BJ", "Beijing", "100000"), ("KR", "11", "Seoul", "04524"), ("IT", "RM", "Roma", "00100"), ("JP", "13", None, "1000001"),
        ("DE", None, "Berlin", "10115"), ("NL", None, "Amsterdam", "1012AB"), ("GB", None, "London", "SW1A1AA"), ("IE", "D", "Dublin", None),
        ("AE", "DU", "Dubai", None), ("KW", None, "Kuwait City", None), ("SG", None, None, "048616"), ("IC", "GC", "Las Palmas", "35001"),
    ],
)  # fmt: skip
def test_good_addresses_pass(country, state, city, postal):
    """Each form that the two systems really hold: a false alarm sends a good order back to the user."""
    assert faults(Address("1 Main St", city, state, postal, country)) == ()


@pytest.mark.parametrize(
    ("address", "part", "kind"),
    [
        (Address("1 Main St", "San Francisco", "CA", "10001", "US"), "postal code", "invalid"),
        (Address("1 Main St", "San Francisco", "CA", None, "US"), "postal code", "missing"),
        (Address(None, "Berlin", None, "10115", "DE"), "street", "missing"),
        (Address("1 Main St", "Berlin", None, "1011", "DE"), "postal code", "invalid"),
        (Address("1 Main St", "X", "ZZ", "94105", "US"), "state", "invalid"),
        (Address("1 Main St", "X", None, "1", None), "country", "missing"),
        (Address("1 Main St", "X", None, "1", "QQ"), "country", "invalid"),
        (Address("a" * 151, "Berlin", None, "10115", "DE"), "street", "invalid"),
        (Address("1 Main St", "Vancouver", "ON", "V5V1A1", "CA"), "postal code", "invalid"),
    ],
)
def test_bad_addresses_name_the_part(address, part, kind):
    """A parcel that can't be delivered comes back to the user, who is told which part."""
    assert (part, kind) in [(f.part, f.kind) for f in faults(address)]


@pytest.mark.parametrize("country", sorted(STATE_LISTS))
def test_every_state_survives_the_way_to_netsuite_and_back(country):
    """A state that came back as another text would be written again and again."""
    for area in pycountry.subdivisions.get(country_code=country):
        code = area.code.partition("-")[2]
        sent = netsuite_state(country, code)
        assert state_code(country, sent) == code


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [("US", "California", "CA"), ("JP", "東京都", "13"), ("IE", "Co. Dublin", "D"), ("AE", "Dubai", "DU"), ("MX", "jalisco", "JAL"), ("DE", "Hessen", "HE"), ("US", "Neverland", "Neverland")],
)  # fmt: skip
def test_states_are_known_by_name(country, text, code):
    """Users write a state by its name or by its code: told apart they would be written back and forth."""
    assert state_code(country, text) == code


def test_countries_are_known_by_name():
    """Users type a country as they speak; unknown it would refuse a good address."""
    assert [country_code(t) for t in ("germany", "United States", "US", "Kosovo", "Atlantis")] == ["DE", "US", "US", "XK", None]


@settings(deadline=None)
@given(st.sampled_from(["US", "CA", "NL", "GB", "JP", "BR", "PL", "SE", "DE"]), st.from_regex(r"[A-Z0-9]{3,9}", fullmatch=True))
def test_showing_a_postal_code_changes_nothing(country, text):
    """Comparison takes out what showing puts in: else every read would look like an edit."""
    assert postal_normal(postal_shown(country, text)) == text


def test_a_fourth_street_line_joins_the_third():
    """NetSuite has three lines; what is beyond must not be lost."""
    assert street_lines("a\nb\n\nc\nd") == ("a", "b", "c, d")
