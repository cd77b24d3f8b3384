"""Sealing of a whole file's records, in arrays: the same bytes as `sealing`, several times as fast.

Records of one person should stand together: the cipher is keyed again wherever the person changes.
Both ways, compiled and plain, give the same bytes (see `ledger.evidence.native`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.errors import LengthError, SealedContentError, StorageUnavailableError
from ledger.evidence import native
from ledger.evidence.batch import Blobs
from ledger.evidence.encoding import Commitment, LogId
from ledger.evidence.hashing import ByteRows
from ledger.keys.sealing import (
    AUTH_TAG_BYTES,
    COMMITMENT_BYTES,
    KEY_BYTES,
    NONCE_BYTES,
    NONCE_LABEL,
    SALT_BYTES,
    RecordSealer,
    SealingKey,
    record_aad,
)

_SEALED_MORE: Final = 1 + NONCE_BYTES + SALT_BYTES + AUTH_TAG_BYTES
"""How much longer a sealed record is than the record."""
_LARGEST: Final = 2**31 - 1
"""The longest record that libcrypto takes at once, in bytes."""


class OpenedBatch(NamedTuple):
    """What was sealed: canonical records, and (n, 32) salts of their commitments."""

    records: Blobs
    salts: ByteRows


def seal_batch(
    keys: ByteRows,
    key_of: NDArray[np.int64],
    log_id: LogId,
    commitments: ByteRows,
    salts: ByteRows,
    records: Blobs,
) -> Blobs:
    """Seal records, each with its salt, bound to the log and to its commitment.

    Args:
        keys: (p, 32) sealing keys of persons.
        key_of: (n,) whose key seals each record, as a row of ``keys``.
        log_id: the log that all are appended to.
        commitments: (n, 32).
        salts: (n, 32).
        records: n canonical records.

    Returns:
        The n sealed records, in order.

    Raises:
        LengthError: a key, salt or commitment has the wrong length.
        ValueError: the columns are not of one length, or a person is not among ``keys``.
    """
    _require_columns(keys, key_of, commitments, len(records))
    _require_rows("salt", salts, len(key_of), SALT_BYTES)
    loops = _loops_for(records)
    if loops is None:
        return _seal_plainly(keys, key_of, log_id, commitments, salts, records)
    return _seal_compiled(loops, keys, key_of, log_id, commitments, salts, records)


def open_batch(
    keys: ByteRows, key_of: NDArray[np.int64], log_id: LogId, commitments: ByteRows, sealed: Blobs
) -> OpenedBatch:
    """Open what :func:`seal_batch` or a `RecordSealer` sealed; all of it, or nothing.

    Args:
        keys: (p, 32) sealing keys of persons.
        key_of: (n,) whose key opens each record, as a row of ``keys``.
        log_id: the log that they stand in.
        commitments: (n, 32).
        sealed: n sealed records.

    Raises:
        SealedContentError: another key or place, an unknown version, or changed bytes; ``what``
            names the row.
        LengthError: a key or commitment has the wrong length.
        ValueError: the columns are not of one length, or a person is not among ``keys``.
    """
    _require_columns(keys, key_of, commitments, len(sealed))
    loops = _loops_for(sealed)
    if loops is None:
        return _open_plainly(keys, key_of, log_id, commitments, sealed)
    return _open_compiled(loops, keys, key_of, log_id, commitments, sealed)


def _seal_compiled(
    loops: Any,
    keys: ByteRows,
    key_of: NDArray[np.int64],
    log_id: LogId,
    commitments: ByteRows,
    salts: ByteRows,
    records: Blobs,
) -> Blobs:
    places = _places(np.diff(records.offsets) + _SEALED_MORE)
    sealed = np.empty(places[-1], np.uint8)
    aad, nonce_start = _beginnings(log_id)
    keys, commitments = np.ascontiguousarray(keys), np.ascontiguousarray(commitments)
    salts, data = np.ascontiguousarray(salts), np.ascontiguousarray(records.data)
    moved = np.zeros(1, np.int32)
    answer = loops.seal_all(
        _cipher(), keys.ctypes.data, _writable(key_of), nonce_start, aad, commitments.ctypes.data,
        salts.ctypes.data, data.ctypes.data, _writable(records.offsets), sealed, places,
        moved.ctypes.data,
    )  # fmt: skip
    if answer != loops.ALL_WELL:
        raise StorageUnavailableError(reason="libcrypto refused to encrypt")
    return Blobs(sealed, places)


def _open_compiled(
    loops: Any,
    keys: ByteRows,
    key_of: NDArray[np.int64],
    log_id: LogId,
    commitments: ByteRows,
    sealed: Blobs,
) -> OpenedBatch:
    data = np.ascontiguousarray(sealed.data)
    lengths = np.diff(sealed.offsets) - _SEALED_MORE
    malformed = lengths < 0
    malformed[~malformed] = data[sealed.offsets[:-1][~malformed]] != loops.VERSION
    if malformed.any():
        raise _closed(int(malformed.argmax()))
    places = _places(lengths)
    salts = np.empty((len(key_of), SALT_BYTES), np.uint8)
    records = np.empty(places[-1], np.uint8)
    aad, _ = _beginnings(log_id)
    keys, commitments = np.ascontiguousarray(keys), np.ascontiguousarray(commitments)
    moved = np.zeros(1, np.int32)
    answer = loops.open_all(
        _cipher(), keys.ctypes.data, _writable(key_of), aad, commitments.ctypes.data,
        data.ctypes.data, _writable(sealed.offsets), salts.ctypes.data, records.ctypes.data, places,
        moved.ctypes.data,
    )  # fmt: skip
    if answer == loops.NO_CIPHER:
        raise StorageUnavailableError(reason="libcrypto offers no cipher")
    if answer != loops.ALL_WELL:
        raise _closed(answer)
    return OpenedBatch(Blobs(records, places), salts)


def _seal_plainly(
    keys: ByteRows,
    key_of: NDArray[np.int64],
    log_id: LogId,
    commitments: ByteRows,
    salts: ByteRows,
    records: Blobs,
) -> Blobs:
    sealed, current, sealer = [], -1, None
    for row, (person, record) in enumerate(zip(key_of.tolist(), records.to_list(), strict=True)):
        if sealer is None or person != current:
            current, sealer = person, RecordSealer(SealingKey(keys[person].tobytes()))
        aad = record_aad(log_id, Commitment(commitments[row].tobytes()))
        sealed.append(sealer.seal(record, salts[row].tobytes(), aad))
    return Blobs.of(sealed)


def _open_plainly(
    keys: ByteRows, key_of: NDArray[np.int64], log_id: LogId, commitments: ByteRows, sealed: Blobs
) -> OpenedBatch:
    records, salts, current, sealer = [], [], -1, None
    for row, (person, blob) in enumerate(zip(key_of.tolist(), sealed.to_list(), strict=True)):
        if sealer is None or person != current:
            current, sealer = person, RecordSealer(SealingKey(keys[person].tobytes()))
        aad = record_aad(log_id, Commitment(commitments[row].tobytes()))
        try:
            opened = sealer.open(blob, aad)
        except SealedContentError as error:
            raise _closed(row) from error
        records.append(opened.record)
        salts.append(opened.salt)
    rows = np.frombuffer(b"".join(salts), np.uint8).reshape(len(salts), SALT_BYTES)
    return OpenedBatch(Blobs.of(records), rows)


def _loops_for(blobs: Blobs) -> Any:
    """The compiled loops, or None when these go the plain way."""
    if len(blobs) and int(np.diff(blobs.offsets).max()) > _LARGEST:
        return None
    return _PATIENCE.loops(len(blobs))


def _require_columns(
    keys: ByteRows, key_of: NDArray[np.int64], commitments: ByteRows, count: int
) -> None:
    _require_rows("sealing key", keys, len(keys), KEY_BYTES)
    _require_rows("commitment", commitments, len(key_of), COMMITMENT_BYTES)
    if count != len(key_of):
        raise ValueError("the columns are not of one length")
    if len(key_of) and not 0 <= key_of.min() <= key_of.max() < len(keys):
        raise ValueError("a record names a person without a key")


def _require_rows(name: str, rows: ByteRows, count: int, width: int) -> None:
    if rows.dtype != np.uint8 or rows.shape[1:] != (width,):
        raise LengthError(field=name, expected=width, actual=rows[0:1].nbytes)
    if len(rows) != count:
        raise ValueError("the columns are not of one length")


def _places(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=places[1:])
    return places


def _writable(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same numbers as the compiled loops take them: one form, so that they compile once."""
    return np.require(numbers, np.int64, ["C", "W"])


def _beginnings(log_id: LogId) -> tuple[ByteRows, ByteRows]:
    """What stands before the commitment: in what is authenticated, and in the nonce's digest."""
    whole = record_aad(log_id, Commitment(bytes(COMMITMENT_BYTES)))
    aad = whole[:-COMMITMENT_BYTES]
    nonce_start = NONCE_LABEL + len(whole).to_bytes(4) + aad
    return np.frombuffer(bytearray(aad), np.uint8), np.frombuffer(bytearray(nonce_start), np.uint8)


def _closed(row: int) -> SealedContentError:
    return SealedContentError(what=f"record in row {row}")


def _cipher() -> int:
    return native.address_given_by("EVP_aes_256_gcm")


def _load() -> Any:
    """The compiled loops, once they have sealed and opened a record as `sealing` does."""
    from ledger.keys import sealing_loops

    if not native.register(sealing_loops.FUNCTIONS):
        return None
    row, log_id = np.arange(KEY_BYTES, dtype=np.uint8).reshape(1, KEY_BYTES), LogId(1)
    first, record = np.zeros(1, np.int64), Blobs.of([b"anxu"])
    sealed = _seal_compiled(sealing_loops, row, first, log_id, row, row, record)
    expected = _seal_plainly(row, first, log_id, row, row, record)
    opened = _open_compiled(sealing_loops, row, first, log_id, row, sealed)
    well = sealed.to_list() == expected.to_list() and opened.records.to_list() == record.to_list()
    return sealing_loops if well else None


_PATIENCE: Final = native.Patience(_load)
