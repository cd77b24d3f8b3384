from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_account import Account

from ledger.errors import (
    EncodingError,
    FileModeError,
    KeyExistsError,
    KeyFileDamagedError,
    KeyKindError,
    LengthError,
    NotFoundError,
    SettingsError,
    WrongPassphraseError,
)
from ledger.keys import files
from ledger.keys.key_store import KeyKind, KeyStore, officer_key_name


def _modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


class TestCreate:
    def test_directory_is_0700_and_files_are_0600_whatever_the_umask(
        self, directory: Path, passphrase: str
    ) -> None:
        before = os.umask(0)
        try:
            store = KeyStore.create(directory, passphrase, scrypt_log2_n=14)
            store.generate_ed25519("log")
        finally:
            os.umask(before)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert _modes(directory) == {"store.json": 0o600, "log.key.json": 0o600}

    def test_a_store_is_never_made_over_another(self, store: KeyStore, passphrase: str) -> None:
        with pytest.raises(KeyExistsError) as caught:
            KeyStore.create(store.directory, passphrase, scrypt_log2_n=14)
        assert caught.value.name == "store.json"

    def test_a_short_passphrase_is_refused(self, directory: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            KeyStore.create(directory, "1234567")
        assert caught.value.setting == "passphrase"
        assert not directory.exists()

    @pytest.mark.parametrize("cost", [13, 21])
    def test_a_cost_out_of_bounds_is_refused(
        self, directory: Path, passphrase: str, cost: int
    ) -> None:
        with pytest.raises(SettingsError) as caught:
            KeyStore.create(directory, passphrase, scrypt_log2_n=cost)
        assert caught.value.setting == "scrypt_log2_n"

    def test_a_directory_open_to_others_is_refused(self, directory: Path, passphrase: str) -> None:
        directory.mkdir(mode=0o755)
        with pytest.raises(FileModeError) as caught:
            KeyStore.create(directory, passphrase, scrypt_log2_n=14)
        assert (caught.value.path, caught.value.actual) == (str(directory), "0755")
        assert caught.value.advice() == f"Run: chmod 0700 {directory}"


class TestOpen:
    def test_every_kind_of_key_comes_back(self, store: KeyStore, passphrase: str) -> None:
        log = store.generate_ed25519("log")
        sealing = store.generate_x25519("sealing")
        publisher = store.generate_secp256k1("publisher")
        alliance = store.generate_secret("alliance")
        again = KeyStore.open(store.directory, passphrase)
        assert again.names() == ("alliance", "log", "publisher", "sealing")
        assert again.ed25519("log").public_key == log.public_key
        assert again.x25519("sealing").public_key == sealing.public_key
        assert again.secp256k1("publisher").private_key == publisher.private_key
        assert again.secret("alliance") == alliance
        assert again.kind_of("sealing") is KeyKind.X25519

    def test_the_passphrase_is_compared_in_one_unicode_form(self, directory: Path) -> None:
        composed = unicodedata.normalize("NFC", "clé de la caisse")
        KeyStore.create(directory, composed, scrypt_log2_n=14).generate_ed25519("log")
        again = KeyStore.open(directory, unicodedata.normalize("NFD", composed))
        assert again.has("log")

    def test_a_wrong_passphrase_is_refused(self, store: KeyStore) -> None:
        with pytest.raises(WrongPassphraseError) as caught:
            KeyStore.open(store.directory, "correct horse 电车")
        assert caught.value.directory == str(store.directory)
        assert "电车" not in str(caught.value)

    def test_a_missing_store_is_named(self, directory: Path, passphrase: str) -> None:
        with pytest.raises(NotFoundError) as caught:
            KeyStore.open(directory, passphrase)
        assert (caught.value.what, caught.value.key) == ("key store", str(directory))

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
    def test_a_file_open_to_others_is_refused(
        self, store: KeyStore, passphrase: str, mode: int
    ) -> None:
        store.generate_ed25519("log")
        path = store.directory / "log.key.json"
        path.chmod(mode)
        with pytest.raises(FileModeError) as caught:
            KeyStore.open(store.directory, passphrase)
        assert caught.value.fields() == {
            "path": str(path),
            "actual": f"{mode:04o}",
            "expected": "0600",
        }
        with pytest.raises(FileModeError):
            store.ed25519("log")

    def test_a_directory_open_to_others_is_refused(self, store: KeyStore, passphrase: str) -> None:
        store.directory.chmod(0o750)
        with pytest.raises(FileModeError) as caught:
            KeyStore.open(store.directory, passphrase)
        assert caught.value.expected == "0700"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("log2_n", 40),
            ("log2_n", "17"),
            ("log2_n", None),
            ("r", 9),
            ("name", "pbkdf2"),
            ("salt", "zz"),
        ],
    )
    def test_a_changed_cost_is_refused_before_it_is_paid(
        self, store: KeyStore, passphrase: str, field: str, value: object
    ) -> None:
        path = store.directory / "store.json"
        content = json.loads(path.read_bytes())
        content["kdf"][field] = value
        path.write_text(json.dumps(content))
        with pytest.raises(KeyFileDamagedError) as caught:
            KeyStore.open(store.directory, passphrase)
        assert caught.value.path == str(path)

    def test_a_lowered_cost_does_not_open(self, directory: Path, passphrase: str) -> None:
        store = KeyStore.create(directory, passphrase, scrypt_log2_n=15)
        path = store.directory / "store.json"
        path.write_text(path.read_text().replace('"log2_n": 15', '"log2_n": 14'))
        with pytest.raises(WrongPassphraseError):
            KeyStore.open(directory, passphrase)

    def test_a_truncated_store_file_is_damaged(self, store: KeyStore, passphrase: str) -> None:
        path = store.directory / "store.json"
        path.write_bytes(path.read_bytes()[:40])
        with pytest.raises(KeyFileDamagedError):
            KeyStore.open(store.directory, passphrase)


class TestChangePassphrase:
    def test_the_new_one_opens_and_the_old_one_does_not(
        self, store: KeyStore, passphrase: str
    ) -> None:
        key = store.generate_ed25519("log")
        store.change_passphrase("another passphrase", scrypt_log2_n=14)
        assert (
            KeyStore.open(store.directory, "another passphrase").ed25519("log").public_key
            == key.public_key
        )
        with pytest.raises(WrongPassphraseError):
            KeyStore.open(store.directory, passphrase)
        assert _modes(store.directory)["store.json"] == 0o600

    def test_a_short_one_changes_nothing(self, store: KeyStore, passphrase: str) -> None:
        with pytest.raises(SettingsError):
            store.change_passphrase("short")
        KeyStore.open(store.directory, passphrase)


class TestKeys:
    def test_a_key_is_never_replaced(self, store: KeyStore) -> None:
        first = store.generate_ed25519("log")
        with pytest.raises(KeyExistsError) as caught:
            store.generate_ed25519("log")
        assert caught.value.fields() == {"name": "log"}
        assert store.ed25519("log").public_key == first.public_key

    def test_a_missing_key_is_named(self, store: KeyStore) -> None:
        assert not store.has("cosigner")
        with pytest.raises(NotFoundError) as caught:
            store.ed25519("cosigner")
        assert (caught.value.what, caught.value.key) == ("key", "cosigner")

    def test_a_key_is_not_handed_out_as_another_kind(self, store: KeyStore) -> None:
        store.generate_x25519("sealing")
        with pytest.raises(KeyKindError) as caught:
            store.ed25519("sealing")
        assert caught.value.fields() == {
            "name": "sealing",
            "expected": "ed25519",
            "actual": "x25519",
        }

    def test_a_secret_has_no_public_form(self, store: KeyStore) -> None:
        store.generate_secret("session")
        with pytest.raises(KeyKindError) as caught:
            store.public_key("session")
        assert caught.value.actual == "secret"

    def test_public_forms_match_the_keys(self, store: KeyStore) -> None:
        log, publisher = store.generate_ed25519("log"), store.generate_secp256k1("publisher")
        sealing = store.generate_x25519("sealing")
        assert store.public_key("log") == log.public_key
        assert store.public_key("sealing") == sealing.public_key
        assert "0x" + store.public_key("publisher").hex() == publisher.address.lower()

    def test_the_ed25519_signature_verifies_elsewhere(self, store: KeyStore) -> None:
        signer = store.generate_ed25519("log")
        Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signer.sign(b"head"), b"head")

    def test_the_ed25519_key_is_the_one_of_rfc_8032(self, store: KeyStore) -> None:
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        signer = store.put_ed25519("log", seed)
        assert signer.public_key.hex() == (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        )
        assert signer.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")

    def test_the_x25519_key_is_the_one_of_rfc_7748(self, store: KeyStore) -> None:
        scalar = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
        assert store.put_x25519("sealing", scalar).public_key.hex() == (
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        )

    def test_a_private_key_of_another_length_is_refused(self, store: KeyStore) -> None:
        with pytest.raises(LengthError) as caught:
            store.put_x25519("sealing", b"")
        assert caught.value.fields() == {"field": "X25519 key", "expected": 32, "actual": 0}
        assert not store.has("sealing")

    def test_the_secp256k1_address_is_the_well_known_one(self, store: KeyStore) -> None:
        key = (1).to_bytes(32)
        assert store.put_secp256k1("supervisor", key).address == (
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
        )

    @pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32])
    def test_a_scalar_outside_the_group_is_refused(self, store: KeyStore, key: bytes) -> None:
        with pytest.raises(EncodingError) as caught:
            store.put_secp256k1("supervisor", key)
        assert caught.value.field == "secp256k1 key"

    def test_a_scalar_outside_the_group_is_drawn_again(
        self, directory: Path, passphrase: str, randomness: object
    ) -> None:
        class FirstOutside:
            drawn = 0

            def bytes(self, length: int) -> bytes:
                self.drawn += length == 32
                return b"\xff" * length if self.drawn == 2 else os.urandom(length)

        store = KeyStore.create(directory, passphrase, randomness=FirstOutside(), scrypt_log2_n=14)
        signer = store.generate_secp256k1("publisher")
        assert Account.from_key(signer.private_key).address == signer.address

    def test_a_digest_of_another_length_is_not_signed(self, store: KeyStore) -> None:
        with pytest.raises(LengthError) as caught:
            store.generate_secp256k1("publisher").sign_digest(b"short")
        assert caught.value.fields() == {"field": "digest", "expected": 32, "actual": 5}

    def test_a_short_secret_is_refused(self, store: KeyStore) -> None:
        with pytest.raises(EncodingError) as caught:
            store.put_secret("alliance", b"password")
        assert caught.value.field == "secret alliance"

    @pytest.mark.parametrize("name", ["", "../log", "Log", "-a", "a/b", "log.key", "甲", "a" * 64])
    def test_a_name_that_is_no_file_name_is_refused(self, store: KeyStore, name: str) -> None:
        with pytest.raises(EncodingError) as caught:
            store.generate_ed25519(name)
        assert caught.value.field == "key name"

    def test_officers_have_named_keys(self) -> None:
        assert officer_key_name("chen") == "officer-chen"
        with pytest.raises(EncodingError):
            officer_key_name("../chen")

    def test_private_bytes_do_not_show(self, store: KeyStore) -> None:
        signer, pair = store.generate_secp256k1("publisher"), store.generate_x25519("sealing")
        shown = repr((store, signer, pair, store.generate_ed25519("log")))
        assert signer.private_key.hex() not in shown
        assert repr(signer.private_key) not in shown
        assert pair.private.private_bytes_raw().hex() not in shown
        secret = store.generate_secret("alliance")
        for path in store.directory.iterdir():
            assert secret.hex() not in path.read_text()
            assert signer.private_key.hex() not in path.read_text()


class TestDamage:
    @pytest.mark.parametrize("field", ["public", "nonce", "ciphertext"])
    def test_one_changed_byte_is_noticed(self, store: KeyStore, field: str) -> None:
        store.generate_ed25519("log")
        path = store.directory / "log.key.json"
        content = json.loads(path.read_bytes())
        value = bytearray.fromhex(content[field])
        value[0] ^= 1
        content[field] = value.hex()
        path.write_text(json.dumps(content))
        with pytest.raises(KeyFileDamagedError) as caught:
            store.ed25519("log")
        assert caught.value.fields() == {"path": str(path)}
        with pytest.raises(KeyFileDamagedError):
            store.public_key("log")

    @pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"schema": "anxu-key/2"}'])
    def test_another_content_is_noticed(self, store: KeyStore, content: bytes) -> None:
        store.generate_ed25519("log")
        (store.directory / "log.key.json").write_bytes(content)
        with pytest.raises(KeyFileDamagedError):
            store.ed25519("log")

    def test_a_file_under_another_name_is_noticed(self, store: KeyStore) -> None:
        store.generate_ed25519("log")
        (store.directory / "log.key.json").rename(store.directory / "requests.key.json")
        with pytest.raises(KeyFileDamagedError):
            store.ed25519("requests")

    def test_a_file_renamed_inside_too_is_noticed(self, store: KeyStore) -> None:
        store.generate_ed25519("log")
        path = store.directory / "log.key.json"
        path.write_text(path.read_text().replace('"log"', '"requests"'))
        path.rename(store.directory / "requests.key.json")
        with pytest.raises(KeyFileDamagedError):
            store.ed25519("requests")

    def test_a_secret_relabelled_as_a_key_is_noticed(self, store: KeyStore) -> None:
        store.generate_secret("alliance")
        path = store.directory / "alliance.key.json"
        path.write_text(path.read_text().replace('"secret"', '"ed25519"'))
        with pytest.raises(KeyFileDamagedError):
            store.ed25519("alliance")

    def test_a_file_of_another_store_is_noticed(
        self, store: KeyStore, tmp_path: Path, passphrase: str
    ) -> None:
        other = KeyStore.create(tmp_path / "other", passphrase, scrypt_log2_n=14)
        other.generate_ed25519("log")
        files.write_new(
            store.directory / "log.key.json", (other.directory / "log.key.json").read_bytes()
        )
        with pytest.raises(KeyFileDamagedError):
            store.ed25519("log")


class TestCrash:
    def test_a_temporary_file_left_behind_is_ignored(
        self, store: KeyStore, passphrase: str
    ) -> None:
        left = store.directory / ".tmp-0123456789abcdef"
        left.write_bytes(b"half a ke")
        left.chmod(0o600)
        again = KeyStore.open(store.directory, passphrase)
        assert again.names() == ()
        again.generate_ed25519("log")
        assert again.names() == ("log",)

    def test_a_process_that_dies_before_the_file_is_named_leaves_no_key(
        self, store: KeyStore, passphrase: str
    ) -> None:
        program = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from ledger.keys.key_store import KeyStore\n"
            "store = KeyStore.open(Path(sys.argv[1]), sys.argv[2])\n"
            "os.link = lambda *names: os._exit(9)\n"
            "store.generate_ed25519('log')\n"
        )
        root = Path(files.__file__).parents[2]
        ended = subprocess.run(
            [sys.executable, "-c", program, str(store.directory), passphrase],
            cwd=root,
            check=False,
        )
        assert ended.returncode == 9
        again = KeyStore.open(store.directory, passphrase)
        assert not again.has("log")
        assert [name for name in _modes(store.directory) if name.startswith(".tmp-")]
        again.generate_ed25519("log")

    def test_a_replacement_that_fails_leaves_the_old_content(
        self, store: KeyStore, passphrase: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(descriptor: int) -> None:
            raise OSError(28, "no space left")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no space left"):
            store.change_passphrase("another passphrase", scrypt_log2_n=14)
        monkeypatch.undo()
        KeyStore.open(store.directory, passphrase)
        assert set(_modes(store.directory)) == {"store.json"}


class TestSuccessors:
    def test_a_name_means_the_successor_and_the_old_key_stays(self, store: KeyStore) -> None:
        old, new = store.generate_ed25519("log"), store.generate_ed25519("log-2")
        assert store.current_name("log") == "log"
        store.adopt("log", "log-2")
        assert store.current_name("log") == "log-2"
        assert store.ed25519("log").public_key == store.public_key("log") == new.public_key
        assert store.names() == ("log", "log-2")
        assert _modes(store.directory)["current.json"] == 0o600
        kept = json.loads((store.directory / "log.key.json").read_text())
        assert bytes.fromhex(kept["public"]) == old.public_key

    def test_it_holds_for_whoever_opens_the_store(self, store: KeyStore, passphrase: str) -> None:
        store.generate_secp256k1("publisher")
        new = store.generate_secp256k1("publisher-2")
        store.adopt("publisher", "publisher-2")
        opened = KeyStore.open(store.directory, passphrase)
        assert opened.secp256k1("publisher").address == new.address

    def test_no_key_or_one_of_another_kind_takes_no_place(self, store: KeyStore) -> None:
        store.generate_ed25519("log")
        store.generate_secp256k1("log-2")
        with pytest.raises(NotFoundError):
            store.adopt("log", "log-3")
        with pytest.raises(KeyKindError):
            store.adopt("log", "log-2")
        assert store.current_name("log") == "log"

    @pytest.mark.parametrize("content", ["x", "[]", "3"])
    def test_a_damaged_list_of_successors_is_named(self, store: KeyStore, content: str) -> None:
        store.generate_ed25519("log")
        path = store.directory / "current.json"
        path.write_text(content)
        path.chmod(0o600)
        with pytest.raises(KeyFileDamagedError) as caught:
            store.ed25519("log")
        assert caught.value.path == str(path)
