"""Signed notes against the published Go example, checkpoints and cosignatures against independent vectors."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import (
    InvalidSignatureError,
    LengthError,
    MalformedKeyError,
    MalformedNoteError,
    UnknownSignerError,
    VerificationError,
    WrongOriginError,
)
from ledger.evidence.checkpoint import (
    COSIGNATURE_V1,
    CheckpointBody,
    Note,
    SignatureLine,
    VerifierKey,
    add_signature_lines,
    cosign_checkpoint,
    is_key_name,
    open_checkpoint,
    parse_cosignature_line,
    sign_checkpoint,
    verify_cosignature,
    verify_ed25519,
    verify_log_signature,
)

ORIGIN, COSIGNER = "anxu/31415/3", "anxu/31415/supervisor"
TIME = 1_789_430_400


@pytest.fixture
def go(vector):
    return vector("checkpoint/go-sumdb-note.json")


@pytest.fixture
def published(vector):
    return vector("checkpoint/checkpoint.json")


@pytest.fixture
def log_key(make_key):
    return make_key("log")


@pytest.fixture
def body():
    return CheckpointBody(ORIGIN, 7, bytes(range(32)))


@pytest.fixture
def note(body, log_key):
    return sign_checkpoint(body, ORIGIN, log_key)


class TestGoExample:
    """golang.org/x/mod/sumdb/note, the example of its documentation."""

    def test_its_note_verifies(self, go):
        key, note = VerifierKey.parse(go["vkey"]), Note.parse(go["note"])
        assert note.text == go["text"]
        verify_log_signature(note.text, note.by(key), key)
        assert note.format() == go["note"]

    def test_its_key_formats_back(self, go):
        key = VerifierKey.parse(go["vkey"])
        assert (key.name, key.algorithm, key.key_id.hex()) == ("PeterNeumann", 1, "c74f20a3")
        assert key.format() == go["vkey"]

    def test_a_changed_text_does_not(self, go):
        key = VerifierKey.parse(go["vkey"])
        note = Note.parse(go["note"].replace("cryptography", "cryptographY"))
        with pytest.raises(InvalidSignatureError) as refused:
            verify_log_signature(note.text, note.by(key), key)
        assert refused.value.what == "the checkpoint"

    def test_every_piece_of_its_key_is_refused(self, go):
        text = go["vkey"]
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                if (start, end) != (0, len(text)):
                    with pytest.raises(MalformedKeyError):
                        VerifierKey.parse(text[start:end])

    def test_every_changed_character_of_its_key_is_refused(self, go):
        for at, character in enumerate(go["vkey"]):
            with pytest.raises(MalformedKeyError):
                VerifierKey.parse(go["vkey"][:at] + chr(ord(character) + 1) + go["vkey"][at + 1 :])

    @pytest.mark.parametrize(
        "text",
        [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ],
    )
    def test_its_bad_keys_are_refused(self, text):
        """Of golang.org/x/mod/sumdb/note's tests: wrong length, unknown algorithm, with fitting ids."""
        with pytest.raises(MalformedKeyError):
            VerifierKey.parse(text)


class TestVerifierKey:
    def test_keys_of_the_vector(self, published, log_key, make_key):
        for text, algorithm in ((published["log_vkey"], 1), (published["cosigner_vkey"], 4)):
            assert VerifierKey.parse(text).algorithm == algorithm
            assert VerifierKey.parse(text).format() == text

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x7fb", "\ud800"])
    def test_names_that_cannot_stand_in_a_note_are_refused(self, name):
        assert not is_key_name(name)
        with pytest.raises(MalformedKeyError) as refused:
            VerifierKey.log(name, bytes(32))
        assert "name" in refused.value.reason

    def test_a_short_key_is_refused(self):
        with pytest.raises(MalformedKeyError) as refused:
            VerifierKey.cosigner("a", bytes(31))
        assert "32 bytes" in refused.value.reason

    def test_one_key_has_two_ids_for_its_two_uses(self, log_key):
        as_log = VerifierKey.log("a", log_key.public_key)
        as_cosigner = VerifierKey.cosigner("a", log_key.public_key)
        assert as_log.key_id != as_cosigner.key_id


class TestCheckpoint:
    def test_the_vector_is_signed_byte_for_byte(self, published, make_key):
        body = CheckpointBody(ORIGIN, published["size"], bytes.fromhex(published["root"]))
        assert body.format() == published["text"]
        log = _VectorKey("log")
        cosigner = _VectorKey("cosigner")
        note = sign_checkpoint(body, ORIGIN, log)
        line = cosign_checkpoint(body, COSIGNER, cosigner, time=published["time"])
        assert line == published["cosignature_line"]
        assert add_signature_lines(note, [line]) == published["note"]
        assert CheckpointBody.parse(published["text"]) == body

    def test_the_vector_opens(self, published):
        keys = [VerifierKey.parse(published["log_vkey"])]
        body = open_checkpoint(published["note"], ORIGIN, keys)
        assert (body.size, body.root.hex()) == (published["size"], published["root"])
        cosigner = VerifierKey.parse(published["cosigner_vkey"])
        line = Note.parse(published["note"]).by(cosigner)
        assert verify_cosignature(published["text"], line, cosigner) == published["time"]

    def test_what_is_signed_opens(self, note, body, log_key):
        assert open_checkpoint(note, ORIGIN, [VerifierKey.log(ORIGIN, log_key.public_key)]) == body

    def test_the_example_body_of_the_specification_parses(self):
        """c2sp.org/tlog-checkpoint."""
        text = (
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        )
        body = CheckpointBody.parse(text)
        assert (body.origin, body.size) == ("example.com/behind-the-sofa", 20852163)
        assert body.format() == text

    def test_another_origin_is_refused(self, note, log_key):
        key = VerifierKey.log(ORIGIN, log_key.public_key)
        with pytest.raises(WrongOriginError) as refused:
            open_checkpoint(note, "anxu/31415/4", [key])
        assert refused.value.fields() == {"expected": "anxu/31415/4", "actual": ORIGIN}

    def test_a_key_that_nobody_trusts_is_refused(self, note, make_key, log_key):
        with pytest.raises(UnknownSignerError) as refused:
            open_checkpoint(note, ORIGIN, [VerifierKey.log(ORIGIN, make_key("x").public_key)])
        assert refused.value.key_id == VerifierKey.log(ORIGIN, log_key.public_key).key_id.hex()
        with pytest.raises(UnknownSignerError):
            open_checkpoint(note, ORIGIN, [])

    def test_one_false_signature_by_a_known_key_refuses_the_note(self, body, log_key, make_key):
        other = make_key("other log key")
        good, bad = (
            sign_checkpoint(body, ORIGIN, log_key),
            sign_checkpoint(CheckpointBody(ORIGIN, 8, body.root), ORIGIN, other),
        )
        note = add_signature_lines(good, [bad.splitlines()[-1]])
        keys = [VerifierKey.log(ORIGIN, key.public_key) for key in (log_key, other)]
        assert open_checkpoint(note, ORIGIN, keys[:1]) == body
        with pytest.raises(InvalidSignatureError):
            open_checkpoint(note, ORIGIN, keys)

    def test_every_changed_byte_is_refused(self, note, log_key):
        key, raw = VerifierKey.log(ORIGIN, log_key.public_key), note.encode()
        for at in range(len(raw)):
            for flip in (0x01, 0x20, 0x80):
                damaged = bytearray(raw)
                damaged[at] ^= flip
                with pytest.raises((VerificationError, UnicodeDecodeError)):
                    open_checkpoint(bytes(damaged).decode(), ORIGIN, [key])

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda n: n[:-1], "newline"),
            (lambda n: n + "\n", "signature line|empty line"),
            (lambda n: n + "x", "newline"),
            (lambda n: "\ufeff" + n, "origin"),
            (lambda n: n.replace("\n\n", "\n"), "empty line"),
            (lambda n: n.replace("— ", "- "), "signature line"),
            (lambda n: n.replace("\n7\n", "\n07\n"), "size"),
            (lambda n: n.replace("\n7\n", "\n+7\n"), "size"),
            (lambda n: n.replace("\n7\n", "\n-7\n"), "size"),
            (lambda n: n.replace("\n7\n", "\n７\n"), "size"),
            (lambda n: n.replace("\n7\n", "\n9223372036854775808\n"), "size"),
            (lambda n: n.replace("\n7\n", "\n7\nextension\n"), "three lines"),
            (lambda n: n.replace("\n7\n", "\n"), "three lines"),
            (lambda n: n.replace("=\n", "\n", 1), "root"),
            (lambda n: n.replace("=\n", "==\n", 1), "root"),
            (lambda n: n.replace(ORIGIN + "\n", "an xu\n"), "origin"),
            (lambda n: n.replace(ORIGIN + "\n", "\n"), "empty line|origin|three lines"),
            (lambda n: n.replace("\n", "\r\n"), "control"),
            (lambda n: n.replace("\n7\n", "\n7\t\n"), "control"),
            (lambda n: n + n.splitlines()[-1] + "\n", "twice"),
            (lambda n: n + "— x AAAA\n", "base64"),
            (lambda n: n + "— x AAAAAAB=\n", "base64"),
            (lambda n: n + "— x+y AAAAAAAA\n", "signature line"),
            (lambda n: n + "".join(f"— k{i} AAAAAAAA\n" for i in range(64)), "64"),
            (lambda n: n.replace("7", "7" * 70_000), "longer"),
            (lambda n: n.replace(ORIGIN, "\ud800"), "UTF-8"),
            (lambda _: "", "newline"),
            (lambda _: "\n\n", "empty line"),
        ],
    )
    def test_another_form_is_refused_by_name(self, note, log_key, change, reason):
        key = VerifierKey.log(ORIGIN, log_key.public_key)
        with pytest.raises(MalformedNoteError, match=reason):
            open_checkpoint(change(note), ORIGIN, [key])

    def test_what_cannot_be_a_checkpoint_is_not_signed(self, log_key):
        for body, error in (
            (CheckpointBody("a b", 1, bytes(32)), MalformedNoteError),
            (CheckpointBody("a", -1, bytes(32)), MalformedNoteError),
            (CheckpointBody("a", 2**63, bytes(32)), MalformedNoteError),
            (CheckpointBody("a", 1, bytes(31)), LengthError),
        ):
            with pytest.raises(error):
                sign_checkpoint(body, ORIGIN, log_key)

    @given(st.text(max_size=60))
    def test_whatever_parses_formats_back(self, text):
        for note in (text, f"{text}\n\n— a AAAAAAAA\n"):
            try:
                assert Note.parse(note).format() == note
            except MalformedNoteError:
                continue
        try:
            assert CheckpointBody.parse(text).format() == text
        except MalformedNoteError:
            return


class TestCosignature:
    @pytest.fixture
    def cosigner(self, make_key):
        return make_key("cosigner")

    @pytest.fixture
    def key(self, cosigner):
        return VerifierKey.cosigner(COSIGNER, cosigner.public_key)

    @pytest.fixture
    def line(self, body, cosigner):
        return cosign_checkpoint(body, COSIGNER, cosigner, time=TIME)

    def test_holds_for_its_checkpoint_and_gives_its_time(self, line, key, body):
        assert parse_cosignature_line(line, key, body) == TIME

    def test_signs_header_time_and_body(self, line, key, body):
        blob = base64.b64decode(line.split(" ")[2])
        assert blob[:4] == key.key_id
        assert int.from_bytes(blob[4:12], "big") == TIME
        message = f"cosignature/v1\ntime {TIME}\n{body.format()}".encode()
        verify_ed25519(key.public_key, blob[12:], message, what="it")

    def test_does_not_hold_for_another(self, line, key, body):
        with pytest.raises(InvalidSignatureError) as refused:
            parse_cosignature_line(line, key, CheckpointBody(ORIGIN, 8, body.root))
        assert refused.value.what == "the cosigned checkpoint"

    def test_another_key_or_kind_of_key_is_unknown(self, line, body, cosigner, make_key):
        for key in (
            VerifierKey.cosigner(COSIGNER, make_key("x").public_key),
            VerifierKey.cosigner("other", cosigner.public_key),
            VerifierKey.log(COSIGNER, cosigner.public_key),
        ):
            with pytest.raises(UnknownSignerError) as refused:
                parse_cosignature_line(line, key, body)
            assert refused.value.key_id == line_key_id(line)

    def test_a_log_signature_is_no_cosignature(self, note, log_key, body):
        key = VerifierKey.log(ORIGIN, log_key.public_key)
        line = Note.parse(note).by(key)
        with pytest.raises(UnknownSignerError):
            verify_cosignature(body.format(), line, key)
        cosigner = VerifierKey(ORIGIN, COSIGNATURE_V1, log_key.public_key)
        with pytest.raises(UnknownSignerError):
            verify_log_signature(body.format(), line, cosigner)

    def test_another_time_is_refused(self, line, key, body):
        parsed = SignatureLine.parse(line)
        for time in (TIME + 1, 2**63):
            moved = SignatureLine(
                parsed.name, parsed.key_id, time.to_bytes(8, "big") + parsed.signature[8:]
            )
            with pytest.raises(InvalidSignatureError):
                verify_cosignature(body.format(), moved, key)

    def test_another_length_is_refused(self, line, key, body):
        parsed = SignatureLine.parse(line)
        for signature in (parsed.signature[:-1], parsed.signature + b"\x00"):
            with pytest.raises(InvalidSignatureError):
                verify_cosignature(
                    body.format(), SignatureLine(parsed.name, parsed.key_id, signature), key
                )

    @pytest.mark.parametrize("time", [-1, 2**63])
    def test_an_impossible_time_is_not_signed(self, body, cosigner, time):
        with pytest.raises(MalformedNoteError):
            cosign_checkpoint(body, COSIGNER, cosigner, time=time)

    def test_a_newer_line_of_a_cosigner_replaces_the_older(self, note, line, body, cosigner):
        once = add_signature_lines(note, [line])
        newer = cosign_checkpoint(body, COSIGNER, cosigner, time=TIME + 60)
        twice = add_signature_lines(once, [newer])
        assert twice == add_signature_lines(note, [newer])
        assert once.startswith(note)

    @pytest.mark.parametrize("line", ["", "— x", "— x AAAAAAAA\n", "x AAAAAAAA"])
    def test_what_is_no_line_is_not_added(self, note, line):
        with pytest.raises(MalformedNoteError):
            add_signature_lines(note, [line])


class TestEd25519:
    def test_takes_bytes_or_their_base64(self, make_key):
        key = make_key("k")
        signature = key.sign(b"m")
        verify_ed25519(key.public_key, signature, b"m", what="it")
        verify_ed25519(key.public_key, base64.b64encode(signature).decode(), b"m", what="it")

    @pytest.mark.parametrize("signature", [b"", bytes(64), "", "x", "AAAA"])
    def test_refuses_everything_else(self, make_key, signature):
        with pytest.raises(InvalidSignatureError) as refused:
            verify_ed25519(make_key("k").public_key, signature, b"m", what="a bundle")
        assert refused.value.what == "a bundle"

    def test_refuses_what_is_no_key(self, make_key):
        with pytest.raises(InvalidSignatureError):
            verify_ed25519(bytes(31), make_key("k").sign(b"m"), b"m", what="it")


def line_key_id(line):
    return base64.b64decode(line.split(" ")[2])[:4].hex()


class _VectorKey:
    """The keys that scripts/make_vectors.py signs with."""

    def __init__(self, purpose):
        import hashlib

        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        seed = hashlib.sha256(b"anxu test vector: " + purpose.encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message):
        return self._key.sign(message)
