"""The example queries: SQL files, one for each kind of database, that any other client can run too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Date, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.errors import Rejected

FILES = Path(__file__).parent
NAMES = tuple(sorted(f.stem for f in (FILES / "postgresql").glob("*.sql")))


class Answer(NamedTuple):
    """Texts as they are shown: amounts with all their decimals, nothing for null."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def sql(name: str, dialect: str) -> str:
    """Raises Rejected for a name that is none."""
    if name not in NAMES:
        raise Rejected(f"no query {name!r}; there are {', '.join(NAMES)}", code="unknown_query")
    return (FILES / dialect / f"{name}.sql").read_text()


async def ask(db: AsyncEngine, name: str, as_of: date) -> Answer:
    """Raises Rejected where the tables lack what the query reads: an entity that isn't mirrored, or `accord run reporting` never ran."""
    lines = [line for line in sql(name, db.dialect.name).splitlines() if not line.startswith("--")]
    statement = text("\n".join(lines).rstrip().rstrip(";")).bindparams(bindparam("as_of", type_=Date))
    try:
        async with db.connect() as connection:
            found = await connection.execute(statement, {"as_of": as_of})
            return Answer(tuple(found.keys()), [tuple("" if v is None else str(v) for v in row) for row in found])
    except DBAPIError as error:
        raise Rejected(f"{name} can't be answered from these tables: {error.orig}", code="no_tables") from error
