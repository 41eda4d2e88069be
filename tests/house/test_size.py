"""Nothing grows into the file that everybody edits, or the function that nobody reads to its end."""

from __future__ import annotations

from statistics import median

from tests.house.tree import functions, modules, text

MOST_LINES, MOST_FUNCTION_LINES = 300, 50
#: Files that may be longer, each with its reason.
LONGER: dict[str, str] = {}


def lines(path):
    return text(path).count("\n")


def test_no_file_is_longer_than_it_may_be():
    """A file is one noun; beyond 300 lines it has become several, and every change meets every other in it."""
    assert {p: lines(p) for p in modules() if lines(p) > MOST_LINES and p not in LONGER} == {}
    assert [p for p in LONGER if p not in modules() or lines(p) <= MOST_LINES] == [], "no longer an exception: take it off the list"


def test_files_and_functions_are_small_as_a_rule():
    """The limits are for the tail; the habit is what keeps code readable."""
    sizes = sorted(f.lines for f in functions())
    assert median(lines(p) for p in modules() if lines(p)) <= 120
    assert median(sizes) <= 8
    assert sizes[int(len(sizes) * 0.9)] <= 25


def test_no_function_is_longer_than_a_screen():
    """What does not fit on a screen is reviewed line by line and never as a whole."""
    assert {f"{f.path}:{f.name}": f.lines for f in functions() if f.lines > MOST_FUNCTION_LINES} == {}
