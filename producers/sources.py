"""All sources and readers that a set of reads asks for: the one place where the parts of this room are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from accord.clock import Clock
from accord.errors import Fatal
from accord.netsuite.rest import NetSuite
from accord.netsuite.restlet import Restlet
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.rest import Salesforce
from producers.difference import Difference
from producers.feed import Feed
from producers.netsuite_deleted import DeletedRecords, IdSets
from producers.netsuite_poll import NetSuiteFeed
from producers.netsuite_query import QueryFeed
from producers.poll import Poll, Rhythm
from producers.salesforce_poll import SalesforceFeed
from producers.salesforce_snapshot import SalesforceSnapshot
from producers.source import Source
from producers.stir import Inbox, Stirs

SALESFORCE = Rhythm(poll_s=60.0, lag_s=10.0, overlap_s=600.0, sweep_s=300.0)
NETSUITE = Rhythm()


@dataclass(frozen=True, slots=True)
class Rhythms:
    """How often each thing is read, in seconds."""

    salesforce: Rhythm = SALESFORCE
    netsuite: Rhythm = NETSUITE
    prices_s: float = 600.0
    ids_s: float = 3600.0


def salesforce_sources(org: Salesforce, reads: Iterable[SalesforceRead], clock: Clock, rhythms: Rhythms | None = None) -> list[Source]:
    """Pollers, and first snapshots of what comes as events (the event source itself is producers.salesforce_cdc)."""
    rhythm, given = (rhythms or Rhythms()).salesforce, tuple(reads)
    whole = [r for r in given if not r.hint]
    alone([(r.entity, r.object) for r in whole], "Salesforce")
    hints = [r for r in given if r.hint and r.mode == "poll"]
    return [
        *(
            Poll(SalesforceFeed(org, r), clock, replace(rhythm, poll_s=r.every_s or rhythm.poll_s))
            if r.mode == "poll"
            else SalesforceSnapshot(org, r, clock, rhythm)
            for r in whole
        ),
        *(Poll(SalesforceFeed(org, r), clock, rhythm, name=f"salesforce.{r.entity}.{r.object}", marks=False) for r in hints),
    ]


def netsuite_sources(restlet: Restlet, account: NetSuite, reads: Sequence[NetSuiteRead], clock: Clock, rhythms: Rhythms | None = None) -> list[Source]:
    """Pollers, what has no stamp by difference, deleted records, comparisons of id sets, and hints at what must be read because of others."""
    given, whole = rhythms or Rhythms(), [r for r in reads if not r.hint]
    alone([(r.entity, r.type) for r in whole], "NetSuite")
    entities = {r.entity for r in whole}
    census: dict[str, int] = {}
    inboxes = {r.entity: Inbox() for r in whole if r.key}
    out: list[Source] = [_netsuite(netsuite_feed(restlet, account, r), r, Stirs(r, entities, inboxes), clock, given, inboxes.get(r.entity)) for r in whole]
    out += [_hint(restlet, r, Stirs(r, entities, inboxes), clock, given.netsuite) for r in reads if r.hint]
    out.append(DeletedRecords(restlet, whole, clock, given.netsuite, census))
    out += [IdSets(restlet, r, clock, given.ids_s, census) for r in whole if r.mode == "poll"]
    return out


def _netsuite(feed: Feed, read: NetSuiteRead, stirs: Stirs, clock: Clock, rhythms: Rhythms, inbox: Inbox | None) -> Source:
    if read.mode == "poll":
        return Poll(feed, clock, rhythms.netsuite, stirs=stirs)
    return Difference(feed, clock, read.every_s or rhythms.prices_s, stirs=stirs, inbox=inbox)


def _hint(restlet: Restlet, read: NetSuiteRead, stirs: Stirs, clock: Clock, rhythm: Rhythm) -> Source:
    name = f"netsuite.{read.entity}.{read.type}"
    return Poll(NetSuiteFeed(restlet, read), clock, rhythm, name=name, marks=False, stirs=stirs, hint=True)


def netsuite_feed(restlet: Restlet, account: NetSuite, read: NetSuiteRead) -> Feed:
    """The rows of one read: by SuiteQL where it has a query, else by a search."""
    return QueryFeed(account, read) if read.query else NetSuiteFeed(restlet, read)


def salesforce_feeds(org: Salesforce, reads: Iterable[SalesforceRead]) -> Mapping[tuple[str, str], Feed]:
    """What the reader of `read.salesforce` reads with, as `Reader` wants it."""
    given = sorted(reads, key=lambda r: r.hint is not None)  # the document itself answers for its entity
    return _by_address([(r.entity, r.object, SalesforceFeed(org, r)) for r in given])


def netsuite_feeds(restlet: Restlet, account: NetSuite, reads: Iterable[NetSuiteRead]) -> Mapping[tuple[str, str], Feed]:
    """What the reader of `read.netsuite` reads with, as `Reader` wants it."""
    return _by_address([(r.entity, r.type, netsuite_feed(restlet, account, r)) for r in reads if not r.hint])


def _by_address(feeds: Iterable[tuple[str, str, Feed]]) -> dict[tuple[str, str], Feed]:
    out: dict[tuple[str, str], Feed] = {}
    for entity, object_, feed in feeds:
        out[entity, object_.lower()] = feed
        out.setdefault((entity, ""), feed)
    return out


def alone(reads: Sequence[tuple[str, str]], system: str) -> None:
    """One snapshot for each entity and system: the marks of two could not be told apart."""
    seen: dict[str, str] = {}
    for entity, object_ in reads:
        if entity in seen:
            raise Fatal(f"the mapping reads {entity} from two {system} objects ({seen[entity]}, {object_}); read one of them as children or hint")
        seen[entity] = object_
