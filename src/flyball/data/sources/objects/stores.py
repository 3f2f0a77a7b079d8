"""Object stores: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage; all through Arrow."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs as arrow_fs

from flyball.core.hosts import THIS_MACHINE
from flyball.core.text import sayable
from flyball.data.sources.errors import (
    BadCredentials,
    BadSource,
    CannotConnect,
    NothingThere,
    SourceError,
    SourceGone,
)
from flyball.data.sources.objects.place import Found
from flyball.data.sources.objects.settings import Settings

__all__ = ["STORE_SETTINGS", "StorePlace", "open_store"]

STORE_SETTINGS = frozenset(
    {
        "access_key",
        "access_token",
        "account",
        "account_key",
        "anonymous",
        "endpoint",
        "machine_identity",
        "region",
        "sas_token",
        "secret_key",
        "session_token",
    }
)
_PATTERN = frozenset("*?[")
_SMALL_BYTES = 8 << 20
_CONNECT_SECONDS, _ANSWER_SECONDS, _ATTEMPTS = 10, 60, 3
_DENIED = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN_ID|UNRECOGNIZED_CLIENT"
    r"|INVALID_SIGNATURE|MISSING_AUTHENTICATION_TOKEN|REQUEST_EXPIRED|AccessDenied|HTTP status 40[13]"
    r"|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken"
    r"|PERMISSION_DENIED|UNAUTHENTICATED|Permission denied|Unauthenticated"
    r"|AuthenticationFailed|AuthorizationFailure"
)
_MISSING = re.compile(
    r"NO_SUCH_BUCKET|NoSuchBucket|RESOURCE_NOT_FOUND|NO_SUCH_KEY|HTTP status 404|NOT_FOUND|ContainerNotFound"
    r"|No such file or directory"
)


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Objects below a prefix of a bucket, or those that match a pattern.

    Objects whose names, or one of whose folders, begin with "." or "_" are left out.

    Parameters
    ----------
    source : str
        Name of the source, for messages.
    url : str
        As declared; it holds no secret.
    connect : callable
        Makes the file system; called when it is first needed.
    path : str
        "bucket/prefix" with or without a pattern.
    """

    source: str
    url: str
    connect: Callable[[], arrow_fs.FileSystem]
    path: str
    _open: list[arrow_fs.FileSystem] = field(default_factory=list, repr=False)
    _small: dict[tuple[str, str], pa.Buffer] = field(default_factory=dict, repr=False)

    def found(self) -> tuple[Found, ...]:
        """Return the objects, sorted by name."""
        top, wanted = _split(self.path)
        try:
            infos = self._files().get_file_info(arrow_fs.FileSelector(top, recursive=True))
        except FileNotFoundError:
            infos = self._single(top) if not wanted else []
        except OSError as err:
            self._refuse(err, CannotConnect, f"{self.url} cannot be listed")
        found = []
        for info in infos:
            name = info.path[len(top) :].lstrip("/") if info.path != top else info.base_name
            hidden = any(part[:1] in "._" for part in name.split("/"))
            if info.type == arrow_fs.FileType.File and not hidden and (not wanted or wanted.fullmatch(name)):
                found.append(Found(sayable(name), info.path, info.size or 0, info.mtime_ns or 0))
        if not found and wanted:
            raise NothingThere(
                f"Nothing matches {self.url}.", fix="Check the pattern.", source=self.source, url=self.url
            )
        return tuple(sorted(found, key=lambda one: one.name))

    def open(self, one: Found) -> pa.NativeFile:
        """Open an object; one that has another size than when it was listed is refused.

        A small one is fetched whole, and the last of them is kept: a reader looks at a file several times.
        """
        key = (one.where, one.version)
        if key in self._small:
            return pa.BufferReader(self._small[key])
        try:
            opened = self._files().open_input_file(one.where)
            same = opened.size() == one.size
            content = opened.read_buffer() if same and one.size <= _SMALL_BYTES else None
        except OSError as err:
            self._refuse(err, SourceGone, f"{one.name} cannot be read")
        if not same:
            raise SourceGone(
                f"{one.name} was written again after it was listed.",
                fix="Run the same again.",
                source=self.source,
                file=one.name,
            )
        if content is None:
            return opened
        self._small.clear()
        self._small[key] = content
        return pa.BufferReader(content)

    def facts(self) -> Mapping[str, str]:
        """Return what it reads from."""
        return {"place": urlsplit(self.url).scheme, "url": self.url}

    def _files(self) -> arrow_fs.FileSystem:
        if not self._open:
            try:
                self._open.append(self.connect())
            except (OSError, pa.ArrowException) as err:
                self._refuse(err, CannotConnect, f"{self.url} cannot be reached")
        return self._open[0]

    def _single(self, path: str) -> list[arrow_fs.FileInfo]:
        """Return an object of exactly this name."""
        info = self._files().get_file_info(path)
        if info.type != arrow_fs.FileType.File:
            raise NothingThere(
                f"There is nothing at {self.url}.", fix="Check the bucket and the prefix.", url=self.url
            )
        return [info]

    def _refuse(self, err: Exception, otherwise: type[SourceError], what: str) -> NoReturn:
        """Raise what an error of Arrow means; its text stays out, for it may hold parts of a request."""
        text = str(err)
        if _DENIED.search(text):
            raise BadCredentials(
                f"{self.url}: the store refuses the key of source {self.source}.",
                fix="Check the key, its secret, and what it may list and read.",
                source=self.source,
                url=self.url,
            ) from None
        if _MISSING.search(text):
            raise NothingThere(
                f"{self.url}: there is no such bucket or object.",
                fix="Check the URL.",
                source=self.source,
                url=self.url,
            ) from None
        raise otherwise(
            f"{what} ({type(err).__name__}).",
            fix="Check endpoint and network; then run the same again.",
            source=self.source,
            url=self.url,
        ) from None


def open_store(settings: Settings, url: str) -> StorePlace:
    """Return the place of a URL: s3://, gs://, abfs:// or abfss://.

    Raises
    ------
    BadSource
        Another URL, or it is not said how to sign in.
    """
    scheme, _, path = url.partition("://")
    makers = {"s3": _s3, "gs": _gcs, "abfs": _azure, "abfss": _azure}
    if scheme not in makers or not path.strip("/") or "\\" in path:
        raise settings.bad("url", "s3://bucket/prefix, gs://bucket/prefix or abfs://container@account/prefix")
    if any(part in ("..", ".") for part in path.split("/")):
        raise settings.bad("url", "free of . and ..")
    connect = makers[scheme](settings, scheme, path)
    if scheme.startswith("abfs"):
        container, _, rest = path.partition("/")
        path = f"{container.partition('@')[0]}/{rest}"
    return StorePlace(settings.source, url, connect, path.rstrip("/"))


def _s3(settings: Settings, _scheme: str, _path: str) -> Callable[[], arrow_fs.FileSystem]:
    key, secret, token = (
        settings.text("access_key"),
        settings.secret("secret_key"),
        settings.secret("session_token"),
    )
    anonymous = _how_to_sign_in(settings, bool(key and secret), "access_key and secret_key")
    endpoint = urlsplit(settings.text("endpoint"))
    region = settings.text("region")

    def connect() -> arrow_fs.FileSystem:
        options: dict[str, Any] = {
            "anonymous": anonymous,
            "connect_timeout": _CONNECT_SECONDS,
            "request_timeout": _ANSWER_SECONDS,
            "retry_strategy": arrow_fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        }
        if key and secret:
            options |= {"access_key": key, "secret_key": secret.reveal()}
            options |= {"session_token": token.reveal()} if token else {}
        if endpoint.netloc:
            options |= {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
        if region or endpoint.netloc:  # without either, Arrow asks AWS for the region of the bucket
            options["region"] = region or "us-east-1"
        return arrow_fs.S3FileSystem(**options)

    return connect


def _gcs(settings: Settings, _scheme: str, _path: str) -> Callable[[], arrow_fs.FileSystem]:
    token = settings.secret("access_token")
    anonymous = _how_to_sign_in(settings, token is not None, "access_token")
    endpoint = _safe_endpoint(settings)

    def connect() -> arrow_fs.FileSystem:
        options: dict[str, Any] = {"retry_time_limit": datetime.timedelta(seconds=_ANSWER_SECONDS)}
        if anonymous:
            options["anonymous"] = True
        if token:
            hour = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
            options |= {"access_token": token.reveal(), "credential_token_expiration": hour}
        if endpoint:
            parts = urlsplit(endpoint)
            options |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
        return arrow_fs.GcsFileSystem(**options)

    return connect


def _azure(settings: Settings, _scheme: str, path: str) -> Callable[[], arrow_fs.FileSystem]:
    host = path.partition("/")[0].partition("@")[2]
    account = settings.text("account") or host.partition(".")[0]
    if not account:
        raise settings.bad("account", "the name of the storage account (or abfs://container@account/prefix)")
    key, sas = settings.secret("account_key"), settings.secret("sas_token")
    anonymous = _how_to_sign_in(settings, bool(key or sas), "account_key or sas_token")
    endpoint = _safe_endpoint(settings)

    def connect() -> arrow_fs.FileSystem:
        options: dict[str, Any] = {"account_name": account}
        if key:
            options["account_key"] = key.reveal()
        elif sas:
            options["sas_token"] = sas.reveal()
        elif anonymous:
            options["anonymous"] = True
        if endpoint:
            parts = urlsplit(endpoint)
            options |= {
                "blob_storage_authority": parts.netloc,
                "dfs_storage_authority": parts.netloc,
                "blob_storage_scheme": parts.scheme,
                "dfs_storage_scheme": parts.scheme,
            }
        return arrow_fs.AzureFileSystem(**options)

    return connect


def _how_to_sign_in(settings: Settings, has_key: bool, keys: str) -> bool:
    """Return whether to ask without a name. Nothing is guessed: a machine's identity is a host to ask."""
    anonymous, machine = settings.flag("anonymous"), settings.flag("machine_identity")
    if [has_key, anonymous, machine].count(True) != 1:
        raise BadSource(
            f"Source {settings.source}: it is not said, or said twice, how to sign in to the store.",
            fix=f"Set {keys}; or anonymous = true for public data; or machine_identity = true to use what "
            "the machine or its environment is given.",
            source=settings.source,
        )
    return anonymous


def _safe_endpoint(settings: Settings) -> str:
    """Return the endpoint; a token is sent as it is, so only through TLS or to this machine."""
    endpoint = settings.text("endpoint")
    parts = urlsplit(endpoint)
    if endpoint and parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise settings.bad("endpoint", "an https:// URL")
    return endpoint


def _split(path: str) -> tuple[str, re.Pattern[str] | None]:
    """Return the folder to list and the pattern of the names in it, None for all."""
    parts = path.split("/")
    first = next((number for number, part in enumerate(parts) if _PATTERN & set(part)), None)
    if first is None:
        return path, None
    return "/".join(parts[:first]), re.compile(_expression(PurePosixPath(*parts[first:]).parts))


def _expression(parts: tuple[str, ...]) -> str:
    """Return a regular expression for `*`, `?`, `[...]`, and `**` for any number of folders."""
    out = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            out.append(".*" if last else "(?:[^/]+/)*")
            continue
        for piece in re.findall(r"\*|\?|\[!?[^\]]+\]|.", part):
            if piece == "*":
                out.append("[^/]*")
            elif piece == "?":
                out.append("[^/]")
            elif len(piece) > 2:
                inner = re.escape(piece[1:-1].removeprefix("!")).replace(r"\-", "-")
                out.append(f"[{'^' if piece[1] == '!' else ''}{inner}]")
            else:
                out.append(re.escape(piece))
        out.append("" if last else "/")
    return "".join(out)
