"""Two random 64-bit hashes of each row, by columns of numbers instead of row by row.

Multilinear hashing with random coefficients: two different rows agree in both with a chance below 2^-110,
whatever stands in them. Not for digests: the coefficients are new each time.

Source: Lemire and Kaser 2014, "Strongly universal string hashing is fast", arXiv:1202.4961.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["RowHashes"]

Words = npt.NDArray[np.uint64]


class RowHashes:
    """One choice of coefficients, drawn anew: hashes of two objects cannot be compared."""

    def __init__(self) -> None:
        self._random = np.random.default_rng()
        self._drawn: dict[tuple[int, str], Words] = {}

    def of(self, batch: pa.RecordBatch) -> Words:
        """Return the hashes of the rows of a batch; a null differs from every value.

        Parameters
        ----------
        batch : RecordBatch of n rows

        Returns
        -------
        array of uint64, shape (n, 2)
        """
        found = np.zeros((batch.num_rows, 2), dtype=np.uint64)
        for number, column in enumerate(batch.columns):
            words = self._of_column(column, number)
            missing = pc.is_null(column).to_numpy(zero_copy_only=False)
            words[missing] = self._coefficients(number, "null", 1)[:, 0]
            # Each column's hash is multiplied again, so that swapped values of two columns differ.
            found += words * (self._coefficients(number, "column", 1)[:, 0] | np.uint64(1))
        return found

    def _of_column(self, column: pa.Array, number: int) -> Words:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_binary(kind):
            return self._of_bytes(column.cast(pa.binary()), number)
        if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
            return self._of_bytes(column.cast(pa.large_binary()), number)
        if pa.types.is_boolean(kind):
            column = column.cast(pa.uint8())
        if pa.types.is_primitive(column.type) and column.type.bit_width in (8, 16, 32, 64):
            width = column.type.bit_width
            data = np.frombuffer(
                column.buffers()[1], dtype=f"u{width // 8}", count=len(column) + column.offset
            )
            return self._spread(data[column.offset :].astype(np.uint64)[:, None], number)
        if pa.types.is_decimal128(kind):
            data = np.frombuffer(
                column.buffers()[1], dtype=np.uint64, count=2 * (len(column) + column.offset)
            )
            return self._spread(data.reshape(-1, 2)[column.offset :], number)
        written = [hashlib.sha256(repr(one).encode()).digest()[:16] for one in column.to_pylist()]
        return self._spread(np.frombuffer(b"".join(written), dtype=np.uint64).reshape(-1, 2), number)

    def _spread(self, words: Words, number: int) -> Words:
        """Return the multilinear hash of rows of words; in halves of 32 bits, so that no product is cut."""
        halves = np.concatenate([words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)], axis=1)
        coefficients = self._coefficients(number, "word", halves.shape[1])
        return np.stack([(halves * one).sum(axis=1, dtype=np.uint64) for one in coefficients], axis=1)

    def _of_bytes(self, column: pa.Array, number: int) -> Words:
        n = len(column)
        large = pa.types.is_large_binary(column.type)
        offsets = np.frombuffer(column.buffers()[1], dtype=np.int64 if large else np.int32)
        offsets = offsets[column.offset : column.offset + n + 1].astype(np.int64)
        lengths = np.diff(offsets)
        found = self._spread(lengths.astype(np.uint64)[:, None], number)
        if n == 0 or offsets[-1] == offsets[0]:
            return found
        data = np.frombuffer(column.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]].astype(np.uint64)
        position = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths)
        coefficients = self._coefficients(number, "byte", int(lengths.max()))
        full = lengths > 0
        starts = (offsets[:-1] - offsets[0])[full]
        for which in range(2):
            found[full, which] += np.add.reduceat(data * coefficients[which][position], starts)
        return found

    def _coefficients(self, column: int, use: str, length: int) -> Words:
        """Return random words of shape (2, length), always the same for one column, use and place."""
        known = self._drawn.get((column, use), np.zeros((2, 0), dtype=np.uint64))
        if known.shape[1] < length:
            size = (2, max(length - known.shape[1], 64))
            more = self._random.integers(0, 2**64, size, dtype=np.uint64)
            known = self._drawn[column, use] = np.concatenate([known, more], axis=1)
        return known[:, :length]
