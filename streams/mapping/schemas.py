"""Writes the Avro schemas of the golden records: `python -m streams.mapping.schemas` after a shipped table has changed. A test compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from streams.mapping.golden import whole_schema
from streams.mapping.load import shipped
from streams.mapping.source import parse


def golden_files() -> Iterator[tuple[str, str]]:
    """(file name, text) of each shipped entity's schema."""
    for file in sorted(shipped().iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            schema = whole_schema(parse(name, file.name, file.read_text()))
            yield f"golden_{name}.avsc", json.dumps(schema, indent=1) + "\n"


def main(directory: Path) -> None:
    for name, text in golden_files():
        (directory / name).write_text(text)


if __name__ == "__main__":
    main(Path(__file__).parents[2] / "schemas" / "avro")
