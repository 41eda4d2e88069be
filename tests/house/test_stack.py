"""Docker and the local stack are one stack."""

from __future__ import annotations

import re

from ops.local import jars
from tests.house.tree import text


def test_images_and_jars_have_the_same_versions():
    """What was tested on the local stack must be what runs from images."""
    compose = text("docker-compose.yml")
    images = dict(re.findall(r"image: (\S+):(\S+)", compose))
    assert images["apache/kafka"] == jars.KAFKA_VERSION
    assert images["apicurio/apicurio-registry"] == jars.REGISTRY_VERSION
    assert f'"apache/kafka:{jars.KAFKA_VERSION}"' in text("tests/conftest.py")
    assert f'"apicurio/apicurio-registry:{jars.REGISTRY_VERSION}"' in text("tests/conftest.py")


def test_the_stack_answers_on_loopback_only():
    """A broker without a password must not be open to the network of a café."""
    published = re.findall(r"ports: \[(.*?)\]", text("docker-compose.yml"))
    assert published
    assert all(p.strip('" ').startswith("127.0.0.1:") for line in published for p in line.split(","))


def test_the_compose_files_first_lines_are_true():
    """The addresses that its comment gives are copied as they stand."""
    compose = text("docker-compose.yml")
    for port in re.findall(r"127\.0\.0\.1:(\d+)", "\n".join(line for line in compose.splitlines() if line.startswith("#"))):
        assert f'"127.0.0.1:{port}:' in compose
