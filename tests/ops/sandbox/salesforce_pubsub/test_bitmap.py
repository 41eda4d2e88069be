from ops.sandbox.salesforce.bitmap import Place, encode


def test_the_documented_example():
    """Field 22 and the first part of field 5 come out as in the vendor's example: a client in use reads no other form."""
    assert encode([Place(5, 0), Place(22)]) == ["0x400000", "5-0x01"]


def test_digits_are_upper_case_and_padded_to_bytes():
    """`0x2c` made a client name one field of three; `0xC` is no whole byte."""
    assert encode([Place(2), Place(3), Place(5), Place(9)]) == ["0x022C"]


def test_only_nested_changes_have_no_top_level_element():
    """Salesforce's geocoder sends `['5-0x0180']` alone: consumers that expect a first `0x` element must be found out."""
    assert encode([Place(5, 7), Place(5, 8)]) == ["5-0x0180"]


def test_several_parents_follow_in_order():
    """Nested elements stand in the order of their parents."""
    assert encode([Place(7, 1), Place(7, 2), Place(4, 4)]) == ["4-0x10", "7-0x06"]
