"""The detector: texts in, findings out, all or nothing."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flyball.core.errors import FlyballError
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong
from flyball.data.privacy.detection.matching import Matcher, compile_matcher
from flyball.data.privacy.detection.recogniser import Recogniser, all_recognisers
from flyball.data.privacy.detection.records import Found
from flyball.data.privacy.detection.tagger.code import is_code
from flyball.data.privacy.detection.tagger.decode import KINDS as TAGGED_KINDS
from flyball.data.privacy.detection.tagger.tagger import Model, load_model, tag

__all__ = ["LONGEST_TEXT", "Detector", "default_detector", "known_kinds"]

LONGEST_TEXT = 1 << 28
"""Characters that one text may have; a longer one goes through `scan_stream`."""

_PIECE = 1 << 17  # characters searched in one go
_MARGIN = 2048  # characters around a piece that are read with it, longer than any finding with its context
_TAGGER_MINIMUM = 0.6  # what is missed costs more than what is covered too much: below the best F1 on purpose
_ONE_WORD_MINIMUM = 0.8  # of an organisation: one word alone is as often a product, a ship or a film
_STRONG = 0.5  # from here on a shape or a check is trusted more than the tagger

# A street address is a place to everybody who reads the findings.
_KIND_OF = {"ADDRESS": "LOCATION"}

# A number on a line of its own that ends an address block; nine digits with a hyphen are a ZIP code.
_NUMBER_BELOW = re.compile(rb"\n[ \t]*(?!\d{5}-\d{4}\Z)(\+?\(?\d(?:[ ().-]{0,2}\d){6,14})\Z")
_REST_OF_NUMBER = re.compile(rb"(?:-?\d+)*")
_WORDS = re.compile(
    rb"(?=[^\0]*[A-Za-z\x80-\xff])[\w\x80-\xff][^\0]*[\w.\x80-\xff]"
)  # no blanks at its edges
_LETTERS = np.array([bytes([one]).isalpha() or one >= 0x80 for one in range(256)])
_SOURCES = {"pattern": "pattern", "tagger": "tagger", "guess": "tagger"}

_Span = tuple[int, int, str, float, str]


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds personal data in texts.

    Parameters
    ----------
    matcher : Matcher
        Patterns with their checks.
    model : Model or None
        The tagger; None where no kind that it knows is asked for.
    kinds : frozenset of str
    minimum_score : float
        In [0, 1]; findings below are not told.
    """

    matcher: Matcher
    model: Model | None
    kinds: frozenset[str]
    minimum_score: float

    def scan(self, texts: Sequence[str]) -> list[tuple[Found, ...]]:
        """Return the findings of each text, in order and without overlap.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        list of tuple of Found, as long as texts
            () where nothing was found; that does not make a text anonymous.

        Raises
        ------
        BadText
            A text is not a string, or holds half of a surrogate pair.
        TextTooLong
            A text has more than `LONGEST_TEXT` characters.
        DetectionFailed
            Anything else went wrong. In all cases there is no result for any text.
        """
        try:
            return self._scan(texts)
        except FlyballError:
            raise
        except Exception as err:  # noqa: BLE001 - whatever goes wrong, no result may get through
            raise DetectionFailed(
                f"The detector failed ({type(err).__name__}) on a batch of {len(texts)} texts; nothing is "
                "known about any of them.",
                fix="Keep the batch back. This is a fault of the detector.",
            ) from None  # the text of the cause may quote a value

    def _scan(self, texts: Sequence[str]) -> list[tuple[Found, ...]]:
        results: list[tuple[Found, ...]] = []
        group: list[str] = []
        size = 0
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise BadText(
                    f"Text {number} of the batch is of the type {type(text).__name__}.", fix="Give strings."
                )
            if len(text) > LONGEST_TEXT:
                raise TextTooLong(
                    f"Text {number} of the batch has {len(text)} characters; the limit is {LONGEST_TEXT}.",
                    fix="Read it in parts: scan_stream.",
                )
            if size + len(text) > _PIECE and group:
                results += self._scan_group(group, len(results))
                group, size = [], 0
            if len(text) > _PIECE:
                results.append(tuple(self.scan_stream([text])))
                continue
            group.append(text)
            size += len(text) + 1
        return results + self._scan_group(group, len(results))

    def scan_stream(self, chunks: Iterable[str]) -> Iterator[Found]:
        """Yield the findings of one long text that comes in chunks; offsets count from its beginning.

        Memory is that of one chunk and about 130,000 characters, however long the text.

        Raises
        ------
        BadText, DetectionFailed
            As `scan`; what was told before holds only if the end is reached.
        """
        held, offset, fresh, told = "", 0, 0, 0  # fresh: where in `held` the unread part begins
        for chunk, is_last in _with_last(chunks):
            held += chunk
            while len(held) - fresh > _PIECE + _MARGIN or (is_last and fresh < len(held)):
                stop = min(fresh + _PIECE, len(held))
                stop = len(held) if is_last and len(held) - stop <= _MARGIN else stop
                read = held[: stop + _MARGIN]
                for one in self._guarded([read])[0]:
                    if fresh <= one.start < stop and one.start + offset >= told:
                        told = one.end + offset
                        yield Found(one.start + offset, told, one.kind, one.score, one.recogniser)
                drop = max(0, stop - _MARGIN)
                held, offset, fresh = held[drop:], offset + drop, stop - drop

    def _guarded(self, group: list[str]) -> list[tuple[Found, ...]]:
        try:
            return self._scan_group(group, 0)
        except FlyballError:
            raise
        except Exception as err:  # noqa: BLE001 - as in scan
            raise DetectionFailed(
                f"The detector failed ({type(err).__name__}) within a text; it is not known what it holds.",
                fix="Keep the text back. This is a fault of the detector.",
            ) from None

    def _scan_group(self, group: list[str], first: int) -> list[tuple[Found, ...]]:
        """Search texts that are read together, parted by a zero byte."""
        if not group:
            return []
        joined = "\0".join(one.replace("\0", " ") if "\0" in one else one for one in group)
        try:
            data = joined.encode()
        except UnicodeEncodeError as err:
            number = first + joined[: err.start].count("\0")
            raise BadText(
                f"Text {number} of the batch holds U+{ord(joined[err.start]):04X}, half of a surrogate pair.",
                fix="Decode it again from its bytes; it is not Unicode.",
            ) from None
        spans = _resolved(self._spans(data), self.minimum_score, data)
        return _shared_out(spans, data, group, joined)

    def _spans(self, data: bytes) -> list[_Span]:
        array = np.frombuffer(data, np.uint8)
        spans: list[_Span] = [
            (raw.start, raw.end, raw.recogniser.kind, raw.score, "pattern")
            for raw in self.matcher.matches(data, array, self.minimum_score)
        ]
        if self.model is None:
            return spans
        for start, end, kind, score, source in _tagged(data, array, self.model):
            told = _KIND_OF.get(kind, kind)
            whole = _REST_OF_NUMBER.match(data, end) if told == "LOCATION" else None
            if whole and (below := _NUMBER_BELOW.search(data, start, whole.end())):
                if "PHONE_NUMBER" in self.kinds:
                    spans.append((*below.span(1), "PHONE_NUMBER", score, source))
                end = below.start()
            if told in self.kinds:
                spans.append((start, end, kind, score, source))
        return spans


def _tagged(data: bytes, array: npt.NDArray[np.uint8], model: Model) -> Iterator[_Span]:
    """Yield what the tagger finds, without the names of programs."""
    tagged = tag(array, model)
    start, end = tagged.start, tagged.end
    blanks = np.concatenate(([0], np.cumsum((array == 32) | (array == 10), dtype=np.int32)))
    letters = np.concatenate(([0], np.cumsum(_LETTERS[array], dtype=np.int32)))
    one_word = blanks[end] == blanks[start]
    # A bare number that may be a house's is told only where no pattern knows it.
    lettered = letters[end] > letters[start]
    columns = (start, end, tagged.kind, tagged.score, one_word, lettered)
    doubtful = one_word & (tagged.kind == TAGGED_KINDS.index("ORGANIZATION"))
    sure = tagged.score >= np.where(doubtful, _ONE_WORD_MINIMUM, _TAGGER_MINIMUM)
    for first, stop, number, score, alone, named in zip(
        *(one[sure].tolist() for one in columns), strict=True
    ):
        kind = TAGGED_KINDS[number]
        if not (alone and is_code(data, first, stop, kind, model.lexicon)):
            yield first, stop, kind, score, "tagger" if named else "guess"


def _with_last(chunks: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield the chunks in parts of at most a piece, each with whether it is the last."""
    before = None
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            if before is not None:
                yield before, False
            before = chunk[at : at + _PIECE]
    if before is not None:
        yield before, True


def _rank(span: _Span) -> tuple[int, float, int, int]:
    """Order spans by trust: strong patterns, then the tagger, then shapes; a longer one first."""
    start, end, kind, score, source = span
    if source == "tagger":
        return (0 if kind == "ADDRESS" else 1, -0.65, start - end, start)
    if source == "guess":
        return (3, 0.0, start - end, start)
    return (0 if score >= _STRONG else 2, -score, start - end, start)


def _resolved(spans: list[_Span], minimum: float, data: bytes) -> list[_Span]:
    """Return the spans that stay where several overlap, in the order of the text."""
    spans = sorted((one for one in spans if one[3] >= minimum and one[3] > 0), key=lambda one: one[:2])
    kept: list[_Span] = []
    cluster: list[_Span] = []
    reach = -1
    for span in spans:
        if span[0] >= reach and cluster:
            kept += _settled(cluster, data)
            cluster = []
        cluster.append(span)
        reach = max(reach, span[1])
    return kept + _settled(cluster, data)


def _settled(cluster: list[_Span], data: bytes) -> list[_Span]:
    if len(cluster) < 2:
        return cluster
    kept: list[_Span] = []
    for span in sorted(cluster, key=_rank):
        above = [other for other in kept if span[0] < other[1] and other[0] < span[1]]
        kept += _left_of(span, above, data) if above else [span]
    return sorted(kept)


def _left_of(span: _Span, above: list[_Span], data: bytes) -> Iterator[_Span]:
    """Yield what is left of an address of which others took a number: the rest of it is still one."""
    start, end, kind, score, source = span
    if source != "tagger" or _KIND_OF.get(kind, kind) != "LOCATION":
        return
    edges = [start, *(edge for other in sorted(above) for edge in other[:2]), end]
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if first < last and (words := _WORDS.search(data, first, last)):
            yield (*words.span(), kind, score, source)


def _shared_out(spans: list[_Span], data: bytes, group: list[str], joined: str) -> list[tuple[Found, ...]]:
    """Turn byte offsets of the joined texts into offsets of each."""
    starts = np.array([one[0] for one in spans], np.int64)
    ends = np.array([one[1] for one in spans], np.int64)
    if len(joined) != len(data):
        array = np.frombuffer(data, np.uint8)
        behind = np.flatnonzero((array & 0xC0) == 0x80)
        starts = starts - np.searchsorted(behind, starts)
        ends = ends - np.searchsorted(behind, ends)
    lengths = np.array([len(one) + 1 for one in group], np.int64)
    first = np.concatenate(([0], np.cumsum(lengths)))
    owner = np.searchsorted(first, starts, side="right") - 1
    if len(spans) and bool((ends > first[owner + 1] - 1).any()):
        raise DetectionFailed("A finding lies across two texts.", fix="This is a fault of the detector.")
    bounds = np.searchsorted(owner, np.arange(len(group) + 1))
    told = [
        Found(start, end, _KIND_OF.get(span[2], span[2]), round(span[3], 3), _SOURCES[span[4]])
        for start, end, span in zip(
            (starts - first[owner]).tolist(), (ends - first[owner]).tolist(), spans, strict=True
        )
    ]
    return [tuple(told[a:b]) for a, b in pairwise(bounds.tolist())]


def known_kinds() -> tuple[str, ...]:
    """Return all kinds that can be asked for, sorted."""
    tagged = {_KIND_OF.get(kind, kind) for kind in TAGGED_KINDS}
    return tuple(sorted(tagged | {one.kind for one in all_recognisers()}))


@lru_cache(maxsize=8)
def _compiled(kinds: frozenset[str]) -> Matcher:
    return compile_matcher([one for one in all_recognisers() if one.kind in kinds])


def default_detector(
    kinds: Iterable[str] | None = None,
    *,
    minimum_score: float = 0.4,
    recognisers: Callable[[], Sequence[Recogniser]] | None = None,
) -> Detector:
    """Return a detector of the kinds asked for.

    Parameters
    ----------
    kinds : iterable of str, optional
        None: all of `known_kinds`.
    minimum_score : float
        0.4 leaves out shapes such as nine digits that no word near by explains; 0 tells them too.
    recognisers : callable () -> sequence of Recogniser, optional
        Instead of those on the shelf.

    Raises
    ------
    BadText
        A kind is not known.
    DetectionFailed
        The tagger's weights cannot be read.
    """
    known = known_kinds()
    wanted = frozenset(known if kinds is None else kinds)
    if recognisers is not None:
        return Detector(compile_matcher(recognisers()), None, wanted, minimum_score)
    if unknown := sorted(wanted - set(known)):
        raise BadText(f"There is no kind {unknown[0]!r}.", fix=f"Known: {', '.join(known)}.", kind=unknown[0])
    tagged = wanted & {_KIND_OF.get(kind, kind) for kind in TAGGED_KINDS}
    return Detector(_compiled(wanted), load_model() if tagged else None, wanted, minimum_score)
