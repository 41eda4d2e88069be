"""The data API's paths below /services/data/vXX.0."""

from __future__ import annotations

from ops.sandbox.salesforce import bulk, bulk_query, collection, composite, info, query, rows, tree
from ops.sandbox.salesforce.routing import ROUTES, route


def install() -> None:
    """Fill the table; a second call does nothing."""
    if ROUTES:
        return
    route("GET", "", info.resources)
    route("GET", "sobjects", info.all_objects)
    route("GET", "sobjects/{object}", info.one_object)
    route("GET", "sobjects/{object}/describe", info.describe)
    route("GET", "limits", info.limits)
    route("POST", "sobjects/{object}", rows.create)
    route("GET", "sobjects/{object}/updated", rows.updated)
    route("GET", "sobjects/{object}/deleted", rows.deleted)
    route("GET", "sobjects/{object}/{id}", rows.read)
    route("PATCH", "sobjects/{object}/{id}", rows.change)
    route("DELETE", "sobjects/{object}/{id}", rows.remove)
    route("GET", "sobjects/{object}/{field}/{value}", rows.read_by_key)
    route("PATCH", "sobjects/{object}/{field}/{value}", rows.upsert)
    route("DELETE", "sobjects/{object}/{field}/{value}", rows.remove_by_key)
    for name in ("query", "queryAll"):
        route("GET", name, query.query)
        route("GET", name + "/{locator}", query.more)
    route("GET", "tooling/query", query.tooling)
    route("POST", "composite", composite.composite)
    route("POST", "composite/graph", composite.graph)
    route("POST", "composite/batch", composite.batch)
    route("POST", "composite/tree/{object}", tree.create)
    route("POST", "composite/sobjects", collection.create)
    route("PATCH", "composite/sobjects", collection.change)
    route("DELETE", "composite/sobjects", collection.remove)
    route("GET POST", "composite/sobjects/{object}", collection.retrieve)
    route("PATCH", "composite/sobjects/{object}/{field}", collection.upsert)
    route("POST", "jobs/ingest", bulk.open_job)
    route("GET", "jobs/ingest", bulk.all_jobs)
    route("GET", "jobs/ingest/{job}", bulk.show)
    route("PATCH", "jobs/ingest/{job}", bulk.move)
    route("DELETE", "jobs/ingest/{job}", bulk.forget)
    route("PUT", "jobs/ingest/{job}/batches", bulk.upload)
    for name in ("successfulResults", "failedResults", "unprocessedRecords", "unprocessedrecords"):
        route("GET", "jobs/ingest/{job}/" + name, bulk.results)
    route("POST", "jobs/query", bulk_query.open_job)
    route("GET", "jobs/query", bulk.all_jobs)
    route("GET", "jobs/query/{job}", bulk.show)
    route("PATCH", "jobs/query/{job}", bulk.move)
    route("DELETE", "jobs/query/{job}", bulk.forget)
    route("GET", "jobs/query/{job}/results", bulk_query.results)
