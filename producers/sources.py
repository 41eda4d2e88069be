"""All sources and readers that a set of reads asks for: the one place where the parts of this room are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from accord.clock import Clock
from accord.errors import Fatal
from accord.netsuite.restlet import Restlet
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.rest import Salesforce
from producers.difference import Difference
from producers.feed import Feed
from producers.netsuite_deleted import DeletedRecords, IdSets
from producers.netsuite_poll import NetSuiteFeed
from producers.poll import Poll, Rhythm
from producers.salesforce_poll import SalesforceFeed
from producers.salesforce_snapshot import SalesforceSnapshot
from producers.source import Source

SALESFORCE = Rhythm(poll_s=60.0, lag_s=10.0, overlap_s=600.0, sweep_s=300.0)
NETSUITE = Rhythm()


@dataclass(frozen=True, slots=True)
class Rhythms:
    """How often each thing is read, in seconds."""

    salesforce: Rhythm = SALESFORCE
    netsuite: Rhythm = NETSUITE
    prices_s: float = 60.0
    ids_s: float = 3600.0


def salesforce_sources(org: Salesforce, reads: Iterable[SalesforceRead], clock: Clock, rhythms: Rhythms | None = None) -> list[Source]:
    """Pollers, and first snapshots of what comes as events (the event source itself is producers.salesforce_cdc)."""
    rhythm, given = (rhythms or Rhythms()).salesforce, tuple(reads)
    whole = [r for r in given if not r.hint]
    alone([(r.entity, r.object) for r in whole], "Salesforce")
    hints = [r for r in given if r.hint and r.mode == "poll"]
    return [
        *(Poll(SalesforceFeed(org, r), clock, replace(rhythm, poll_s=r.every_s or rhythm.poll_s)) if r.mode == "poll" else SalesforceSnapshot(org, r, clock, rhythm) for r in whole),
        *(Poll(SalesforceFeed(org, r), clock, rhythm, name=f"salesforce.{r.entity}.{r.object}", marks=False) for r in hints),
    ]


def netsuite_sources(restlet: Restlet, reads: Sequence[NetSuiteRead], clock: Clock, rhythms: Rhythms | None = None) -> list[Source]:
    """Pollers, prices by difference, deleted records, and comparisons of id sets."""
    given = rhythms or Rhythms()
    alone([(r.entity, r.type) for r in reads], "NetSuite")
    census: dict[str, int] = {}
    out: list[Source] = [_netsuite(restlet, r, clock, given) for r in reads]
    out.append(DeletedRecords(restlet, reads, clock, given.netsuite, census))
    out += [IdSets(restlet, r, clock, given.ids_s, census) for r in reads if r.mode == "poll"]
    return out


def _netsuite(restlet: Restlet, read: NetSuiteRead, clock: Clock, rhythms: Rhythms) -> Source:
    feed = NetSuiteFeed(restlet, read)
    return Poll(feed, clock, rhythms.netsuite) if read.mode == "poll" else Difference(feed, clock, read.every_s or rhythms.prices_s)


def salesforce_feeds(org: Salesforce, reads: Iterable[SalesforceRead]) -> Mapping[tuple[str, str], Feed]:
    """What the reader of `read.salesforce` reads with, as `Reader` wants it."""
    given = sorted(reads, key=lambda r: r.hint is not None)  # the document itself answers for its entity
    return _by_address([(r.entity, r.object, SalesforceFeed(org, r)) for r in given])


def netsuite_feeds(restlet: Restlet, reads: Iterable[NetSuiteRead]) -> Mapping[tuple[str, str], Feed]:
    """What the reader of `read.netsuite` reads with, as `Reader` wants it."""
    return _by_address([(r.entity, r.type, NetSuiteFeed(restlet, r)) for r in reads])


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
            raise Fatal(
                f"the mapping reads {entity} from two {system} objects ({seen[entity]}, {object_}); read one of them as children or hint"
            )
        seen[entity] = object_
