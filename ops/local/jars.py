"""Apache Kafka and Apicurio Registry from Maven Central, by jgo's pure-Python resolver: no Java, no Maven needed."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jgo
from filelock import FileLock
from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

KAFKA_VERSION = "4.3.1"
REGISTRY_VERSION = "3.3.3"
LOG4J_VERSION = "2.25.4"  # the one kafka-server asks for; without the binding Kafka logs nothing

KAFKA_ENDPOINT = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.apache.kafka:kafka-tools:{KAFKA_VERSION}"
    f"+org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}!"  # "!": its BOM would bring kafka-clients 3.9
)
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Jars:
    """Where the programs are."""

    kafka_class_path: str
    registry_home: Path  # holds quarkus-run.jar


def cache_dir() -> Path:
    """`ACCORD_CACHE`, else `~/.cache/accord`; about 400 MB once filled."""
    return Path(os.environ.get("ACCORD_CACHE") or Path.home() / ".cache" / "accord")


def fetch(cache: Path, *, progress: bool) -> Jars:
    """Resolve both programs into `cache`: about a minute and 220 MB the first time, a moment after."""
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "lock"), _bars(progress) as bars:
        _discard_torn(cache)
        context = MavenContext(
            resolver=PythonResolver(progress_callback=bars),
            repo_cache=cache / "maven",
            remote_repos={"central": jgo.MAVEN_CENTRAL_URL},
            timeout=DOWNLOAD_TIMEOUT_S,
        )
        kafka = EnvironmentBuilder(context, cache_dir=cache / "jgo").from_endpoint(KAFKA_ENDPOINT)
        home = _registry_home(context, cache)
        (cache / f"complete-{KAFKA_VERSION}-{REGISTRY_VERSION}").touch()
    return Jars(os.pathsep.join(f"{folder}{os.sep}*" for folder in (kafka.jars_dir, kafka.modules_dir)), home)


def _registry_home(context: MavenContext, cache: Path) -> Path:
    home = cache / f"apicurio-registry-{REGISTRY_VERSION}"
    if not home.exists():
        archive = context.project("io.apicurio", "apicurio-registry-app").at_version(REGISTRY_VERSION).artifact(classifier="all", packaging="tar.gz")
        fresh = home.with_suffix(".unpacking")
        with tarfile.open(archive.resolve()) as packed:
            packed.extractall(fresh, filter="data")
        fresh.rename(home)  # whole or not at all
    return home


def _discard_torn(cache: Path) -> None:
    """Throw away what an interrupted download left: jgo takes any file that exists for a whole one."""
    if (cache / f"complete-{KAFKA_VERSION}-{REGISTRY_VERSION}").exists():
        return
    for jar in (cache / "maven").rglob("*.jar"):
        if not zipfile.is_zipfile(jar):
            jar.unlink()
    for other in [*(cache / "maven").rglob("*.tar.gz"), *(cache / "maven").rglob("*.pom")]:
        other.unlink()


@contextmanager
def _bars(progress: bool) -> Iterator[Callable[..., object]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress, transient=True) as shown:

        @contextmanager
        def one(name: str, size: int) -> Iterator[Callable[[int], None]]:
            task = shown.add_task(name, total=size)
            yield lambda count: shown.advance(task, count)
            shown.remove_task(task)

        yield one
