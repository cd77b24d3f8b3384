"""The key store: named private keys in encrypted files of one directory.

A passphrase opens it: scrypt (RFC 7914) turns the passphrase into a key that unwraps a random
master key, once; each key file is AES-256-GCM under its own key derived from the master key, its
name and its kind. A changed passphrase therefore rewrites one small file. Names, kinds and public
keys are readable without the passphrase, and authenticated once it is given. Files are 0600 in a
directory of 0700, written whole or not at all, and a key is never replaced: a successor gets a name
of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import (
    EncodingError,
    KeyExistsError,
    KeyFileDamagedError,
    KeyKindError,
    NotFoundError,
)
from ledger.keys import files
from ledger.keys.passphrase import (
    DEFAULT_SCRYPT_LOG2_N,
    MASTER_BYTES,
    NONCE_BYTES,
    checked_passphrase,
    json_bytes,
    unwrap_master,
    wrap_master,
)
from ledger.keys.signers import (
    PRIVATE_KEY_BYTES,
    Ed25519Signer,
    SealingKeyPair,
    Secp256k1Signer,
    is_secp256k1_scalar,
)
from ledger.ports import RandomSource, SystemRandom

# The names the house uses. An officer's key is named by officer_key_name.
LOG = "log"
COSIGNER = "cosigner"
SEALING = "sealing"
PUBLISHER = "publisher"
SUPERVISOR = "supervisor"
FREEZER = "freezer"
CLOSER = "closer"
REQUESTS = "requests"
ALLIANCE = "alliance"
OPRF = "oprf"
PERSON_MASTER = "person-master"
SESSION = "session"

STORE_FILE = "store.json"
CURRENT_FILE = "current.json"
"""Which successor took a key's place; without an entry a name means the key of that name."""
KEY_SUFFIX = ".key.json"
MINIMUM_SECRET_BYTES = 16

_KEY_SCHEMA = "anxu-key/1"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class KeyKind(StrEnum):
    """What a key is for; a key of one kind is never handed out as another."""

    ED25519 = "ed25519"
    X25519 = "x25519"
    SECP256K1 = "secp256k1"
    SECRET = "secret"  # noqa: S105 -- the name of a kind


@dataclass(frozen=True, slots=True)
class _KeyFile:
    name: str
    kind: KeyKind
    public_key: bytes
    nonce: bytes
    ciphertext: bytes

    def aad(self) -> bytes:
        return b"|".join(
            (_KEY_SCHEMA.encode(), self.kind.encode(), self.name.encode(), self.public_key)
        )


def officer_key_name(officer: str) -> str:
    """The name of an officer's signing key: ``officer-`` and the officer's short name."""
    name = f"officer-{officer}"
    _require_name(name)
    return name


@dataclass(frozen=True, slots=True)
class KeyStore:
    """An opened key store. Build it with :meth:`create` or :meth:`open`."""

    directory: Path
    _master: bytes = field(repr=False)
    _randomness: RandomSource = field(repr=False)

    @classmethod
    def create(
        cls,
        directory: Path,
        passphrase: str,
        *,
        randomness: RandomSource | None = None,
        scrypt_log2_n: int = DEFAULT_SCRYPT_LOG2_N,
    ) -> KeyStore:
        """Make an empty store in ``directory``, which is made too (0700) if it is not there.

        Args:
            directory: where the files go.
            passphrase: at least 8 characters; compared in Unicode NFC.
            randomness: where keys come from; the operating system unless told otherwise.
            scrypt_log2_n: cost, 14 to 20.

        Raises:
            KeyExistsError: the directory already holds a store.
            SettingsError: the passphrase is too short or the cost out of bounds.
            FileModeError: the directory is open to others.
        """
        source = randomness or SystemRandom()
        secret = checked_passphrase(passphrase)
        files.make_private_directory(directory)
        if (directory / STORE_FILE).exists():
            raise KeyExistsError(name=STORE_FILE)
        master = source.bytes(MASTER_BYTES)
        content = wrap_master(master, secret, source, scrypt_log2_n)
        files.write_new(directory / STORE_FILE, content)
        return cls(directory, master, source)

    @classmethod
    def open(
        cls, directory: Path, passphrase: str, *, randomness: RandomSource | None = None
    ) -> KeyStore:
        """Open the store in ``directory``; the passphrase is stretched once, here.

        Raises:
            NotFoundError: there is no store.
            FileModeError: the directory or a file in it is open to others; nothing was read.
            WrongPassphraseError: the passphrase does not open it.
            KeyFileDamagedError: its file cannot be read.
        """
        path = directory / STORE_FILE
        if not path.is_file():
            raise NotFoundError(what="key store", key=str(directory))
        files.require_private(directory, files.DIRECTORY_MODE)
        for entry in sorted(directory.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # another process's temporary file
                mode = files.DIRECTORY_MODE if entry.is_dir() else files.FILE_MODE
                files.require_private(entry, mode)
        master = unwrap_master(path, passphrase)
        return cls(directory, master, randomness or SystemRandom())

    def change_passphrase(
        self, passphrase: str, *, scrypt_log2_n: int = DEFAULT_SCRYPT_LOG2_N
    ) -> None:
        """Let ``passphrase`` open the store from now on, and the former one no longer."""
        secret = checked_passphrase(passphrase)
        content = wrap_master(self._master, secret, self._randomness, scrypt_log2_n)
        files.replace(self.directory / STORE_FILE, content)

    # --- what is there ----------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted; files that a crash left behind are not among them."""
        found = (path.name for path in self.directory.glob(f"*{KEY_SUFFIX}"))
        return tuple(sorted(name.removesuffix(KEY_SUFFIX) for name in found if name[0] != "."))

    def current_name(self, name: str) -> str:
        """The key that a name means now: the successor that took its place, or the key itself."""
        return self._successors().get(name, name)

    def adopt(self, name: str, successor: str) -> None:
        """Let ``name`` mean the key ``successor`` from now on; the former key stays in the store.

        Raises:
            NotFoundError: there is no such successor.
            KeyKindError: it is of another kind.
        """
        kind, other = self.kind_of(name), self._read(successor).kind
        if other is not kind:
            raise KeyKindError(name=successor, expected=kind.value, actual=other.value)
        content = json_bytes(self._successors() | {name: successor})
        files.replace(self.directory / CURRENT_FILE, content)

    def has(self, name: str) -> bool:
        """Whether there is a key of this name."""
        return self._path(name).is_file()

    def kind_of(self, name: str) -> KeyKind:
        """The kind of the key ``name``.

        Raises:
            NotFoundError: there is none.
        """
        return self._read(self.current_name(name)).kind

    def public_key(self, name: str) -> bytes:
        """The public form: 32 bytes (Ed25519, X25519) or a 20-byte address (secp256k1).

        Raises:
            NotFoundError: there is no such key.
            KeyKindError: it is a secret, which has none.
        """
        file = self._read(self.current_name(name))
        if file.kind is KeyKind.SECRET:
            raise KeyKindError(name=name, expected="key pair", actual=file.kind.value)
        self._decrypt(file)  # the public form is only as good as its authentication
        return file.public_key

    # --- Ed25519 ----------------------------------------------------------------------------------

    def generate_ed25519(self, name: str) -> Ed25519Signer:
        """Make the signing key ``name``. Raises KeyExistsError when there is one."""
        return self.put_ed25519(name, self._randomness.bytes(PRIVATE_KEY_BYTES))

    def put_ed25519(self, name: str, private_key: bytes) -> Ed25519Signer:
        """Keep a given 32-byte seed as ``name``. Raises KeyExistsError when there is one."""
        signer = Ed25519Signer.from_private(private_key)
        self._write(name, KeyKind.ED25519, private_key, signer.public_key)
        return signer

    def ed25519(self, name: str) -> Ed25519Signer:
        """The signing key ``name``. Raises NotFoundError, KeyKindError, KeyFileDamagedError."""
        return Ed25519Signer.from_private(self._private(name, KeyKind.ED25519))

    # --- X25519 -----------------------------------------------------------------------------------

    def generate_x25519(self, name: str) -> SealingKeyPair:
        """Make the key pair ``name`` to which packages are sealed. Raises KeyExistsError."""
        return self.put_x25519(name, self._randomness.bytes(PRIVATE_KEY_BYTES))

    def put_x25519(self, name: str, private_key: bytes) -> SealingKeyPair:
        """Keep a given 32-byte scalar as ``name``. Raises KeyExistsError when there is one."""
        pair = SealingKeyPair.from_private(private_key)
        self._write(name, KeyKind.X25519, private_key, pair.public_key)
        return pair

    def x25519(self, name: str) -> SealingKeyPair:
        """The key pair ``name``. Raises NotFoundError, KeyKindError, KeyFileDamagedError."""
        return SealingKeyPair.from_private(self._private(name, KeyKind.X25519))

    # --- secp256k1 --------------------------------------------------------------------------------

    def generate_secp256k1(self, name: str) -> Secp256k1Signer:
        """Make the account key ``name``. Raises KeyExistsError when there is one."""
        private_key = self._randomness.bytes(PRIVATE_KEY_BYTES)
        while not is_secp256k1_scalar(private_key):
            private_key = self._randomness.bytes(PRIVATE_KEY_BYTES)
        return self.put_secp256k1(name, private_key)

    def put_secp256k1(self, name: str, private_key: bytes) -> Secp256k1Signer:
        """Keep a given 32-byte scalar as ``name``. Raises KeyExistsError when there is one."""
        signer = Secp256k1Signer.from_private(private_key)
        self._write(name, KeyKind.SECP256K1, private_key, bytes.fromhex(signer.address[2:]))
        return signer

    def secp256k1(self, name: str) -> Secp256k1Signer:
        """The account key ``name``. Raises NotFoundError, KeyKindError, KeyFileDamagedError."""
        return Secp256k1Signer.from_private(self._private(name, KeyKind.SECP256K1))

    # --- secrets ----------------------------------------------------------------------------------

    def generate_secret(self, name: str, length: int = 32) -> bytes:
        """Make a random secret of ``length`` bytes. Raises KeyExistsError when there is one."""
        return self.put_secret(name, self._randomness.bytes(length))

    def put_secret(self, name: str, secret: bytes) -> bytes:
        """Keep ``secret``, at least 16 bytes, as ``name``.

        Raises:
            KeyExistsError: there is one of this name.
            EncodingError: it is too short to be a secret.
        """
        if len(secret) < MINIMUM_SECRET_BYTES:
            reason = f"it is shorter than {MINIMUM_SECRET_BYTES} bytes"
            raise EncodingError(field=f"secret {name}", reason=reason)
        self._write(name, KeyKind.SECRET, secret, b"")
        return secret

    def secret(self, name: str) -> bytes:
        """The secret ``name``. Raises NotFoundError, KeyKindError, KeyFileDamagedError."""
        return self._private(name, KeyKind.SECRET)

    # --- files ------------------------------------------------------------------------------------

    def _successors(self) -> dict[str, str]:
        path = self.directory / CURRENT_FILE
        if not path.is_file():
            return {}
        try:
            content = json.loads(files.read_private(path))
            return {str(name): str(successor) for name, successor in content.items()}
        except (ValueError, AttributeError) as error:
            raise KeyFileDamagedError(path=str(path)) from error

    def _path(self, name: str) -> Path:
        _require_name(name)
        return self.directory / f"{name}{KEY_SUFFIX}"

    def _write(self, name: str, kind: KeyKind, private: bytes, public_key: bytes) -> None:
        path = self._path(name)
        nonce = self._randomness.bytes(NONCE_BYTES)
        draft = _KeyFile(name, kind, public_key, nonce, b"")
        ciphertext = self._cipher(draft).encrypt(nonce, private, draft.aad())
        content = {
            "schema": _KEY_SCHEMA,
            "name": name,
            "kind": kind.value,
            "public": public_key.hex(),
            "nonce": nonce.hex(),
            "ciphertext": ciphertext.hex(),
        }
        try:
            files.write_new(path, json_bytes(content))
        except KeyExistsError as error:
            raise KeyExistsError(name=name) from error

    def _read(self, name: str) -> _KeyFile:
        path = self._path(name)
        if not path.is_file():
            raise NotFoundError(what="key", key=name)
        try:
            content = json.loads(files.read_private(path))
            if content["schema"] != _KEY_SCHEMA or content["name"] != name:
                raise KeyFileDamagedError(path=str(path))
            return _KeyFile(
                name,
                KeyKind(content["kind"]),
                bytes.fromhex(content["public"]),
                bytes.fromhex(content["nonce"]),
                bytes.fromhex(content["ciphertext"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise KeyFileDamagedError(path=str(path)) from error

    def _decrypt(self, file: _KeyFile) -> bytes:
        try:
            return self._cipher(file).decrypt(file.nonce, file.ciphertext, file.aad())
        except (InvalidTag, ValueError) as error:
            raise KeyFileDamagedError(path=str(self._path(file.name))) from error

    def _private(self, name: str, kind: KeyKind) -> bytes:
        file = self._read(self.current_name(name))
        if file.kind is not kind:
            raise KeyKindError(name=name, expected=kind.value, actual=file.kind.value)
        return self._decrypt(file)

    def _cipher(self, file: _KeyFile) -> AESGCM:
        label = b"|".join((_KEY_SCHEMA.encode(), file.kind.encode(), file.name.encode()))
        return AESGCM(hmac.digest(self._master, label, hashlib.sha256))


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        reason = "use 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen"
        raise EncodingError(field="key name", reason=reason)
