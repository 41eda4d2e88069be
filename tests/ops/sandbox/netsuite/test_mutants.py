"""Damaged copies of the RESTlet must fail the checks: else the sandbox would let such a script through to a real account."""

from __future__ import annotations

import pytest

from tests.ops.sandbox.netsuite.scans import check, crowd, scan
from tests.ops.sandbox.netsuite.world import SCRIPT

MUTANTS = {
    "stamp compared with >=": ("> '${req.since}' OR", ">= '${req.since}' OR"),
    "tie without the id": ("AND {internalid} > ${req.sinceId}", "AND 1=1"),
    "strictly later stamps only": (" OR (${stamp} = '${req.since}' AND {internalid} > ${req.sinceId})", ""),
    "no sort by id": (
        "const idColumn = search.createColumn({ name: 'internalid', sort: search.Sort.ASC });\n        const keys",
        "const idColumn = search.createColumn({ name: 'internalid' });\n        const keys",
    ),
    "no sort by stamp": ("formula: stampSql(req.stampField), sort: search.Sort.ASC", "formula: stampSql(req.stampField)"),
    "formula that doesn't end": ("THEN 'T' END`, 'is', 'T']);\n        } else", "THEN 'T'`, 'is', 'T']);\n        } else"),
    "join and name swapped": ("const [name, join] = String(spec)", "const [join, name] = String(spec)"),
    "misspelt operator": ("'onorafter'", "'onorAftr'"),
    "no look-ahead row": ("Math.min(pageSize + 1, MAX_PAGE)", "Math.min(pageSize, MAX_PAGE)"),
    "cursor from the first row": ("const last = rows[rows.length - 1];", "const last = rows[0];"),
    "saved search loses its filters": ("both(saved.filterExpression || [], extra)", "extra"),
    "own filters lost": ("const extra = req.filters || [];", "const extra = [];"),
    "coarse filter too tight": ("Math.max(days, 0) + 2", "Math.max(days, 0) - 2"),
    "units not watched": ("if (remaining() < needed)", "if (false)"),
    "zone not watched": ("if (!/^(Etc", "if (false && !/^(Etc"),
    "references without text": ("? value : { value, text };", "? value : value;"),
    "until inclusive": ("WHEN ${stamp} < '${req.until}'", "WHEN ${stamp} <= '${req.until}'"),
    "ids ignored": ("if (req.ids) and(", "if (false) and("),
    "the open id is kept": ("whole[whole.length - 1].id === open", "false"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(name):
    """A script with this fault loses, doubles or distorts rows, and the checks see it."""
    before, after = MUTANTS[name]
    assert SCRIPT.count(before) == 1, "the mutation no longer fits the script"
    account = crowd()
    if name == "the open id is kept":
        _check_groups(account, SCRIPT)
        with pytest.raises(AssertionError):
            _check_groups(account, SCRIPT.replace(before, after))
        return
    with pytest.raises(AssertionError):
        check(account, SCRIPT.replace(before, after))
    account.store.db.close()


def test_the_shipped_script_passes():
    """The checks that kill the mutants are green on the script that we deploy."""
    account = crowd()
    check(account, SCRIPT)
    _check_groups(account, SCRIPT)
    account.store.db.close()


def _check_groups(account, script):
    """Price rows of one item stay on one page, whatever its size."""
    if not account.store.rows("select 1 from item limit 1"):
        account.create("priceLevel", {"name": "Base Price"})
        for n in range(6):
            cells = [{"currencyPage": 1, "quantity": q, "price": 10 + q} for q in range(3)]
            account.create("inventoryItem", {"itemId": f"I{n}", "price": cells})
    rows = scan(account, 4, type="item", columns=["pricing.unitprice"], script=script)
    assert len(rows) == 18, f"{len(rows)} price rows of 18"
