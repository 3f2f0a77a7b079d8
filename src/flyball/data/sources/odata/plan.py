"""Plan: what is read of an entity set, and the state that a load leaves."""

import logging
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.data.sources.odata.arrow import arrow_field
from flyball.data.sources.odata.metadata import EntitySet, Property

__all__ = ["Plan", "State", "schema_of", "state_of"]

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read of an entity set, and how.

    Parameters
    ----------
    source : str
        Its name, for messages.
    entity_set : EntitySet
    columns : tuple of Property
        Those that become columns, expanded navigations included.
    select, expand : tuple of str
        As given by the user; () for no such query option.
    where : str
        A filter in the language of OData; "" for all rows.
    cursor : str
        Name of the property that grows whenever a row changes; "" for none.
    delta : bool
        Changes are followed by delta links.
    paging : {"key", "skip", "server"}
        How the next rows are asked for: behind the last key, by number, or as the service likes.
    rows : int
        Of one request and at most of one batch.
    decimals : tuple of int
        For decimals without a stated limit: digits in all, digits behind the point.
    v2 : bool
    """

    source: str
    entity_set: EntitySet
    columns: tuple[Property, ...]
    select: tuple[str, ...]
    expand: tuple[str, ...]
    where: str
    cursor: str
    delta: bool
    paging: str
    rows: int
    decimals: tuple[int, int]
    v2: bool

    @property
    def fingerprint(self) -> str:
        """What a state belongs to: another filter or cursor makes it worthless."""
        shape = [self.entity_set.name, list(self.select), list(self.expand), self.where]
        return digest_of([*shape, self.cursor, self.delta])[7:23]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a load is: links of the service, values of the cursor and of the key, and nothing else.

    Parameters
    ----------
    of : str
        Fingerprint of its plan.
    step : str
        rows: a whole load by windows; links: one along links; changes: by cursor; delta: along a delta
        link and its pages; done: there is nothing to go on from.
    link : str
        Where to read on.
    skip : int
        Rows behind `link`, or behind `mark`, that were handed out.
    last : list of str, optional
        Key of the last of them.
    mark : str, optional
        A value of the cursor: rows below it were read. "" where the service had none.
    etag : str
        Of an answer that held everything.
    """

    of: str
    step: str = "rows"
    link: str = ""
    skip: int = 0
    last: list[str] | None = None
    mark: str | None = None
    etag: str = ""

    def text(self) -> str:
        """Return it as text, for `Batch.state`."""
        return msgspec.json.encode(self).decode()


def state_of(text: str, plan: Plan) -> State:
    """Read a state; "", one that cannot be read, or one of another plan is that of a beginning."""
    fresh = State(plan.fingerprint)
    if not text:
        return fresh
    try:
        found = msgspec.json.decode(text.encode(), type=State)
    except msgspec.DecodeError:
        LOG.warning("Source %s: the state of %s cannot be read.", plan.source, plan.entity_set.name)
        return fresh
    if found.of != plan.fingerprint:
        LOG.warning("Source %s: %s is asked for otherwise than before.", plan.source, plan.entity_set.name)
        return fresh
    return State(found.of, etag=found.etag) if found.step == "done" else found


def schema_of(plan: Plan) -> pa.Schema:
    """Return the schema of every batch."""
    return pa.schema([arrow_field(one, decimals=plan.decimals) for one in plan.columns])
