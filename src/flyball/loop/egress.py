"""Which hosts a deployment may reach, and why. Nothing leaves the house unasked."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from flyball.core.errors import BadInput
from flyball.core.hosts import THIS_MACHINE
from flyball.loop.alerts.sending import channel_of
from flyball.loop.settings import Settings, SourceSettings

__all__ = ["Egress", "egress_of"]

_HOSTS_ASKED = ("host", "hostaddr")
"""Parameters of a database URL that drivers follow rather than the host before them."""
_ELSEWHERE = ("service", "servicefile", "server", "dsn", "addr", "address", "odbc_connect", "unix_socket")
"""Parameters behind which a host may stand that cannot be listed."""
_IDENTITY = {
    "s3": "http://169.254.169.254",
    "gs": "http://metadata.google.internal",
    "abfs": "http://169.254.169.254",
    "abfss": "http://169.254.169.254",
}
"""What tells a machine who it is."""


@dataclass(frozen=True, slots=True)
class Egress:
    """One host that may be reached.

    Parameters
    ----------
    host : str
        With the port where one is written.
    local : bool
        True on this machine.
    setting : str
        The setting that says so.
    why : str
        What for, and what would be sent.
    gets_data : bool
        False where only questions are sent: a database that is read.
    """

    host: str
    local: bool
    setting: str
    why: str
    gets_data: bool = True


def egress_of(settings: Settings) -> list[Egress]:
    """Return every host that the settings let the deployment reach; an empty list means none.

    Raises
    ------
    BadInput
        An expert that talks to a network names no host: what cannot be listed is not allowed.
    """
    found = []
    for source in settings.source:
        why = f"the source {source.name} is read from there; queries are sent, no data"
        for address in _addresses(source):
            found += _hosts(address, f"source {source.name}", why, gets_data=False)
    for expert in settings.expert:
        url = expert.settings.get("base_url")
        if isinstance(url, str):
            why = f"the expert {expert.name} sends it the text of cases"
            found += _hosts(url, f"expert {expert.name} base_url", why)
        elif expert.kind == "language_model" or expert.settings.get("via") in ("http", "mlflow"):
            raise BadInput(
                f"The expert {expert.name} names no base_url, so its host cannot be listed.",
                fix="Write base_url into its settings, also for the vendor's own endpoint.",
                expert=expert.name,
            )
    if settings.constitution.critic:
        url = settings.constitution.critic.get("base_url")
        if not isinstance(url, str):
            raise BadInput(
                "The critic of [constitution] names no base_url, so its host cannot be listed.",
                fix="Write base_url into its settings, also for the vendor's own endpoint.",
            )
        why = "the critic judges answers there: it is sent them, and the passages that they quote"
        found += _hosts(url, "constitution.critic base_url", why)
    if settings.traces.otlp is not None:
        texts = settings.traces.keep_texts
        what = "what models were asked and answered, personal data covered" if texts else "no words of cases"
        why = f"it gets the spans of kept traces: names of fields, experts and rules, times; {what}"
        found += _hosts(settings.traces.otlp.url, "traces.otlp.url", why)
    for channel in settings.alerts.channel:
        why = f"the channel {channel.name} tells of alerts there: names and numbers, no words of cases"
        for one in channel_of(settings.alerts, channel.name).addresses():
            found += _hosts(f"//{one.host}", one.setting, why)
    if (beat := settings.watch.heartbeat) is not None:
        why = "the outside monitor is asked there after each look of the watcher; nothing is sent"
        found += _hosts(f"//{beat.host}", "watch.heartbeat host", why)
    for name, url in (("state.ledger", settings.state.ledger), ("state.catalogue", settings.state.catalogue)):
        if url and not url.startswith("sqlite"):
            found += _hosts(url, name, "it keeps records of the deployment there")
    return found


def _addresses(source: SourceSettings) -> list[str]:
    """Return the URLs that reading a source may reach: of a store, those behind its short address."""
    settings = source.settings
    scheme, _, rest = source.url.partition("://")
    other = [str(settings["token_url"])] if "token_url" in settings else []
    other += [_IDENTITY[scheme]] if settings.get("machine_identity") and scheme in _IDENTITY else []
    if settings.get("endpoint"):
        return [str(settings["endpoint"]), *other]
    if scheme == "s3":
        return [f"https://s3.{settings.get('region', 'us-east-1')}.amazonaws.com", *other]
    if scheme == "gs":
        return ["https://storage.googleapis.com", *other]
    if scheme in ("abfs", "abfss"):
        account = settings.get("account") or rest.partition("/")[0].rpartition("@")[2].partition(".")[0]
        return [*(f"https://{account}.{kind}.core.windows.net" for kind in ("blob", "dfs")), *other]
    if source.kind in ("snowflake", "databricks"):  # by account or host, where there is no URL
        host = settings.get("host") or str(settings.get("connect", "")).partition("://")[2].partition(";")[0]
        host = host or (f"{settings['account']}.snowflakecomputing.com" if settings.get("account") else "")
        other += [f"https://{host}"] if host else []
    return [source.url, *other] if source.url and not source.url.startswith("sqlite") else other


def _hosts(url: str, setting: str, why: str, *, gets_data: bool = True) -> list[Egress]:
    """Return every host that a URL leads to: several may stand in it, or in its parameters.

    Raises
    ------
    BadInput
        None is there, or one that cannot be listed. The URL is not repeated.
    """
    try:
        parts = urlsplit(url)
        asked = {name.lower(): values for name, values in parse_qs(parts.query).items()}
    except ValueError:
        parts, asked = urlsplit(""), {}
    written = [one for name in _HOSTS_ASKED for value in asked.get(name, ()) for one in value.split(",")]
    written = written or [one for one in parts.netloc.rpartition("@")[2].split(",") if one]
    hidden = [name for name in _ELSEWHERE if name in asked]
    if hidden or not written or not all(written):
        raise BadInput(
            f"{setting} hides its host in {hidden[0]!r}."
            if hidden
            else f"{setting} is not a URL with a host: {_shown(url)!r}.",
            fix="Write it as scheme://host/path: what cannot be listed is not allowed.",
            setting=setting,
        )
    found = []
    for host in written:
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        socket = host.startswith("/")  # of this machine
        local = socket or name in THIS_MACHINE or host in THIS_MACHINE
        found.append(Egress(host if local else host.lower(), local, setting, why, gets_data))
    return found


def _shown(url: str) -> str:
    return url.rpartition("@")[2].partition("?")[0]
