"""SuiteQL on the account's data: parsed as Oracle SQL by sqlglot, checked, rewritten for SQLite (netsuite.md section 5)."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import sqlglot
from sqlglot import exp

from ops.sandbox.netsuite import reading
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.call import Answer, Call
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.metadata import Field
from ops.sandbox.netsuite.reading import View
from ops.sandbox.netsuite.records import paging
from ops.sandbox.netsuite.store import LINE_FLAGS

PATH = "/services/rest/query/v1/suiteql"
MAX_ROWS = 100_000
HEADS = ("id", "externalid", "createddate", "lastmodifieddate")
SUBLIST_VIEWS = {
    "transactionline": ("transactionline", "transaction"),
    "inventoryitemlocations": ("itemlocation", "item"),
    "aggregateitemlocation": ("itemlocation", "item"),
    "pricing": ("itemprice", "item"),
    "customeritempricing": ("customeritempricing", "customer"),
    "customergrouppricing": ("customergrouppricing", "customer"),
    "entityaddressbook": ("addressbook", "entity"),
    "itemfulfillmentpackage": ("package", "itemfulfillment"),
}
RENAMED = {
    "pricing": {"price": "unitprice", "currencypage": "currency", "line": "internalid"},
    "customergrouppricing": {"group": "pricinggroup"},
}
QUOTED = re.compile(r"""'(?:[^']|'')*'|"(\w+)\"""")  # SQLite takes an unknown "name" for a text, but not an unknown `name`


def handle(account: Account, call: Call) -> Answer:
    """POST suiteql: `Prefer: transient` is required; strings out, NULLs left out, keys in lower case."""
    if "transient" not in call.prefers:
        raise NsError("INVALID_HEADER", "The required request header 'Prefer' is missing or invalid. Use 'Prefer: transient'.", errorHeader="Prefer")
    body = call.document()
    text = body.get("q")
    if not isinstance(text, str) or not text.strip():
        raise NsError("INVALID_PARAMETER", "The parameter q is missing.", errorQueryParam="q")
    limit, offset = paging(call, 1000)
    names, rows = run(account, text, list(body.get("params") or []))
    rows = rows[:MAX_ROWS]
    page = [_item(names, row) for row in rows[offset : offset + limit]]
    return Answer(200, reading.collection(page, View(call.base), PATH, "", limit, offset, len(rows)), "collection")


def _item(names: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    shown = {name: value if isinstance(value, str) else f"{value:.15g}" for name, value in zip(names, row, strict=True) if value is not None}
    return {"links": [], **shown}


def run(account: Account, text: str, params: list[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names (lower case) and all rows."""
    try:
        tree = sqlglot.parse_one(text, dialect="oracle")
    except sqlglot.errors.SqlglotError as error:
        raise _refused(f"Invalid or unsupported search. {str(error).splitlines()[0]}") from None
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise _refused("Only SELECT statements are supported.")
    ensure_views(account)
    _check_tables(account, tree)
    sql = QUOTED.sub(lambda m: f"`{m[1]}`" if m[1] else m[0], _rewrite(account, tree).sql(dialect="sqlite"))
    try:
        cursor = account.store.db.execute(sql, [str(p) if isinstance(p, bool) else p for p in params])
        rows = cursor.fetchmany(MAX_ROWS + 1)
    except sqlite3.Error as error:
        column = re.search(r"no such column: (?:\w+\.)?(\w+)", str(error))
        raise _refused(f"Unknown identifier '{column[1]}'." if column else f"Invalid or unsupported search. {error}") from None
    return [d[0].lower() for d in cursor.description], rows


def _refused(detail: str) -> NsError:
    head = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
    return NsError("INVALID_PARAMETER", head + detail, errorQueryParam="q")


def _visible(account: Account) -> set[str]:
    tables = {kind.table for kind in account.metadata.types.values()}
    return tables | set(SUBLIST_VIEWS) | {"deletedrecord", "dual", "transactionstatus", "transactionaccountingline"}


def _check_tables(account: Account, tree: exp.Expr) -> None:
    known = _visible(account)
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in known | own:
            raise _refused(f"Record '{table.name}' was not found.")


def ensure_views(account: Account) -> None:
    """One view for each SuiteQL table (temporary, made once): what SuiteQL shows under its own names."""
    if account.store.rows("select 1 from sqlite_temp_master where name='ql_dual'"):
        return
    script = ["create temp view ql_dual as select 'X' as dummy;"]
    tables: dict[str, dict[str, Field]] = {}
    for kind in account.metadata.types.values():
        tables.setdefault(kind.table, {}).update({f.column: f for f in kind.fields.values() if f.kind != "address" and not f.nosql and not f.hidden})
    for table, fields in tables.items():
        extra = {"item": ["itemtype", "subtype"], "transaction": ["type"]}.get(table, [])
        columns = ",".join(f'"{c}"' for c in dict.fromkeys([*HEADS, *extra, *fields]))
        more = ", lower(rectype) as recordtype, total as foreigntotal" if table == "transaction" else ""
        script.append(f'create temp view "ql_{table}" as select {columns}{more} from main."{table}";')
    script += [_sublist_view(account, name, *spec) for name, spec in SUBLIST_VIEWS.items()]
    script.append(
        "create temp view ql_deletedrecord as select recordid, type as scriptid, type, name, externalid, deleteddate, deletedby from main.deletedrecord;"
        'create temp view ql_transactionaccountingline as select t.id as "transaction", l.line as transactionline, 1 as accountingbook, l.amount, '
        't.lastmodifieddate from main."transaction" t join main.transactionline l on l.parent=t.id;'
    )
    script.append(_status_view(account))
    account.store.db.executescript("".join(script))


def _sublist_view(account: Account, name: str, table: str, parent: str) -> str:
    sub = next(s for k in account.metadata.types.values() for s in k.sublists.values() if s.table == table)
    fields = {f.column: f for k in account.metadata.types.values() for s in k.sublists.values() if s.table == table for f in s.fields.values()}
    renamed = RENAMED.get(name, {})
    columns = [f'"{c}" as "{renamed.get(c, c)}"' for c, f in fields.items() if f.kind != "address" and c not in ("parent", "line")]
    flags = [f"{flag}" for flag in LINE_FLAGS] + ["seq as linesequencenumber", "line as id"] if table == "transactionline" else []
    lines = [f'line as "{renamed.get("line", "line")}"'] if sub.key != "location" else []
    mine = ['(select t.subsidiary from main."transaction" t where t.id=parent) as subsidiary'] if table == "transactionline" else []
    return f'create temp view "ql_{name}" as select parent as "{parent}",{",".join([*lines, *flags, *columns, *mine])} from main."{table}";'


def _status_view(account: Account) -> str:
    rows = [
        f"select '{code}' as id, '{kind}' as trantype, '{text}' as name, '{t.const['name']} : {text}' as fullname"
        for kind, t in account.metadata.by_transaction.items()
        for code, text in account.metadata.enums.get(kind, {}).items()
    ]
    return f"create temp view ql_transactionstatus as {' union all '.join(rows)};"


# -- rewriting
def _rewrite(account: Account, tree: exp.Expr) -> exp.Expr:
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    aliases = {t.alias_or_name.lower(): t.name.lower() for t in tree.find_all(exp.Table)}

    def change(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name.lower() not in own:
            view = exp.to_identifier(f"ql_{node.name.lower()}", quoted=True)
            alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name.lower(), quoted=True))
            return exp.Table(this=view, alias=alias)
        if isinstance(node, exp.Identifier):
            return exp.to_identifier(node.name.lower(), quoted=True)
        return _function(account, node, aliases)

    return tree.transform(change)


def _function(account: Account, node: exp.Expr, aliases: dict[str, str]) -> exp.Expr:
    if isinstance(node, exp.CurrentTimestamp) or (isinstance(node, exp.Column) and node.name.lower() == "sysdate"):
        return exp.Literal.string(account.stamp())
    if isinstance(node, exp.ToChar):
        return exp.func("ns_to_char", node.this, node.args.get("format") or exp.Literal.string("YYYY-MM-DD HH24:MI:SS"))
    if isinstance(node, exp.StrToTime | exp.StrToDate | exp.TsOrDsToDate):
        return exp.func("ns_to_time", node.this, node.args.get("format") or exp.Literal.string("YYYY-MM-DD"))
    if isinstance(node, exp.Dot) and str(node.this).lower().strip('"') == "builtin" and isinstance(node.expression, exp.Anonymous):
        inner = node.expression.expressions[0]
        if node.expression.name.lower() != "df" or not isinstance(inner, exp.Column):
            raise _refused(f"BUILTIN.{node.expression.name} is not supported.")
        return _display(account, inner, aliases)
    if isinstance(node, exp.Anonymous) and node.name.lower() in ("to_timestamp", "to_date"):
        return exp.func("ns_to_time", *node.expressions)
    return node


def _display(account: Account, column: exp.Column, aliases: dict[str, str]) -> exp.Expr:
    """BUILTIN.DF(column): the name behind a reference or code."""
    low = column.name.lower()
    tables = [aliases[column.table.lower()]] if column.table else list(aliases.values())
    for table in tables:
        for field in _fields(account, table):
            if field.column == low and field.kind == "ref":
                target = account.metadata.types[field.arg]
                title = target.fields[target.title].column
                text = f'(SELECT "{title}" FROM "main"."{target.table}" WHERE "id" = {column.sql(dialect="sqlite")})'
                return sqlglot.parse_one(text, dialect="sqlite")
            if field.column == low and field.name == "status" and table == "transaction":
                where = f'"trantype" = {f"{_quoted(column.table)}." if column.table else ""}"type" AND "id" = {column.sql(dialect="sqlite")}'
                return sqlglot.parse_one(f'(SELECT "fullname" FROM "ql_transactionstatus" WHERE {where})', dialect="sqlite")
            if field.column == low and field.kind == "enum":
                cases = " ".join(f"WHEN '{c}' THEN '{t}'" for c, t in account.metadata.enums[field.arg].items())
                return sqlglot.parse_one(f"CASE {column.sql(dialect='sqlite')} {cases} END", dialect="sqlite")
    return column


def _quoted(name: str) -> str:
    return f'"{name.lower()}"'


def _fields(account: Account, table: str) -> list[Field]:
    physical = SUBLIST_VIEWS.get(table, (table, ""))[0]
    heads = [f for k in account.metadata.of_table(physical) for f in k.fields.values()]
    return heads + [f for k in account.metadata.types.values() for s in k.sublists.values() if s.table == physical for f in s.fields.values()]
