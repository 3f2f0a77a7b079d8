"""The settings of a deployment: `flyball.toml`, then the environment, read once at the door."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from flyball.core.errors import BadInput
from flyball.evaluation.drift.settings import DriftSettings
from flyball.evaluation.kpis.settings import KpiSettings
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.outcomes.settings import OutcomeSourceSettings
from flyball.evaluation.review.settings import ReviewSettings
from flyball.evaluation.traces.settings import TraceSettings
from flyball.governance.explanation.settings import ExplanationSettings
from flyball.loop.alerts.settings import AlertSettings, WatchSettings

__all__ = [
    "ENVIRONMENT_PREFIX",
    "AccessSettings",
    "Approvals",
    "BudgetSettings",
    "ChatSettings",
    "ConstitutionSettings",
    "DecisionSettings",
    "DeploymentSettings",
    "ExpertSettings",
    "FairnessSettings",
    "ModelFacts",
    "MoneySettings",
    "Objective",
    "Playbook",
    "PrivacySettings",
    "Promise",
    "RetentionSettings",
    "RouterSettings",
    "Settings",
    "SourceSettings",
    "State",
    "StreamSettings",
    "load_settings",
    "origins",
    "talks_only",
]

ENVIRONMENT_PREFIX = "FLYBALL__"


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of flyball.toml; an unknown key is an error, so that a typing slip is seen."""


class DeploymentSettings(_Section, frozen=True):
    """`[deployment]`: what this is, whose it is, where it acts."""

    name: str
    purpose: str
    owner: str
    jurisdictions: tuple[str, ...]
    case: str = "case"
    data_labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fields: str = "fields.toml"
    constitution: str = "constitution.toml"
    obligations: str = "obligations"
    people: str = "people.toml"
    licence: str = "unknown"


class State(_Section, frozen=True):
    """`[state]`: where memory lives. Relative paths start at the deployment folder."""

    folder: str = ".flyball"
    ledger: str = ""
    catalogue: str = ""


class StreamSettings(_Section, frozen=True):
    """`[[source.stream]]`: one table, entity set or record of a source that is wanted."""

    name: str
    key: tuple[str, ...] = ()
    cursor: str = ""
    contract: str = ""
    dataset: str = ""


class SourceSettings(_Section, frozen=True):
    """`[[source]]`: where cases come from, and the labels that people have given.

    `cases` makes each row of a source of tables a case. `name_column` names it, `label_columns` says in
    which column what turned out stands (field = column), `leave_out` lists columns that nobody is shown.
    Neither these nor columns with labels are part of the case.
    """

    name: str
    path: str = ""
    url: str = ""
    kind: str = ""
    labels: str = ""
    data_labels: tuple[str, ...] = ()
    schema_changes: Literal["refuse", "add"] = "refuse"
    largest_file_mb: int = 100
    unreadable_share_at_most: float = 0.5
    ocr: bool = False
    ocr_languages: str = "eng"
    refuse_active: bool = False
    cases: bool = False
    name_column: str = ""
    label_columns: dict[str, str] = {}
    neighbours: dict[str, str | int | float] = {}
    leave_out: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    stream: tuple[StreamSettings, ...] = ()


class ModelFacts(_Section, frozen=True):
    """`[expert.about]` and `[chat.about.MODEL]`: what is known about a model, for constraints.

    What is not known speaks against it. `place` is an ISO 3166 code, or "EU"; `purposes` are tags of the
    deployment, () for any; `out_of_service` says why it must not be asked now: it drifted, it broke an
    objective.
    """

    place: str = ""
    vendor: str = ""
    purposes: tuple[str, ...] = ()
    never_sees: tuple[str, ...] = ()
    learns_from_input: bool | None = None
    usual_ms: float | None = None
    out_of_service: str = ""


class ExpertSettings(_Section, frozen=True):
    """`[[expert]]`: who may answer. Rules come first, then experts by price, in this order."""

    name: str
    kind: str
    path: str = ""
    settings: dict[str, str | int | float | bool] = {}
    about: ModelFacts = ModelFacts()


class RouterSettings(_Section, frozen=True):
    """`[router]`: whom cases may be sent to, and within which time; never traded for price or quality.

    `vendors` () means any; `latency_ms` 0 means no objective. An expert on this machine is bound by neither.
    """

    vendors: tuple[str, ...] = ()
    latency_ms: float = 0.0


class Playbook(_Section, frozen=True):
    """`[playbook]`: the company's own rules over the answers."""

    tables: tuple[str, ...] = ()
    policies: str = ""


class Promise(_Section, frozen=True):
    """`[promise]`: the error that automation may make, kept by risk control.

    `wrong_share_at_most` is the share of automated answers that are wrong;
    `false_positives_per_1000_at_most` bounds wrong "present" answers over 1,000 cases, all fields
    together, None for no bound of its own. `confidence` is the chance that the promise holds;
    `false_positives_confidence` the one of the second promise, None for the same, 0 for the mean only.
    """

    wrong_share_at_most: float
    confidence: float = 0.95
    false_positives_per_1000_at_most: float | None = None
    false_positives_confidence: float | None = None


class Objective(_Section, frozen=True):
    """`[[objective]]`: what the evaluation must show before a release goes live.

    Bounds are for the end of the interval on the bad side. `tolerance` is how much worse than the
    live release it may be, at most, in the unit of the metric.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    smallest_n: int = 1
    tolerance: float = 0.0


class Approvals(_Section, frozen=True):
    """`[approvals]`: how many other people must sign before a release goes live. 0 means nobody.

    An approval counts for `valid_days`.
    """

    release: int = 1
    valid_days: int = 90


class BudgetSettings(_Section, frozen=True):
    """`[[privacy.budget]]`: what may ever be told about one dataset and one group of its subjects."""

    dataset: str
    group: str
    unit: str
    epsilon: float
    delta: float = 0.0
    rows_per_unit_at_most: int = 1
    unit_column: str = ""
    neighbouring: Literal["add_remove"] = "add_remove"


class PrivacySettings(_Section, frozen=True):
    """`[privacy]`: keys of pseudonyms, by name and by reference, and budgets of differential privacy."""

    keys: dict[str, Any] = {}
    current_key: str = ""
    budget: tuple[BudgetSettings, ...] = ()


class RetentionSettings(_Section, frozen=True):
    """`[[retention]]`: how long the snapshots of a dataset stay, or the texts that decisions speak of.

    One of `dataset` and `records` is given; of "texts", `keep_days` counts from the last decision on.
    A snapshot is due `keep_days` after it was made, unless it is one of the `keep_last` newest, at least 1,
    or has one of the `keep_tags`. `run_every_days` is how long what is due may wait for a run.
    """

    keep_days: int
    dataset: str = ""
    records: Literal["", "texts"] = ""
    keep_last: int = 1
    keep_tags: tuple[str, ...] = ("*",)
    run_every_days: int = 1


class AccessSettings(_Section, frozen=True):
    """`[access]`: how long emergency access may last, and what two people must sign.

    `two_people` names acts of "erase", "reveal" and "hold" that a second person must sign beside the first.
    """

    emergency_hours_at_most: float = 8.0
    two_people: tuple[Literal["erase", "reveal", "hold"], ...] = ()


class MoneySettings(_Section, frozen=True):
    """`[budget]`: what asking models may cost in a day, over every door, expert and process.

    Amounts are decimals as text. `eur_per_day` is for the whole deployment, "" for no limit; `tenants` are
    limits by tenant, "*" that of each tenant that is not named. Where one stands there, a tenant without a
    limit may spend nothing.
    """

    eur_per_day: str = ""
    tenants: dict[str, str] = {}


class DecisionSettings(_Section, frozen=True):
    """`[decisions]`: guardrails of the doors where cases are decided.

    `guards_in` look at a case before any expert does, `guards_out` at the texts among its answers.
    """

    guards_in: tuple[str, ...] = ("injection", "secrets")
    guards_out: tuple[str, ...] = ("secrets",)


class ChatSettings(_Section, frozen=True):
    """`[chat]`: the deployment as a model that programs talk to through the gateway.

    `models` names experts of the kind language_model, in the order of asking; `router` is "cascade", or
    the path of a learned router; `system` is a file whose text goes before every conversation.
    `budget_eur_per_day` is a decimal as text, "" for no limit; `keep_texts` puts the words of every
    conversation into the blobs, otherwise only sizes and digests are kept. `guards_in` and `guards_out` look
    at requests and replies; `vendors` may be sent anything, () for any; `latency_ms` is an objective, 0 for
    none. `constitution` is a file of principles that every answer is held against, "" for none.
    `tools_after_data` names the tools that a reply may call where the conversation holds words of tools or
    documents; None for all, () for none.
    """

    models: tuple[str, ...]
    router: str = "cascade"
    system: str = ""
    budget_eur_per_day: str = ""
    keep_texts: bool = False
    guards_in: tuple[str, ...] = ("injection", "personal_data", "secrets")
    guards_out: tuple[str, ...] = ("personal_data", "secrets", "schema")
    vendors: tuple[str, ...] = ()
    latency_ms: float = 0.0
    constitution: str = ""
    tools_after_data: tuple[str, ...] | None = None
    about: dict[str, ModelFacts] = {}


class ConstitutionSettings(_Section, frozen=True):
    """`[constitution]`: who judges by the principles that no program can check.

    `critic` holds the settings of a language model, as those of an expert of that kind; {} for none.
    `about` is what is known about it, for the constraints that hold for every model.
    """

    critic: dict[str, Any] = {}
    about: ModelFacts = ModelFacts()


class FairnessSettings(_Section, frozen=True):
    """`[fairness]`: how decisions about groups of people are compared.

    `groups` is a CSV file in the deployment: names of cases in its first column, a trait in each other. No
    expert and no rule sees it, and nothing of it is kept. `days` is how far back decisions are looked at.
    `flyball fairness` measures what the law asks for (`measure`: "law" or "all"), by traits and up to
    `together` of them combined, in groups of at least `smallest` cases. `wanted` says for a field which
    answer people want, "yes" unless it says "no"; `limits` what the gap of a metric should not pass.
    """

    groups: str = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=3660)] = 90
    measure: Literal["law", "all"] = "law"
    smallest: Annotated[int, msgspec.Meta(ge=5)] = 30
    together: Annotated[int, msgspec.Meta(ge=1, le=4)] = 2
    wanted: dict[str, Literal["yes", "no"]] = {}
    limits: dict[str, float] = {}


class EvidenceSettings(_Section, frozen=True):
    """`[evidence]`: how long evidence counts, how much of it is looked at, and who else has to have seen it.

    `valid_days` holds for records and for the signatures of people. `sample` is what is drawn at most from
    the changes, the acts on access and the alerts of a period. `witnesses` are the public keys of third
    parties, and `witnesses_needed` of them must have cosigned the ledger before a pack is made.
    """

    valid_days: Annotated[int, msgspec.Meta(ge=1, le=3660)] = 365
    sample: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 25
    witnesses: tuple[str, ...] = ()
    witnesses_needed: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class RedTeamSettings(_Section, frozen=True):
    """`[redteam]`: what attacks on a release may reach before it goes live.

    Bounds are for the upper end of the interval; None for no bound. `at_most` bounds single families.
    `budget` is how many attacks a run tries, `seed` draws them. `rows` is how many cases an evasion begins
    with at most.
    """

    success_at_most: float | None = None
    benign_refused_at_most: float | None = None
    at_most: dict[str, float] = {}
    budget: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 300
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    rows: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 40
    seconds_at_most: Annotated[float, msgspec.Meta(gt=0)] = 10.0


class Settings(_Section, frozen=True):
    """Everything that `flyball.toml` says."""

    deployment: DeploymentSettings
    source: tuple[SourceSettings, ...] = ()
    expert: tuple[ExpertSettings, ...] = ()
    promise: Promise = Promise(wrong_share_at_most=0.0)
    playbook: Playbook = Playbook()
    state: State = State()
    objective: tuple[Objective, ...] = ()
    approvals: Approvals = Approvals()
    access: AccessSettings = AccessSettings()
    router: RouterSettings = RouterSettings()
    budget: MoneySettings = MoneySettings()
    decisions: DecisionSettings = DecisionSettings()
    chat: ChatSettings | None = None
    constitution: ConstitutionSettings = ConstitutionSettings()
    guardrails: dict[str, dict[str, Any]] = {}
    privacy: PrivacySettings = PrivacySettings()
    retention: tuple[RetentionSettings, ...] = ()
    kpi: tuple[KpiSettings, ...] = ()
    outcome_source: tuple[OutcomeSourceSettings, ...] = ()
    review: ReviewSettings = ReviewSettings()
    traces: TraceSettings = TraceSettings()
    drift: DriftSettings = DriftSettings()
    fairness: FairnessSettings = FairnessSettings()
    redteam: RedTeamSettings = RedTeamSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    explanation: ExplanationSettings = ExplanationSettings()
    slo: tuple[SloSettings, ...] = ()
    alerts: AlertSettings = AlertSettings()
    watch: WatchSettings = WatchSettings()


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting: dotted name, value as text (secrets hidden), and where it came from."""

    name: str
    value: str
    origin: str


def talks_only(settings: Settings) -> bool:
    """Return whether a deployment has nothing to decide: a `[chat]`, and neither sources nor fields."""
    return settings.chat is not None and not settings.source


def load_settings(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `flyball.toml`, overlaid by `FLYBALL__SECTION__KEY` from the environment.

    Parameters
    ----------
    path : Path
        The file.
    environ : mapping, optional
        Defaults to the process environment. Lists of tables cannot be overlaid.

    Returns
    -------
    Settings

    Raises
    ------
    BadInput
        Missing file, not TOML, unknown key, wrong type; the message names the key.
    """
    data = _overlaid(_read_toml(path), os.environ if environ is None else environ)
    try:
        settings = msgspec.convert(data, Settings, strict=True)
    except msgspec.ValidationError as err:
        raise BadInput(
            f"{path.name}: {err}.",
            fix="See docs/deployment.md for every key and its type.",
            file=path,
        ) from err
    _refuse_nonsense(settings, path)
    return settings


def origins(path: Path, environ: Mapping[str, str] | None = None) -> list[Origin]:
    """Return every value in force with its origin: default, flyball.toml, or the environment."""
    environ = os.environ if environ is None else environ
    written = dict(_flat(_read_toml(path)))
    settings = load_settings(path, environ)
    found = []
    for name, value in _flat(msgspec.to_builtins(settings)):
        variable = ENVIRONMENT_PREFIX + name.upper().replace(".", "__")
        if variable in environ:
            origin = f"environment {variable}"
        elif name in written:
            origin = path.name
        else:
            origin = "default"
        found.append(Origin(name, _shown(name, value), origin))
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise BadInput(
            f"No flyball.toml in {path.parent}.",
            fix="Make a deployment with `flyball init contract-review`, or name one with --deployment.",
            file=path,
        ) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInput(f"{path.name} is not TOML: {err}.", fix="Mend the line it names.", file=path) from err


def _overlaid(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    for variable, text in sorted(environ.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        target = data
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise BadInput(
                    f"{variable} overlays {section}, which is a list of tables.",
                    fix="Edit flyball.toml instead.",
                    variable=variable,
                )
        target[key] = _value_of(text)
    return data


def _value_of(text: str) -> object:
    """Read a TOML value; anything else is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_nonsense(settings: Settings, path: Path) -> None:
    promise = settings.promise
    shares = [("wrong_share_at_most", promise.wrong_share_at_most), ("confidence", promise.confidence)]
    for name, value in shares if not talks_only(settings) else ():
        if not 0.0 < value < 1.0:
            raise BadInput(
                f"{path.name}: promise.{name} must lie between 0 and 1, got {value}.",
                fix="Write a share, such as 0.03 for 3 %.",
                name=name,
                value=value,
            )
    for kind, names in (
        ("source", [source.name for source in settings.source]),
        ("expert", [expert.name for expert in settings.expert]),
        ("slo", [slo.name for slo in settings.slo]),
    ):
        if not names and kind != "slo" and not (kind == "source" and talks_only(settings)):
            raise BadInput(f"{path.name}: no [[{kind}]].", fix=f"Declare at least one [[{kind}]].", kind=kind)
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise BadInput(
                f"{path.name}: two of [[{kind}]] are called {doubled[0]!r}.",
                fix="Give each a name of its own.",
                name=doubled[0],
            )
    _refuse_bad_budget(settings, path)
    _refuse_bad_chat(settings, path)
    budgets = [(one.dataset, one.group) for one in settings.privacy.budget]
    twice = sorted({one for one in budgets if budgets.count(one) > 1})
    if twice:
        raise BadInput(
            f"{path.name}: two budgets are for {twice[0][0]}/{twice[0][1]}.",
            fix="One budget for each dataset and group: two would let the same people be told about twice.",
            dataset=twice[0][0],
            group=twice[0][1],
        )
    if not 0.0 < settings.access.emergency_hours_at_most <= 72.0:
        raise BadInput(
            f"{path.name}: access.emergency_hours_at_most must be above 0 and at most 72, got "
            f"{settings.access.emergency_hours_at_most}.",
            fix="What is needed for longer is no emergency: make a key with a role.",
        )
    strange = [one for one in settings.retention if bool(one.dataset) == bool(one.records)]
    if strange:
        raise BadInput(
            f"{path.name}: [[retention]] is about a dataset or about records, got dataset "
            f"{strange[0].dataset!r} and records {strange[0].records!r}.",
            fix='Write one of dataset = "cases" and records = "texts".',
        )
    if not 1 <= settings.approvals.valid_days <= 3660:
        raise BadInput(
            f"{path.name}: approvals.valid_days must be 1 to 3660, got {settings.approvals.valid_days}.",
            fix="An approval that has expired is signed again, for the same digest.",
        )
    if settings.approvals.release < 0:
        raise BadInput(
            f"{path.name}: approvals.release must be 0 or more, got {settings.approvals.release}.",
            fix="0 means that nobody else has to sign.",
        )


def _refuse_bad_chat(settings: Settings, path: Path) -> None:
    if settings.chat is None:
        return
    known = [expert.name for expert in settings.expert if expert.kind == "language_model"]
    strange = [name for name in settings.chat.models if name not in known]
    if strange or not settings.chat.models:
        raise BadInput(
            f"{path.name}: chat.models names {strange[0]!r}, which is no [[expert]] of kind language_model."
            if strange
            else f"{path.name}: chat.models is empty.",
            fix=f"Known: {', '.join(known) or 'none'}.",
            models=settings.chat.models,
        )
    unknown = sorted(set(settings.chat.about) - set(settings.chat.models))
    if unknown:
        raise BadInput(
            f"{path.name}: chat.about describes {unknown[0]!r}, which chat.models does not name.",
            fix=f"Known: {', '.join(settings.chat.models)}.",
            model=unknown[0],
        )
    _refuse_no_euros(settings.chat.budget_eur_per_day or "0", "chat.budget_eur_per_day", path)


def _refuse_bad_budget(settings: Settings, path: Path) -> None:
    _refuse_no_euros(settings.budget.eur_per_day or "0", "budget.eur_per_day", path)
    for tenant, amount in settings.budget.tenants.items():
        _refuse_no_euros(amount, f"budget.tenants.{tenant}", path)


def _refuse_no_euros(amount: str, setting: str, path: Path) -> None:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", amount):
        raise BadInput(
            f"{path.name}: {setting} must be euros as text, got {amount!r}.",
            fix='Write, for instance, "25.00"; "0" allows only models that cost nothing.',
            value=amount,
        )


def _flat(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        for number, item in enumerate(value):
            yield from _flat(item, f"{prefix}.{number}")
    else:
        yield prefix, value


def _shown(name: str, value: object) -> str:
    """Hide what may be secret: a password in a URL, or a key that is called so."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if any(word in name.rsplit(".", 1)[-1] for word in ("secret", "password", "token", "api_key")):
        return "***"
    head, at, tail = text.rpartition("@")
    if at and "://" in head:
        scheme, _, login = head.partition("://")
        return f"{scheme}://{login.split(':')[0]}:***@{tail}"
    return text
