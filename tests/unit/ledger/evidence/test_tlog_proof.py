"""The public part as text: c2sp.org/tlog-proof."""

import base64

import pytest

from ledger.errors import MalformedBundleError, RootMismatchError, VerificationError
from ledger.evidence.bundle import MAX_BUNDLE_BYTES
from ledger.evidence.checkpoint import VerifierKey, open_checkpoint, verify_cosignature
from ledger.evidence.tlog_proof import TlogProof

ORIGIN = "anxu/31415/3"


@pytest.fixture
def proof(case):
    return TlogProof.of(case.full_bundle())


@pytest.fixture
def text(proof):
    return proof.format()


def _refused(text):
    with pytest.raises(MalformedBundleError) as refused:
        TlogProof.parse(text)
    return refused.value.field


class TestForm:
    def test_is_that_of_the_specification_and_holds_nothing_private(self, case, text):
        """Header, extra, index, proof, empty line, checkpoint."""
        bundle = case.full_bundle()
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        assert lines[1] == f"extra {base64.b64encode(bundle.leaf.pack()).decode()}"
        assert lines[2] == "index 5"
        assert [base64.b64decode(line) for line in lines[3:]] == list(bundle.inclusion)
        assert note == case.note
        for secret in ("张三", "1101011950", case.salt.hex(), case.subject.hex()):
            assert secret not in text

    def test_both_levels_have_one_text(self, case, text):
        assert TlogProof.of(case.bundle(level="supervision")).format() == text

    def test_parses_back(self, proof, text):
        assert TlogProof.parse(text) == TlogProof.parse(text.encode()) == proof

    def test_a_log_of_one_leaf_has_no_hashes(self, proof, text):
        alone = TlogProof(proof.leaf, 0, (), proof.note)
        assert TlogProof.parse(alone.format()) == alone


class TestChecking:
    def test_the_leaf_is_under_the_signed_root(self, case, proof):
        body = proof.verify_inclusion()
        key = VerifierKey.log(ORIGIN, case.log_key.public_key)
        assert open_checkpoint(proof.note.format(), ORIGIN, [key]) == body == case.body

    def test_another_leaf_is_not(self, proof):
        with pytest.raises(RootMismatchError):
            TlogProof(proof.leaf, 4, proof.inclusion, proof.note).verify_inclusion()


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda text: "", "checkpoint"),
            (lambda text: text.partition("\n\n")[0], "checkpoint"),
            (lambda text: text.replace("@v1", "@v2"), "header"),
            (lambda text: "\n" + text, "header"),
            (lambda text: text.replace("extra ", "other "), "extra"),
            (lambda text: text.replace("extra ", "extra  "), "extra"),
            (lambda text: text.replace("extra ", "extra A"), "extra"),
            (lambda text: text.replace("index 5", "index 05"), "index"),
            (lambda text: text.replace("index 5", "index -5"), "index"),
            (lambda text: text.replace("index 5", "index 9999999999999999"), "index"),
            (lambda text: text.replace("index 5", "index 5 "), "index"),
            (lambda text: text.replace("index 5\n", "index 5\nAAAA\n"), "inclusion"),
            (lambda text: text.replace("index 5\n", "index 5\n" + "A" * 42 + "B=\n"), "inclusion"),
            (lambda text: text.replace("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64), "inclusion"),
            (lambda text: text + "\n", "checkpoint"),
            (lambda text: text + "x", "checkpoint"),
            (lambda text: text.replace("\n\nanxu/31415/3\n7\n", "\n\nanxu/31415/3\n07\n"), "checkpoint"),
        ],
    )  # fmt: skip
    def test_another_form_is_refused_by_part(self, text, change, field):
        assert _refused(change(text)) == field

    def test_what_is_no_text_or_too_long_is_refused(self):
        assert _refused(b"\xff\xfe") == "file"
        assert _refused("\ud800") == "file"
        assert _refused("x" * (MAX_BUNDLE_BYTES + 1)) == "file"

    def test_every_changed_byte_is_refused_or_formats_back_and_never_verifies(self, case, text):
        key = VerifierKey.log(ORIGIN, case.log_key.public_key)
        raw, read = text.encode(), 0
        for at in range(len(raw)):
            for flip in (0x01, 0x04, 0x20):
                damaged = raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
                try:
                    changed = TlogProof.parse(damaged)
                except VerificationError:
                    continue
                read += 1
                assert changed.format().encode() == damaged
                with pytest.raises(VerificationError):
                    self._rely_on(changed, key, case)
        assert read > 500

    @staticmethod
    def _rely_on(proof, key, case):
        """What a stranger does; a cosignature that is not asked for may be lost."""
        proof.verify_inclusion()
        open_checkpoint(proof.note.format(), ORIGIN, [key])
        cosigner = VerifierKey.cosigner("anxu/31415/supervisor", case.cosigner_key.public_key)
        line = proof.note.by(cosigner)
        if line is None:
            raise MalformedBundleError(field="checkpoint", reason="nobody cosigned it")
        verify_cosignature(proof.note.text, line, cosigner)
