"""What leaves the house: names, addresses, and what is in the wheel."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import zipfile

import pytest

from tests.house.tree import PACKAGES, ROOT, text, tracked

#: Folders of somebody's machine, and addresses of package mirrors. Cut in two so that this file doesn't name them.
WORDS = ("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/[a-z]"), ("/Us", "ers/[a-z]"), ("/opt/wh", "eels"), ("index-", "url"), ("trusted-", "host")
PRIVATE = re.compile("|".join(first + second for first, second in WORDS))


def test_our_package_names_belong_to_nobody_else():
    """A dependency that brings a top-level `schemas` or `ops` would replace ours, or be replaced by it, by the order of installation."""
    owners = importlib.metadata.packages_distributions()
    assert {n: owners[n] for n in PACKAGES if n in owners and set(owners[n]) != {"accord"}} == {}


def test_no_file_names_a_machine_or_a_mirror():
    """A path or a mirror of one machine works there and fails for everybody who clones the repository."""
    found = []
    for path in tracked():
        try:
            body = text(path)
        except UnicodeDecodeError:
            continue
        found += [f"{path}:{n}" for n, line in enumerate(body.splitlines(), 1) if PRIVATE.search(line)]
    assert found == []


def test_constraints_are_plain_versions():
    """An address in the constraints binds everybody to the machine on which they were written."""
    lines = [line for line in text("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.+!]+", line)] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of what is tracked, as a release would be."""
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    for path in tracked():
        if path.split("/")[0] in {*PACKAGES, "pyproject.toml", "README.md", ".gitignore"}:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes((ROOT / path).read_bytes())
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run([sys.executable, "-c", code, str(out)], cwd=source, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(out / built.stdout.strip().splitlines()[-1]) as opened:
        yield opened


def test_the_wheel_has_every_file(wheel):
    """An .avsc, .toml or .js that is missing from the wheel is found by users only: in the repository the file is there."""
    ours = {p for p in tracked() if p.split("/")[0] in PACKAGES and "/.forceignore" not in p}
    assert sorted(ours - set(wheel.namelist())) == []
    assert {p.rsplit(".", 1)[-1] for p in ours} >= {"py", "avsc", "toml", "js", "xml", "proto"}


def test_the_wheel_has_nothing_else(wheel):
    """Tests, state and virtual environments have no place on a user's machine."""
    assert {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name} == set(PACKAGES)


def test_the_command_is_in_the_wheel(wheel):
    """Without its entry point the package installs and does nothing."""
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "accord = ops.cli.main:main" in wheel.read(entry).decode()
