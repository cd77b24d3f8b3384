"""The passphrase's part of the key store: through scrypt (RFC 7914) it unwraps the master key."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.errors import KeyFileDamagedError, SettingsError, WrongPassphraseError
from ledger.keys import files
from ledger.ports import RandomSource

MASTER_BYTES = 32
NONCE_BYTES = 12
MINIMUM_PASSPHRASE_CHARACTERS = 8
# Cost of scrypt, the power of two of its N: 17 takes 128 MiB and half a second, once per opening.
DEFAULT_SCRYPT_LOG2_N = 17
SCRYPT_LOG2_N_RANGE = range(14, 21)

_STORE_SCHEMA = "anxu-key-store/1"
_SCRYPT_R = 8
_SCRYPT_P = 1
_SALT_BYTES = 16


def checked_passphrase(passphrase: str) -> bytes:
    """The passphrase in NFC, as bytes. Raises SettingsError when it is too short."""
    normal = unicodedata.normalize("NFC", passphrase)
    if len(normal) < MINIMUM_PASSPHRASE_CHARACTERS:
        reason = f"it has fewer than {MINIMUM_PASSPHRASE_CHARACTERS} characters"
        raise SettingsError(setting="passphrase", reason=reason)
    return normal.encode()


def _stretch(passphrase: bytes, salt: bytes, log2_n: int) -> AESGCM:
    derived = Scrypt(salt=salt, length=32, n=1 << log2_n, r=_SCRYPT_R, p=_SCRYPT_P).derive(
        passphrase
    )
    return AESGCM(derived)


def _store_aad(salt: bytes, log2_n: int) -> bytes:
    return _STORE_SCHEMA.encode() + bytes([log2_n, _SCRYPT_R, _SCRYPT_P]) + salt


def wrap_master(master: bytes, passphrase: bytes, source: RandomSource, log2_n: int) -> bytes:
    """The content of the store's file: the master key sealed under the passphrase.

    Raises:
        SettingsError: the cost is out of bounds.
    """
    if log2_n not in SCRYPT_LOG2_N_RANGE:
        raise SettingsError(setting="scrypt_log2_n", reason="it must be 14 to 20")
    salt = source.bytes(_SALT_BYTES)
    nonce = source.bytes(NONCE_BYTES)
    wrapped = _stretch(passphrase, salt, log2_n).encrypt(nonce, master, _store_aad(salt, log2_n))
    return json_bytes(
        {
            "schema": _STORE_SCHEMA,
            "kdf": {
                "name": "scrypt",
                "log2_n": log2_n,
                "r": _SCRYPT_R,
                "p": _SCRYPT_P,
                "salt": salt.hex(),
            },
            "nonce": nonce.hex(),
            "wrapped_master": wrapped.hex(),
        }
    )


def unwrap_master(path: Path, passphrase: str) -> bytes:
    """The master key in the store's file.

    Raises:
        WrongPassphraseError: the passphrase does not open it.
        KeyFileDamagedError: the file is malformed, or asks for a cost out of bounds.
    """
    try:
        content = json.loads(files.read_private(path))
        kdf = content["kdf"]
        if content["schema"] != _STORE_SCHEMA or (kdf["name"], kdf["r"], kdf["p"]) != (
            "scrypt",
            _SCRYPT_R,
            _SCRYPT_P,
        ):
            raise KeyFileDamagedError(path=str(path))
        log2_n = kdf["log2_n"]
        salt, nonce = bytes.fromhex(kdf["salt"]), bytes.fromhex(content["nonce"])
        wrapped = bytes.fromhex(content["wrapped_master"])
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileDamagedError(path=str(path)) from error
    if type(log2_n) is not int or log2_n not in SCRYPT_LOG2_N_RANGE or len(nonce) != NONCE_BYTES:
        raise KeyFileDamagedError(path=str(path))
    secret = unicodedata.normalize("NFC", passphrase).encode()
    try:
        return _stretch(secret, salt, log2_n).decrypt(nonce, wrapped, _store_aad(salt, log2_n))
    except InvalidTag as error:
        raise WrongPassphraseError(directory=str(path.parent)) from error


def json_bytes(content: dict[str, Any]) -> bytes:
    """JSON as key files carry it: sorted, one field a line."""
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
