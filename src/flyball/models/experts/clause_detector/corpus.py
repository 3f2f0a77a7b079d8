"""Labelled cases as the matrices that training needs; nothing here runs when the detector answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.data.labels.columns import require_learnable
from flyball.models.experts.clause_detector.marks import MARKS, cue_counts
from flyball.models.experts.clause_detector.ngrams import (
    TRIGRAMS_FROM,
    Features,
    Vocabulary,
    encode,
    folded,
    folded_digest,
    keys_of,
    words_of,
)
from flyball.models.experts.clause_detector.segment import segment

__all__ = ["LEAST_CASES", "OVERLAP", "Corpus", "folds_of", "overlap_of", "read"]

LEAST_CASES = 4
"""A feature must stand in this many cases."""
OVERLAP = 0.5
"""A segment shows a clause when they share this much of the shorter of the two."""


@dataclass(frozen=True)
class Corpus:
    """Cases, segments, features and labels.

    Parameters
    ----------
    case_ids : list of str
    fields : tuple of str
    lengths : ndarray of int64, shape (n_cases,)
        Characters.
    segments : list of ndarray of int32, shape (n_segments, 2)
    spans : list of dict of field index to list of (start, end)
    vocabulary : Vocabulary
    features : scipy csr matrix of 1.0, shape (all segments, n_features)
    marks : scipy csr matrix of 1.0, shape (all segments, MARKS)
    case_of : ndarray of int64, shape (all segments,)
    shown : ndarray of int8, shape (all segments, n_fields)
        Whether the segment shows the clause.
    present : ndarray of int8, shape (n_cases, n_fields)
    text_digests, folded_digests : tuple of str
        Of each text as it is, and by `folded_digest`.
    """

    case_ids: list[str]
    fields: tuple[str, ...]
    lengths: npt.NDArray[np.int64]
    segments: list[npt.NDArray[np.int32]]
    spans: list[dict[int, list[tuple[int, int]]]]
    vocabulary: Vocabulary
    features: Any
    marks: Any
    case_of: npt.NDArray[np.int64]
    shown: npt.NDArray[np.int8]
    present: npt.NDArray[np.int8]
    text_digests: tuple[str, ...]
    folded_digests: tuple[str, ...]

    @cached_property
    def counts_by_feature(self) -> Any:
        """Segments of each case that have each feature: scipy csr matrix, shape (n_cases, n_features)."""
        sparse = optional_import("scipy.sparse", extra="train")
        total = len(self.case_of)
        gather = sparse.csr_matrix(
            (np.ones(total, dtype=np.float32), (self.case_of, np.arange(total))),
            shape=(len(self.case_ids), total),
        )
        return (gather @ self.features).tocsr()

    @cached_property
    def cases_by_feature(self) -> Any:
        """1.0 where a case has a feature: scipy csr matrix, shape (n_cases, n_features)."""
        flags = self.counts_by_feature.copy()
        flags.data[:] = 1.0
        return flags

    @cached_property
    def cues(self) -> npt.NDArray[np.float32]:
        """`marks.cue_counts` of each case, shape (n_cases, n_cues)."""
        starts = np.searchsorted(self.case_of, np.arange(len(self.case_ids) + 1))
        return np.stack(
            [cue_counts(self.marks[start:end].indices) for start, end in pairwise(starts.tolist())]
        )

    def encoded(self, start: int, end: int) -> Features:
        """Return the features of the segments from `start` to `end`."""
        part = self.features[start:end]
        rows = np.repeat(np.arange(end - start), np.diff(part.indptr))
        marked = self.marks[start:end]
        mark_rows = np.repeat(np.arange(end - start), np.diff(marked.indptr))
        columns, marks = part.indices.astype(np.int64), marked.indices.astype(np.int64)
        return Features(rows, columns, mark_rows, marks, end - start, len(rows), 1.0)


def read(cases: pa.Table, labels: pa.Table) -> Corpus:
    """Segment, count and encode labelled cases.

    Parameters
    ----------
    cases : Table with the columns case_id and text
    labels : Table with the columns case_id, field, answer ("true" or "false") and spans
        One row for every case and field.

    Returns
    -------
    Corpus

    Raises
    ------
    BadInput
        A case lacks the label of a field, or an answer is not a flag.
    NotForTraining
        A column is labelled so.
    """
    sparse = optional_import("scipy.sparse", extra="train")
    require_learnable(cases, labels)
    case_ids: list[str] = cases.column("case_id").to_pylist()
    texts: list[str] = cases.column("text").to_pylist()
    fields, present, spans = _labels(case_ids, labels)
    segments = [segment(text) for text in texts]
    vocabulary = _vocabulary(texts, segments)
    encoded = [encode(text, cut, vocabulary) for text, cut in zip(texts, segments, strict=True)]
    counts = np.array([len(cut) for cut in segments], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rows = np.concatenate([one.rows + offset for one, offset in zip(encoded, offsets, strict=True)])
    columns = np.concatenate([one.columns for one in encoded])
    shape = (int(counts.sum()), len(vocabulary.keys))
    matrix = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    mark_rows = np.concatenate([one.mark_rows + offset for one, offset in zip(encoded, offsets, strict=True)])
    marks = np.concatenate([one.marks for one in encoded])
    marked = sparse.csr_matrix(
        (np.ones(len(marks), dtype=np.float32), (mark_rows, marks)), shape=(shape[0], MARKS)
    )
    shown = np.zeros((shape[0], len(fields)), dtype=np.int8)
    for offset, cut, found in zip(offsets, segments, spans, strict=True):
        for index, gold in found.items():
            for start, end in gold:
                shown[offset : offset + len(cut), index] |= overlap_of(cut, start, end) >= OVERLAP
    return Corpus(
        case_ids,
        fields,
        np.array([len(text) for text in texts], dtype=np.int64),
        segments,
        spans,
        vocabulary,
        matrix,
        marked,
        np.repeat(np.arange(len(texts)), counts),
        shown,
        present,
        tuple(digest_of_bytes(text.encode("utf-8", "surrogatepass")) for text in texts),
        tuple(folded_digest(text) for text in texts),
    )


def overlap_of(segments: npt.NDArray[np.int32], start: int, end: int) -> npt.NDArray[np.float64]:
    """Return what each segment and a span share, as a part of the shorter of the two; 0 where apart."""
    shared = np.minimum(segments[:, 1], end) - np.maximum(segments[:, 0], start)
    shorter = np.minimum(segments[:, 1] - segments[:, 0], max(1, end - start))
    parts: npt.NDArray[np.float64] = np.maximum(shared, 0) / shorter
    return parts


def folds_of(
    corpus: Corpus, *, folds: int, seed: int, groups: Sequence[str] | None = None
) -> npt.NDArray[np.int64]:
    """Deal cases to folds so that near-duplicates and members of one group stay together.

    Parameters
    ----------
    corpus : Corpus
    folds : int
    seed : int
    groups : sequence of str, one per case, or None
        For instance the company; cases of one group never part.

    Returns
    -------
    ndarray of int64, shape (n_cases,)
        Fold of each case, from 0.

    Raises
    ------
    BadInput
        There are fewer groups than folds.
    """
    n = len(corpus.case_ids)
    group = list(range(n))

    def root(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    names = list(groups) if groups is not None else [str(index) for index in range(n)]
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        group[root(index)] = root(first.setdefault(name, index))
    for left, right in _near_duplicates(corpus):
        group[root(left)] = root(right)
    members: dict[int, list[int]] = {}
    for index in range(n):
        members.setdefault(root(index), []).append(index)
    blocks = [members[key] for key in np.random.default_rng(seed).permutation(sorted(members)).tolist()]
    if len(blocks) < folds:
        raise BadInput(
            f"{n} cases form {len(blocks)} groups that must stay together, too few for {folds} folds.",
            fix="Bring cases of more companies, or ask for fewer folds.",
            cases=n,
            groups=len(blocks),
        )
    blocks.sort(key=len, reverse=True)
    fold = np.zeros(n, dtype=np.int64)
    sizes = np.zeros(folds, dtype=np.int64)
    for block in blocks:
        smallest = int(sizes.argmin())
        fold[block] = smallest
        sizes[smallest] += len(block)
    return fold


def _near_duplicates(corpus: Corpus, least: float = 0.6) -> list[tuple[int, int]]:
    """Return pairs of cases that share most of their word 3-grams (Jaccard index at least `least`)."""
    keys = corpus.vocabulary.keys
    used = corpus.cases_by_feature[:, np.flatnonzero(keys >= TRIGRAMS_FROM)]
    both = (used @ used.T).toarray()
    size = both.diagonal()
    jaccard = both / np.maximum(size[:, None] + size[None, :] - both, 1.0)
    left, right = np.nonzero(np.triu(jaccard >= least, 1))
    return list(zip(left.tolist(), right.tolist(), strict=True))


def _vocabulary(texts: Sequence[str], segments: Sequence[npt.NDArray[np.int32]]) -> Vocabulary:
    """Return words and n-grams that stand in at least LEAST_CASES cases."""
    seen: Counter[str] = Counter()
    lows = [folded(text) for text in texts]
    for low, cut in zip(lows, segments, strict=True):
        seen.update(set(words_of(low, cut)[0]))
    kept = sorted(word for word, cases in seen.items() if cases >= LEAST_CASES)
    words = {word: number for number, word in enumerate(kept, start=1)}
    keys = [np.unique(keys_of(low, cut, words)[1]) for low, cut in zip(lows, segments, strict=True)]
    unique, cases = np.unique(np.concatenate(keys), return_counts=True)
    return Vocabulary(words, unique[cases >= LEAST_CASES])


def _labels(
    case_ids: list[str], labels: pa.Table
) -> tuple[tuple[str, ...], npt.NDArray[np.int8], list[dict[int, list[tuple[int, int]]]]]:
    columns = [labels.column(name).to_pylist() for name in ("case_id", "field", "answer", "spans")]
    fields = tuple(sorted(set(columns[1])))
    number = {key: index for index, key in enumerate(fields)}
    place = {case_id: index for index, case_id in enumerate(case_ids)}
    present = np.full((len(case_ids), len(fields)), -1, dtype=np.int8)
    spans: list[dict[int, list[tuple[int, int]]]] = [{} for _ in case_ids]
    for case_id, key, answer, found in zip(*columns, strict=True):
        if case_id not in place:
            continue
        if answer not in ("true", "false"):
            raise BadInput(
                f"The label of {key} in case {case_id} is {answer!r}, expected 'true' or 'false'.",
                fix="The clause detector learns flags; leave other fields out of its labels.",
            )
        present[place[case_id], number[key]] = answer == "true"
        if found:
            spans[place[case_id]][number[key]] = [(span["start"], span["end"]) for span in found]
    if len(fields) == 0 or (present < 0).any():
        gaps = np.argwhere(present < 0)
        example = f"{fields[gaps[0][1]]} of case {case_ids[gaps[0][0]]}" if len(gaps) else "every field"
        raise BadInput(
            f"{len(gaps)} labels are missing, for instance {example}.",
            fix="Label every field of every case, or leave the case out.",
            missing=len(gaps),
        )
    return fields, present, spans
