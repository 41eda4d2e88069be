"""What the org says about itself: versions, resources, describe, limits."""

from __future__ import annotations

from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from ops.sandbox.salesforce import switches
from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.org import Org

RESOURCES = ("tooling", "query", "queryAll", "limits", "sobjects", "composite", "jobs", "search", "recent", "parameterizedSearch")
_SEASONS = ("Spring", "Summer", "Winter")


def label(version: int) -> str:
    """67 -> "Summer '26": three releases a year; Winter carries the next year's number."""
    count = version - 66
    year = 26 + count // 3
    season = _SEASONS[count % 3]
    return f"{season} '{year + (season == 'Winter')}"


def versions(org: Org) -> list[dict[str, str]]:
    known = [number for number in org.settings.api_versions if number <= org.settings.newest_version]
    return [{"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"} for number in known]


def resources(call: Call) -> Answer:
    found = {name: f"/services/data/v{call.version}/{name}" for name in RESOURCES}
    return Answer(body=found | {"identity": f"{call.base}/id/{call.org.org_id}/{call.user}"})


def _brief(item: SObject, version: str) -> dict[str, Any]:
    root = f"/services/data/v{version}/sobjects/{item.name}"
    return {
        "activateable": False,
        "createable": item.createable,
        "custom": item.custom,
        "customSetting": False,
        "deletable": item.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": item.prefix,
        "label": item.label,
        "labelPlural": item.plural,
        "layoutable": True,
        "mergeable": item.name in {"Account", "Contact", "Case"},
        "mruEnabled": True,
        "name": item.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": item.deletable,
        "updateable": item.updateable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def all_objects(call: Call) -> Answer:
    shown = [item for item in call.org.objects.values() if not switches.hidden(call.org.faults, item.name)]
    rows = [_brief(item, call.version) for item in sorted(shown, key=lambda one: one.name)]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows})


def one_object(call: Call) -> Answer:
    item = call.object(call.parts[1])
    return Answer(body={"objectDescribe": _brief(item, call.version), "recentItems": []})


def describe(call: Call) -> Answer:
    """Last-Modified is the start of the org: its metadata doesn't change under a running sandbox."""
    item = call.object(call.parts[1])
    changed = call.org.started
    asked = call.headers.get("if-modified-since")
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    if asked and parsedate_to_datetime(asked) >= changed:
        return Answer(304, headers=headers)
    shown = [one for one in item.fields.values() if not switches.hidden(call.org.faults, item.name, one.name)]
    children: list[dict[str, Any]] = [
        {
            "cascadeDelete": field.master_detail,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children or None,
            "restrictedDelete": False,
        }
        for child, field in call.org.objects.children(item.name)
    ]
    record_types = [
        {"active": True, "available": True, "defaultRecordTypeMapping": True, "developerName": "Master", "master": True, "name": "Master"}
        | {"recordTypeId": "012000000000000AAA", "urls": {}}
    ]
    body = _brief(item, call.version) | {"fields": [one.describe() for one in shown], "childRelationships": children}
    return Answer(body=body | {"recordTypeInfos": record_types, "supportedScopes": [], "namedLayoutInfos": []}, headers=headers)


def limits(call: Call) -> Answer:
    org = call.org
    most = org.settings.daily_calls
    shown = {
        "DailyApiRequests": (most, most - org.used_today),
        "DailyBulkApiBatches": (15000, 15000),
        "DailyBulkV2QueryJobs": (10000, 10000),
        "DailyDeliveredPlatformEvents": (25000, 25000),
        "DailyStandardVolumePlatformEvents": (25000, 25000),
        "DataStorageMB": (10240, 10200),
        "HourlyPublishedPlatformEvents": (250000, 250000),
        "MonthlyPlatformEventsUsageEntitlement": (0, 0),
    }
    return Answer(body={name: {"Max": top, "Remaining": max(0, left)} for name, (top, left) in shown.items()})
