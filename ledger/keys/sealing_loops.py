"""Compiled loops over libcrypto's AES-256-GCM. Import it through `ledger.keys.bulk_sealing` only.

The cipher is chosen once and keyed again only where the next record is another person's. Bytes are
handed over as addresses; the caller keeps the arrays alive and has checked every length.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ledger.evidence.native import compiled, external

FUNCTIONS: Final = (
    "SHA256_Init", "SHA256_Update", "SHA256_Final",
    "EVP_CIPHER_CTX_new", "EVP_CIPHER_CTX_free", "EVP_CIPHER_CTX_ctrl", "EVP_aes_256_gcm",
    "EVP_EncryptInit_ex", "EVP_EncryptUpdate", "EVP_EncryptFinal_ex",
    "EVP_DecryptInit_ex", "EVP_DecryptUpdate", "EVP_DecryptFinal_ex",
)  # fmt: skip
ALL_WELL: Final = -1
NO_CIPHER: Final = -2
"""Answers of a loop; anything else is the position of the record that did not go well."""

_HASH_BYTES: Final = 128
"""More than libcrypto's SHA256_CTX has (112)."""
_GET_TAG, _SET_TAG = 0x10, 0x11
VERSION: Final = 1
_KEY, _NONCE, _SALT, _TAG, _DIGEST = 32, 12, 32, 16, 32
_PREFIX = 1 + _NONCE

_hash_init = external("SHA256_Init", 1)
_hash_update = external("SHA256_Update", 3)
_hash_final = external("SHA256_Final", 2)
_new = external("EVP_CIPHER_CTX_new", 0)
_free = external("EVP_CIPHER_CTX_free", 1, gives_nothing=True)
_control = external("EVP_CIPHER_CTX_ctrl", 4)
_encrypt_init = external("EVP_EncryptInit_ex", 5)
_encrypt = external("EVP_EncryptUpdate", 5)
_encrypt_end = external("EVP_EncryptFinal_ex", 3)
_decrypt_init = external("EVP_DecryptInit_ex", 5)
_decrypt = external("EVP_DecryptUpdate", 5)
_decrypt_end = external("EVP_DecryptFinal_ex", 3)


@compiled
def seal_all(
    cipher: int, keys: int, key_of: Any, nonce_start: Any, aad: Any, commitments: int,
    salts: int, records: int, offsets: Any, sealed: Any, places: Any, length: int,
) -> int:  # fmt: skip
    """Seal every record to ``sealed``, the one of row ``i`` at ``places[i]``.

    ``nonce_start`` and ``aad`` are what stands before each commitment, in the digest that the nonce
    is taken from and in what the cipher authenticates. ``length`` is where libcrypto may write how
    much it moved, 4 bytes; the caller owns them, as a loop gives an array back after its last use.
    """
    context = _new()
    if context == 0 or _encrypt_init(context, cipher, 0, 0, 0) != 1:
        return NO_CIPHER
    start = np.empty(_HASH_BYTES, np.uint8)
    state = np.empty(_HASH_BYTES, np.uint8)
    digest = np.empty(_DIGEST, np.uint8)
    _hash_init(start.ctypes.data)
    _hash_update(start.ctypes.data, nonce_start.ctypes.data, nonce_start.shape[0])
    hash_at, out = state.ctypes.data, sealed.ctypes.data
    current, answer = -1, ALL_WELL
    for row in range(key_of.shape[0]):
        commitment, salt = commitments + row * _DIGEST, salts + row * _SALT
        record, size = records + offsets[row], offsets[row + 1] - offsets[row]
        for place in range(_HASH_BYTES):
            state[place] = start[place]
        _hash_update(hash_at, commitment, _DIGEST)
        _hash_update(hash_at, salt, _SALT)
        _hash_update(hash_at, record, size)
        _hash_final(digest.ctypes.data, hash_at)
        key = 0 if key_of[row] == current else keys + key_of[row] * _KEY
        current = key_of[row]
        at = places[row]
        sealed[at] = VERSION
        for place in range(_NONCE):
            sealed[at + 1 + place] = digest[place]
        body = out + at + _PREFIX
        well = _encrypt_init(context, 0, 0, key, out + at + 1) == 1
        well &= _encrypt(context, 0, length, aad.ctypes.data, aad.shape[0]) == 1
        well &= _encrypt(context, 0, length, commitment, _DIGEST) == 1
        well &= _encrypt(context, body, length, salt, _SALT) == 1
        well &= _encrypt(context, body + _SALT, length, record, size) == 1
        well &= _encrypt_end(context, body + _SALT + size, length) == 1
        well &= _control(context, _GET_TAG, _TAG, body + _SALT + size) == 1
        if not well:
            answer = row
            break
    _free(context)
    return answer


@compiled
def open_all(
    cipher: int, keys: int, key_of: Any, aad: Any, commitments: int,
    sealed: int, offsets: Any, salts: int, records: int, places: Any, length: int,
) -> int:  # fmt: skip
    """Open every record to ``salts`` and ``records``, the one of row ``i`` at ``places[i]``.

    It stops at the first that does not open; what was written by then must not be used.
    """
    context = _new()
    if context == 0 or _decrypt_init(context, cipher, 0, 0, 0) != 1:
        return NO_CIPHER
    current, answer = -1, ALL_WELL
    for row in range(key_of.shape[0]):
        at = sealed + offsets[row]
        size = places[row + 1] - places[row]
        body = at + _PREFIX
        key = 0 if key_of[row] == current else keys + key_of[row] * _KEY
        current = key_of[row]
        well = _decrypt_init(context, 0, 0, key, at + 1) == 1
        well &= _decrypt(context, 0, length, aad.ctypes.data, aad.shape[0]) == 1
        well &= _decrypt(context, 0, length, commitments + row * _DIGEST, _DIGEST) == 1
        well &= _decrypt(context, salts + row * _SALT, length, body, _SALT) == 1
        well &= _decrypt(context, records + places[row], length, body + _SALT, size) == 1
        well &= _control(context, _SET_TAG, _TAG, body + _SALT + size) == 1
        well &= _decrypt_end(context, records + places[row] + size, length) == 1
        if not well:
            answer = row
            break
    _free(context)
    return answer
