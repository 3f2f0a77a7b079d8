"""Settings of an external model: how it is reached, what it answers, what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from flyball.core.errors import BadInput
from flyball.core.hosts import is_this_machine
from flyball.core.records import Field
from flyball.core.secrets import Secret, secret
from flyball.models.experts.external.records import BadExternal, Via
from flyball.models.experts.spending import Limits

__all__ = ["ExternalSettings", "read_settings"]

_WAYS: tuple[Via, ...] = ("http", "mlflow", "onnx", "python")
_KINDS = ("flag", "label", "number", "text", "spans")


@dataclass(frozen=True, slots=True)
class ExternalSettings:
    """How a model is reached.

    Parameters
    ----------
    via : {"http", "mlflow", "onnx", "python"}
    fields : tuple of Field
        What it answers. A model behind MLflow or ONNX answers one.
    name : str
        Of the expert in the deployment.
    base_url : str
        For http and mlflow. Plain http only on this machine, unless `allow_plain_http`.
    api_key : Secret or None
        Sent as a bearer token.
    version : str
        Of the model, for the card; it says when a calibration has to be made again.
    gives : {"answer", "probability"}
        What a model behind MLflow or ONNX returns for each row; a probability is that of yes.
    columns : tuple of str
        Columns of the row, in the order of the model; "text" is the text. () for all, by name.
    entry_point : str
        For python: name in the group `flyball.models.external` of an installed package.
    timeout_seconds, max_retries, parallel, cases_per_request
        As for a language model.
    eur_per_case : Decimal
        0 means free.
    budget_eur_per_day : Decimal or None
    state : str
        Folder where what was spent is remembered; handed in by the deployment.
    limits : Limits
        What the whole deployment may spend; handed in by it.
    """

    via: Via
    fields: tuple[Field, ...]
    name: str = "external"
    base_url: str = ""
    api_key: Secret | None = field(default=None, compare=False)
    version: str = "1"
    gives: str = "answer"
    columns: tuple[str, ...] = ()
    entry_point: str = ""
    timeout_seconds: float = 30.0
    max_retries: int = 2
    parallel: int = 4
    cases_per_request: int = 32
    allow_plain_http: bool = False
    eur_per_case: Decimal = Decimal(0)
    budget_eur_per_day: Decimal | None = None
    state: str = field(default="", compare=False)
    limits: Limits = field(default_factory=Limits, compare=False)

    @property
    def remote(self) -> bool:
        """Whether cases leave this process."""
        return self.via in ("http", "mlflow")


def read_settings(given: Mapping[str, object]) -> ExternalSettings:
    """Read plain settings strictly.

    Parameters
    ----------
    given : mapping
        As in `[expert.settings]`, and `fields`: the deployment's. The setting `answers` names those that
        the model answers, separated by commas; all by default.

    Raises
    ------
    BadExternal
        An unknown or missing setting, or a value out of range. The message never holds a key.
    """
    known = {one.name for one in fields(ExternalSettings)} | {"answers"}
    strange = sorted(set(given) - known)
    if strange:
        raise BadExternal(
            f"The expert external has no setting {strange[0]!r}.",
            fix=f"Known: {', '.join(sorted(known - {'fields', 'state', 'name', 'limits'}))}.",
            setting=strange[0],
        )
    via = given.get("via")
    if via not in _WAYS:
        raise _wrong("via", via, f"Write one of: {', '.join(_WAYS)}.")
    settings = ExternalSettings(
        via=_WAYS[_WAYS.index(via)],
        fields=_fields(given),
        name=str(given.get("name", "external")),
        base_url=str(given.get("base_url", "")).rstrip("/"),
        api_key=_key(given.get("api_key")),
        version=str(given.get("version", "1")),
        gives=str(given.get("gives", "answer")),
        columns=_listed(given.get("columns", "")),
        entry_point=str(given.get("entry_point", "")),
        timeout_seconds=_number(given, "timeout_seconds", 30.0, 0.05, 3600),
        max_retries=int(_number(given, "max_retries", 2, 0, 20)),
        parallel=int(_number(given, "parallel", 4, 1, 64)),
        cases_per_request=int(_number(given, "cases_per_request", 32, 1, 10_000)),
        allow_plain_http=given.get("allow_plain_http") is True,
        eur_per_case=_money(given, "eur_per_case") or Decimal(0),
        budget_eur_per_day=_money(given, "budget_eur_per_day"),
        state=str(given.get("state", "")),
        limits=limits if isinstance(limits := given.get("limits"), Limits) else Limits(),
    )
    _refuse_misfits(settings)
    if (settings.budget_eur_per_day is not None or settings.limits) and settings.remote:
        _refuse_no_price(settings.name, given)
    return settings


def _refuse_no_price(name: str, given: Mapping[str, object]) -> None:
    """Refuse a budget over a model of which nobody says what it costs: it could never be spent."""
    if "eur_per_case" not in given:
        raise BadExternal(
            f"The expert {name} is bound by a budget and has no price.",
            fix='Write eur_per_case, such as "0.002"; "0" where it is free.',
            setting="eur_per_case",
        )


def _refuse_misfits(settings: ExternalSettings) -> None:
    if settings.gives not in ("answer", "probability"):
        raise _wrong("gives", settings.gives, "Write one of: answer, probability.")
    if settings.via in ("mlflow", "onnx"):
        if len(settings.fields) != 1:
            raise BadExternal(
                f"A model over {settings.via} answers one field, and {len(settings.fields)} are named.",
                fix='Name it: answers = "FIELD".',
            )
        if settings.gives == "probability" and settings.fields[0].kind not in ("flag", "spans"):
            raise BadExternal(
                f"A probability answers a flag, and {settings.fields[0].key} is a {settings.fields[0].kind}.",
                fix='Write gives = "answer", or name a flag.',
            )
    if settings.via == "python" and not settings.entry_point:
        raise _wrong("entry_point", "", "Name the entry point of an installed package.")
    if settings.remote:
        _refuse_unprotected(settings)


def _refuse_unprotected(settings: ExternalSettings) -> None:
    parts = urlsplit(settings.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise BadExternal(
            "The setting base_url of the expert external is not a plain http or https address.",
            fix="Write it without login and parameters, such as https://models.example.com/risk.",
        )
    if parts.scheme == "http" and not settings.allow_plain_http and not is_this_machine(parts.hostname):
        raise BadExternal(
            f"Cases would travel unprotected to {parts.hostname}.",
            fix="Use https, or write allow_plain_http = true if the network itself is protected.",
            host=parts.hostname,
        )


def _fields(given: Mapping[str, object]) -> tuple[Field, ...]:
    every = given.get("fields", ())
    known = {one.key: one for one in every if isinstance(one, Field)} if isinstance(every, tuple) else {}
    wanted = _listed(given.get("answers", "")) or tuple(known)
    unknown = [key for key in wanted if key not in known]
    if unknown or not wanted:
        raise BadExternal(
            f"The expert external is to answer {unknown[0]!r}, which is no field."
            if unknown
            else "The expert external has no field to answer.",
            fix=f"Known: {', '.join(known) or 'none'}.",
        )
    found = tuple(known[key] for key in wanted if known[key].kind in _KINDS)
    if not found:
        raise BadExternal("The expert external has no field to answer.", fix=f"Kinds: {', '.join(_KINDS)}.")
    return found


def _listed(value: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value or "").split(",") if part.strip())


def _number(given: Mapping[str, object], name: str, default: float, least: float, most: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _wrong(name, value, f"Write a number from {least:g} to {most:g}.")
    return value


def _money(given: Mapping[str, object], name: str) -> Decimal | None:
    if name not in given:
        return None
    value = given[name]
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise _wrong(name, value, 'Write an amount in EUR as text, such as "0.002".')
    return amount


def _key(reference: object) -> Secret | None:
    if reference in (None, "none"):
        return None
    kind, _, where = str(reference).partition(":")
    try:
        return secret({kind: where})
    except BadInput:  # what stands there may be the key itself: it is not repeated
        raise BadExternal(
            "The setting api_key of the expert external is not a reference to a key.",
            fix='Write api_key = "env:NAME" or "file:PATH"; leave it out where none is needed.',
        ) from None


def _wrong(name: str, value: object, fix: str) -> BadExternal:
    return BadExternal(f"The setting {name} of the expert external is {value!r}.", fix=fix, setting=name)
