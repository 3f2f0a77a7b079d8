"""SAP and other services that speak OData V2 or V4."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flyball.core.hosts import THIS_MACHINE
from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource, NothingThere, UnknownStream
from flyball.data.sources.odata.access import ApiKey, Basic, Bearer, ClientCredentials, SignIn
from flyball.data.sources.odata.connection import Connection, Limits
from flyball.data.sources.odata.metadata import EdmType, EntitySet, Property, Service, read_metadata
from flyball.data.sources.odata.plan import Plan, schema_of
from flyball.data.sources.odata.reading import read
from flyball.data.sources.source import Batch, Stream

__all__ = ["DELTA_LINK", "NO_TRAINING", "ODataSource", "sap_odata"]

DELTA_LINK = "delta link"
"""The cursor of a stream whose service tells what has changed, and what is gone."""

NO_TRAINING = "no-training"
"""Value of the setting `use`, and of `flyball.use` in the schema's metadata: no row may train anything."""

_NUMBERS = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"})
_BY_KEY = _NUMBERS | {"Edm.String", "Edm.Decimal", "Edm.Guid", "Edm.Date"}

_TEXTS = (
    "url", "user", "token_url", "client_id", "scope", "api_key_header", "sap_client", "sap_language",
    "ca_file", "delta", "paging", "use",
)  # fmt: skip
_SECRETS = ("password", "token", "client_secret", "api_key")
_NUMBERS_SET = {
    "batch_rows": int,
    "attempts": int,
    "response_bytes": int,
    "timeout_seconds": float,
    "response_seconds": float,
    "wait_seconds": float,
    "longest_wait_seconds": float,
}
_SWITCHES = ("allow_plain_http", "nulls_anywhere")
_TABLES = ("streams", "select", "filter", "expand")
_KNOWN = sorted({*_TEXTS, *_SECRETS, *_NUMBERS_SET, *_SWITCHES, *_TABLES, "decimals"})


@dataclass(frozen=True, slots=True)
class ODataSource:
    """The entity sets of one OData service.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    url : str
        Address of the service, ending in "/".
    sign_in : SignIn, optional
    parameters : mapping of str to str
        sap-client and sap-language.
    limits : Limits
    ca_file : str
        Certificates to trust; "" for those of the operating system.
    streams_wanted : mapping of str to mapping
        By entity set: {"key": [...], "cursor": "..."}; empty for all.
    select, expand : mapping of str to sequence of str
        By entity set.
    filters : mapping of str to str
        By entity set, in the language of OData.
    delta : {"auto", "never"}
        auto: by delta link where the service declares it.
    paging : {"auto", "key", "skip", "server"}
        auto: behind the last key where it is one whole number, else by number of rows.
    batch_rows : int
    decimals : tuple of int
        For decimals without a stated limit: digits in all, digits behind the point.
    nulls_anywhere : bool
        Believe no promise of the service that a value is never missing, but for the key.
    use : str
        "" or "no-training".
    """

    name: str
    url: str
    sign_in: SignIn | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    ca_file: str = ""
    streams_wanted: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    select: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expand: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    delta: str = "auto"
    paging: str = "auto"
    batch_rows: int = 5_000
    decimals: tuple[int, int] = (38, 18)
    nulls_anywhere: bool = False
    use: str = ""

    def check(self) -> Mapping[str, str]:
        """Read the metadata and return facts about the service.

        Raises
        ------
        CannotConnect, BadCredentials, NothingThere, BadRecord, MissingExtra
        """
        with self._connect() as connection:
            service = self._service(connection)
        followed = sum(1 for one in self._plans(service).values() if one.delta or one.cursor)
        return {
            "server": urlsplit(self.url).netloc,
            "version": "OData V2" if service.v2 else "OData V4",
            "user": self.sign_in.user if self.sign_in is not None else "nobody",
            "entity sets": str(len(service.sets)),
            "followed by changes": str(followed),
        }

    def streams(self) -> tuple[Stream, ...]:
        """Return the entity sets, as $metadata describes them now."""
        with self._connect() as connection:
            plans = self._plans(self._service(connection))
        return tuple(self._stream(plan) for plan in plans.values())

    def batches(self, stream: str, state: str = "") -> Iterator[Batch]:
        """Yield the entities of a set from a state on; see `odata.reading.read`."""
        with self._connect() as connection:
            plans = self._plans(self._service(connection))
            if stream not in plans:
                raise self._unknown(stream, plans)
            schema = self._stream(plans[stream]).schema
            for batch in read(connection, plans[stream], state):
                rows = batch.rows.replace_schema_metadata(schema.metadata)
                yield Batch(rows, batch.state, batch.removed)

    def _connect(self) -> Connection:
        return Connection(
            self.name,
            self.url,
            self.sign_in,
            parameters=self.parameters,
            limits=self.limits,
            ca_file=self.ca_file,
        )

    def _service(self, connection: Connection) -> Service:
        reply = connection.get("$metadata", accept="application/xml")
        address = f"{self.url}$metadata"
        if reply.status >= 400:
            raise NothingThere(
                f"Source {self.name}: there is nothing at {address} ({reply.status}).",
                fix="Give the address of the service, as transaction /IWFND/MAINT_SERVICE names it.",
                source=self.name,
            )
        return read_metadata(reply.body, url=address)

    def _unknown(self, name: str, known: Mapping[str, object]) -> UnknownStream:
        return UnknownStream(
            f"Source {self.name} has no entity set {name!r}.",
            fix=f"Known: {', '.join(sorted(known)) or 'none'}.",
            source=self.name,
        )

    def _stream(self, plan: Plan) -> Stream:
        label = {"flyball.use": self.use} if self.use else None
        cursor = DELTA_LINK if plan.delta else plan.cursor
        return Stream(plan.entity_set.name, schema_of(plan).with_metadata(label), plan.entity_set.key, cursor)

    def _plans(self, service: Service) -> dict[str, Plan]:
        for table in (self.streams_wanted, self.select, self.expand, self.filters):
            for name in table:
                if name not in service.sets:
                    raise self._unknown(name, service.sets)
        wanted = self.streams_wanted or service.sets
        return {name: self._plan(service, service.sets[name]) for name in sorted(wanted)}

    def _plan(self, service: Service, entity_set: EntitySet) -> Plan:
        name = entity_set.name
        wanted = self.streams_wanted.get(name, {})
        cursor, key = str(wanted.get("cursor") or ""), wanted.get("key")
        if key and set(_texts(key)) != set(entity_set.key):
            raise self._bad(
                f"the key of {name} is {', '.join(entity_set.key)}, as $metadata says, not {key!r}"
            )
        delta = cursor == DELTA_LINK or (not cursor and entity_set.tracked and self.delta == "auto")
        cursor = "" if delta else cursor
        columns = self._columns(service, entity_set, cursor)
        return Plan(
            self.name,
            entity_set,
            columns,
            tuple(one.name for one in columns if self._own(entity_set, one)) if name in self.select else (),
            tuple(self.expand.get(name, ())),
            self.filters.get(name, ""),
            cursor,
            delta,
            self._paging(entity_set),
            self.batch_rows,
            self.decimals,
            service.v2,
        )

    def _own(self, entity_set: EntitySet, one: Property) -> bool:
        return one.name in {other.name for other in entity_set.properties}

    def _columns(self, service: Service, entity_set: EntitySet, cursor: str) -> tuple[Property, ...]:
        known = {one.name: one for one in entity_set.properties}
        chosen = self.select.get(entity_set.name)
        names = set(known) if chosen is None else {*chosen, *entity_set.key, *([cursor] if cursor else [])}
        unknown = sorted({*names, *([cursor] if cursor else [])} - set(known))
        if unknown:
            raise self._bad(
                f"{entity_set.name} has no property {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            )
        columns = [self._lenient(one, entity_set.key) for one in entity_set.properties if one.name in names]
        ways = {one.name: one for one in entity_set.navigations}
        for way in self.expand.get(entity_set.name, ()):
            target = service.types.get(ways[way].target) if way in ways else None
            if target is None:
                raise self._bad(
                    f"{entity_set.name} cannot be expanded by {way!r}; "
                    f"known: {', '.join(sorted(ways)) or 'none'}"
                )
            fields = tuple(self._lenient(one, ()) for one in target.properties)
            columns.append(
                Property(way, EdmType(ways[way].target, "complex", many=ways[way].many, fields=fields))
            )
        return tuple(columns)

    def _lenient(self, one: Property, key: Sequence[str]) -> Property:
        if not self.nulls_anywhere or one.name in key:
            return one
        return Property(one.name, one.type, True)

    def _paging(self, entity_set: EntitySet) -> str:
        types = [one.type.name for one in entity_set.properties if one.name in entity_set.key]
        if self.paging == "key" and (not types or not set(types) <= _BY_KEY):
            raise self._bad(
                f"{entity_set.name} cannot be paged by its key, of {', '.join(types) or 'no columns'}"
            )
        if self.paging != "auto":
            return self.paging
        if not entity_set.pageable or not types:
            return "server"
        return "key" if len(types) == 1 and types[0] in _NUMBERS else "skip"

    def _bad(self, what: str) -> BadSource:
        return BadSource(
            f"Source {self.name}: {what}.", fix="Correct it in the source's settings.", source=self.name
        )


def sap_odata(name: str, settings: Mapping[str, object]) -> ODataSource:
    """Open an OData source from its settings; docs/recipes/sap.md tells each.

    Raises
    ------
    BadSource
        An unknown setting, one of the wrong type, no or two ways to sign in, or credentials over plain
        HTTP to another machine.
    """
    unknown = sorted(set(settings) - set(_KNOWN))
    if unknown:
        raise _bad(name, f"unknown settings {', '.join(unknown)}", f"Known: {', '.join(_KNOWN)}.")
    for key in settings:
        _check_type(name, key, settings[key])
    for stream, wanted in _streams(settings).items():
        if set(wanted) - {"key", "cursor"}:
            more = ", ".join(sorted(set(wanted) - {"key", "cursor"}))
            raise _bad(name, f"streams.{stream} has unknown settings {more}", "Known: cursor, key.")
    texts = {key: str(settings.get(key, "")) for key in _TEXTS}
    _check_choice(name, "delta", texts["delta"] or "auto", ("auto", "never"))
    _check_choice(name, "paging", texts["paging"] or "auto", ("auto", "key", "skip", "server"))
    _check_choice(name, "use", texts["use"], ("", NO_TRAINING))
    sign_in = _sign_in(name, settings)
    url = _address(name, "url", texts["url"], plain=bool(settings.get("allow_plain_http")) or sign_in is None)
    numbers = {key: kind(str(settings[key])) for key, kind in _NUMBERS_SET.items() if key in settings}
    rows = int(numbers.pop("batch_rows", 5_000))
    named = {"sap-client": texts["sap_client"], "sap-language": texts["sap_language"]}
    return ODataSource(
        name,
        url.rstrip("/") + "/",
        sign_in,
        {key: value for key, value in named.items() if value},
        Limits(**numbers),
        texts["ca_file"],
        _streams(settings),
        {key: _texts(value) for key, value in _table(settings, "select").items()},
        {key: _texts(value) for key, value in _table(settings, "expand").items()},
        {key: str(value) for key, value in _table(settings, "filter").items()},
        texts["delta"] or "auto",
        texts["paging"] or "auto",
        rows,
        _digits(settings.get("decimals", (38, 18))),
        bool(settings.get("nulls_anywhere", False)),
        texts["use"],
    )


def _sign_in(name: str, settings: Mapping[str, object]) -> SignIn | None:
    found: list[SignIn] = []
    secrets = {key: value for key in _SECRETS if isinstance(value := settings.get(key), Secret)}
    user, client = str(settings.get("user", "")), str(settings.get("client_id", ""))
    if user or "password" in secrets:
        if not user or ":" in user or "password" not in secrets:
            raise _bad(name, "user and password go together, and a user has no colon", "Give both.")
        found.append(Basic(user, secrets["password"]))
    if "token" in secrets:
        found.append(Bearer(secrets["token"]))
    if "api_key" in secrets:
        found.append(ApiKey(str(settings.get("api_key_header", "APIKey")), secrets["api_key"]))
    if client or "client_secret" in secrets or "token_url" in settings:
        if not client or "client_secret" not in secrets or "token_url" not in settings:
            raise _bad(name, "client_id, client_secret and token_url go together", "Give all three.")
        plain = bool(settings.get("allow_plain_http"))
        url = _address(name, "token_url", str(settings["token_url"]), plain=plain)
        found.append(ClientCredentials(url, client, secrets["client_secret"], str(settings.get("scope", ""))))
    if len(found) > 1:
        raise _bad(name, "there are several ways to sign in", "Keep one of password, token, client, api_key.")
    return found[0] if found else None


def _address(name: str, key: str, url: str, *, plain: bool) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or not url.isprintable()
    ):
        raise _bad(
            name, f"{key} is no address", f'For instance: {key} = "https://host/sap/opu/odata/sap/SERVICE/".'
        )
    if parts.query or parts.fragment:
        raise _bad(name, f"{key} holds a query", "Leave out what follows the question mark.")
    if parts.scheme == "http" and not plain and parts.hostname not in THIS_MACHINE:
        raise _bad(
            name,
            f"{key} would send credentials over plain HTTP to {parts.hostname}",
            "Use https, or set allow_plain_http = true where the network between is trusted.",
        )
    return url


def _check_type(name: str, key: str, value: object) -> None:
    if key in _SECRETS:
        good = isinstance(value, Secret)
    elif key in _NUMBERS_SET:
        kinds = (int,) if _NUMBERS_SET[key] is int else (int, float)
        good = isinstance(value, kinds) and not isinstance(value, bool) and value > 0
    elif key in _SWITCHES:
        good = isinstance(value, bool)
    elif key in _TABLES:
        inner = {"streams": Mapping, "filter": str}.get(key, (list, tuple))
        good = isinstance(value, Mapping) and all(isinstance(one, inner) for one in value.values())
    elif key == "decimals":
        good = isinstance(value, list | tuple) and len(value) == 2 and all(type(one) is int for one in value)
        if good:
            digits, scale = _digits(value)
            good = 0 <= scale <= digits <= 76 and digits > 0
    else:
        good = isinstance(value, str) and value.isprintable()
    if not good:
        kind = 'a reference to a secret, such as { env = "NAME" }' if key in _SECRETS else "of the right type"
        raise _bad(name, f"{key} must be {kind}", "docs/recipes/sap.md tells each setting.")


def _check_choice(name: str, key: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise _bad(name, f"{key} is {value!r}", f"Known: {', '.join(repr(one) for one in known)}.")


def _streams(settings: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    return {key: value for key, value in _table(settings, "streams").items() if isinstance(value, Mapping)}


def _table(settings: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = settings.get(key)
    return found if isinstance(found, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else (str(value),)


def _digits(value: object) -> tuple[int, int]:
    digits, scale = value if isinstance(value, list | tuple) else (38, 18)
    return int(digits), int(scale)


def _bad(name: str, what: str, fix: str) -> BadSource:
    return BadSource(f"Source {name}: {what}.", fix=fix, source=name)
