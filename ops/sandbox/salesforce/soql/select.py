"""Running a query: pick candidates by an index where one fits, filter, sort, cut, and shape the rows as REST does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.sandbox.faults import Switchboard
from ops.sandbox.salesforce import ids, switches
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.shape import compound, reference
from ops.sandbox.salesforce.soql.aggregate import aggregate
from ops.sandbox.salesforce.soql.predicate import Get, compile_where
from ops.sandbox.salesforce.soql.tree import Aggregate, Compare, Literal, Logic, Order, Path, Query
from ops.sandbox.salesforce.store import Record, Store
from ops.sandbox.salesforce.values import instant, stamp

NO_COLUMN = (
    "No such column '{0}' on entity '{1}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(slots=True)
class Runner:
    """One query's surroundings. `version` goes into the urls of records; `deleted`: queryAll."""

    store: Store
    faults: Switchboard
    now: datetime
    version: str = "67.0"
    deleted: bool = False

    def run(self, query: Query) -> list[dict[str, Any]] | int:
        """Rows in the shape of REST, or the number for COUNT()."""
        item = self._source(query.source)
        rows = self.records(item, query)
        aggregates = [one for one in query.select if isinstance(one, Aggregate)]
        if len(query.select) == 1 and aggregates and aggregates[0].function == "count" and not aggregates[0].path:
            return len(rows)
        if aggregates or query.group:
            return aggregate(self, item, query, rows)[query.offset :][: query.limit]
        shapers = self._shapers(item, query)
        return [{"attributes": reference(item.name, row["Id"], self.version)} | {name: shape(row) for name, shape in shapers} for row in rows]

    def records(self, item: SObject, query: Query) -> list[Record]:
        """The stored records that the query means, in its order."""
        test = compile_where(self, item, self._bare(query, query.where))
        everything = self.deleted or query.all_rows
        rows = [row for row in self._candidates(item, query.where, query.alias) if (everything or not row.get("IsDeleted")) and test(row)]
        for order in reversed(query.order):
            rows = self._sorted(item, query, order, rows)
        if any(isinstance(one, Aggregate) for one in query.select) and (query.group or not query.limit):
            return rows
        end = None if query.limit is None else query.offset + query.limit
        return rows[query.offset : end]

    def getter(self, item: SObject, path: Path) -> tuple[Field, Get]:
        """The field at the end of a path and the function that reads it from a record. Up to five parents."""
        if len(path) > 6:
            raise refuse("MALFORMED_QUERY", "SELECT field paths go up five levels at most")
        if len(path) == 1 or item.find(path[0]) is not None:
            field = item.find(path[0])
            if field is None or len(path) > 1 or switches.hidden(self.faults, item.name, field.name):
                raise refuse("INVALID_FIELD", NO_COLUMN.format(path[0], item.name))
            name = field.name
            if field.type == "address":
                return field, lambda record: compound(item, name, record)
            return field, lambda record: record.get(name)
        step = item.relationship(path[0])
        if step is None or switches.hidden(self.faults, item.name, step.name):
            raise refuse(
                "INVALID_FIELD",
                f"Didn't understand relationship '{path[0]}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.",
            )
        parent = self.store.objects[step.reference_to]
        field, read = self.getter(parent, path[1:])
        link = step.name

        def through(record: Record) -> Any:
            other = self.store.get(parent.name, record.get(link))
            return read(other) if other is not None else None

        return field, through

    def semi_join(self, query: Query) -> frozenset[Any]:
        """`IN (SELECT AccountId FROM Order WHERE ...)`: the values of its one field."""
        if len(query.select) != 1 or not isinstance(query.select[0], tuple):
            raise refuse("MALFORMED_QUERY", "Nesting of semi join sub-selects takes one field")
        item = self._source(query.source)
        _, read = self.getter(item, query.select[0])
        return frozenset(value for value in map(read, self.records(item, query)) if value is not None)

    def _source(self, name: str) -> SObject:
        item = self.store.objects.object(name)
        if item is None or switches.hidden(self.faults, item.name):
            hint = "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
            raise refuse("INVALID_TYPE", f"sObject type '{name}' is not supported. {hint}")
        return item

    def _bare(self, query: Query, node: Any) -> Any:
        """The condition with the alias of the source taken off its paths."""
        if isinstance(node, Logic):
            return Logic(node.operator, tuple(self._bare(query, part) for part in node.parts))
        if isinstance(node, Compare):
            return Compare(self.plain(query, node.path), node.operator, node.value)
        return node

    def plain(self, query: Query, path: Path) -> Path:
        """`a.Name FROM Account a` and `Account.Name FROM Account` -> `Name`."""
        own = {query.alias.lower(), query.source.lower()} - {""}
        return path[1:] if len(path) > 1 and path[0].lower() in own else path

    def _candidates(self, item: SObject, where: Any, alias: str) -> Iterable[Record]:
        """Fewer records than all, where an AND-ed condition names an id, an indexed field, or a lower bound of SystemModstamp."""
        terms = where.parts if isinstance(where, Logic) and where.operator == "and" else (where,)
        for term in terms:
            if not isinstance(term, Compare) or len(term.path) != 1:
                continue
            found = self._indexed(item, term)
            if found is not None:
                return list(found)
        del alias
        return list(self.store.rows[item.name].values())

    def _indexed(self, item: SObject, term: Compare) -> Iterator[Record] | None:
        field = item.find(term.path[0])
        if field is None or isinstance(term.value, Query):
            return None
        if field.name == "SystemModstamp" and term.operator in {">", ">=", "="} and term.value.kind == "moment" and "T" in term.value.value:
            return self.store.since(item.name, stamp(instant(term.value.value)))
        if term.operator not in {"=", "in"} or not (field.indexed or field.type == "id"):
            return None
        literals: tuple[Literal, ...] = (term.value,) if term.operator == "=" else term.value
        if any(one.kind != "string" for one in literals):
            return None
        if field.type == "id":
            wanted = dict.fromkeys(ids.normal(one.value) for one in literals)
            return (row for row in (self.store.get(item.name, one) for one in wanted) if row is not None)
        values = dict.fromkeys(ids.normal(one.value) if field.type == "reference" else one.value for one in literals)
        unique = {row["Id"]: row for value in values for row in self.store.matching(item.name, field, value)}
        return iter(unique.values())

    def _sorted(self, item: SObject, query: Query, order: Order, rows: list[Record]) -> list[Record]:
        field, read = self.getter(item, self.plain(query, order.path))

        def key(row: Record) -> Any:
            value = read(row)
            return value.lower() if field.is_text and isinstance(value, str) else value

        nulls = [row for row in rows if read(row) is None]
        full = sorted((row for row in rows if read(row) is not None), key=key, reverse=order.descending)
        return full + nulls if order.nulls_last else nulls + full

    def _shapers(self, item: SObject, query: Query) -> list[tuple[str, Get]]:
        """(name in the answer, how to make it), parents nested, in the order of the SELECT."""
        found: dict[str, Get] = {}
        parents: dict[str, list[Path]] = {}
        for one in [*self._named_fields(item, query), *query.select]:
            if isinstance(one, Query):
                name, shape = self._children(item, one)
                found[name] = shape
                continue
            path = self.plain(query, one)
            if len(path) == 1 and item.relationship(path[0]) is None:
                field, read = self.getter(item, path)
                found[field.name] = read
            else:
                parents.setdefault(path[0], []).append(path[1:])
                found.setdefault(path[0], lambda _row: None)
        for name, paths in parents.items():
            exact, shape = self._parent(item, name, paths)
            found = {(exact if key == name else key): (shape if key == name else value) for key, value in found.items()}
        return list(found.items())

    def _named_fields(self, item: SObject, query: Query) -> list[Path]:
        """FIELDS(ALL | STANDARD | CUSTOM); ALL and CUSTOM want a LIMIT of at most 200."""
        if not query.fields:
            return []
        if query.fields != "STANDARD" and (query.limit is None or query.limit > 200):
            raise refuse("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
        wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[query.fields]
        return [(f.name,) for f in item.fields.values() if f.custom in wanted and not switches.hidden(self.faults, item.name, f.name)]

    def _parent(self, item: SObject, name: str, paths: list[Path]) -> tuple[str, Get]:
        step = item.relationship(name)
        if step is None:
            self.getter(item, (name, *paths[0]))
            raise refuse("INVALID_FIELD", NO_COLUMN.format(name, item.name))
        parent = self.store.objects[step.reference_to]
        shapers = self._shapers(parent, Query(tuple(path or ("Id",) for path in paths), parent.name))
        link = step.name

        def shape(row: Record) -> Any:
            other = self.store.get(parent.name, row.get(link))
            if other is None:
                return None
            return {"attributes": reference(parent.name, other["Id"], self.version)} | {key: make(other) for key, make in shapers}

        return step.relationship, shape

    def _children(self, item: SObject, query: Query) -> tuple[str, Get]:
        """A sub-query in the SELECT; null where a record has none."""
        lower = query.source.lower()
        pair = next(((c, f) for c, f in self.store.objects.children(item.name) if f.children.lower() == lower), None)
        if pair is None:
            raise refuse(
                "INVALID_TYPE",
                f"Didn't understand relationship '{query.source}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.",
            )
        child, field = pair
        inner = Query(query.select, child.name, query.alias, query.where, (), query.order, query.limit, query.offset, query.fields)
        test = compile_where(self, child, self._bare(inner, inner.where))
        shapers = self._shapers(child, inner)

        def shape(row: Record) -> Any:
            rows = [one for one in self.store.children(row["Id"], child.name, field.name) if test(one)]
            for order in reversed(inner.order):
                rows = self._sorted(child, inner, order, rows)
            rows = rows[inner.offset :][: inner.limit]
            if not rows:
                return None
            records = [{"attributes": reference(child.name, one["Id"], self.version)} | {name: make(one) for name, make in shapers} for one in rows]
            return {"totalSize": len(rows), "done": True, "records": records}

        return field.children, shape
