"""The RESTlet under Oracle's own stubs: @oracle/suitecloud-unit-testing 1.9.1 with Jest, as its tests in ops/netsuite are meant to be run."""

from __future__ import annotations

import json
import subprocess

from tests.conformance import install
from tests.conformance.talk import environment


def test_the_deployed_file_passes_under_oracles_stubs():
    """The same file that the sandbox runs keeps to N/search, N/record and N/runtime as Oracle describes them."""
    folder = install.restlet_tests()
    jest = folder / "node_modules" / "jest" / "bin" / "jest.js"
    command = [str(install.node()), str(jest), "--json", "--ci", "--runInBand"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert (told["numFailedTests"], told["numPassedTests"] > 5) == (0, True)
