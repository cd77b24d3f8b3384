from __future__ import annotations

import json

import pytest

from api.error_table import problem_of, status_of
from ledger.errors import (
    AlreadyResolvedError,
    BatchStateError,
    ChainUnavailableError,
    ConflictError,
    CorruptionError,
    EncodingError,
    InvalidSignatureError,
    InvariantBrokenError,
    LedgerError,
    NotFoundError,
    NotPermittedError,
    RefusedError,
    SameOfficerError,
    SettingsError,
    UnavailableError,
    UsageError,
    VerificationError,
)


class TestStatusOf:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (NotFoundError(what="batch", key="1"), 404),
            (NotPermittedError(action="a", needed="b"), 403),
            (AlreadyResolvedError(what="a", key="b", state="c"), 409),
            (BatchStateError(what="a", key="b", state="c", needed="d"), 409),
            (EncodingError(field="f", reason="r"), 422),
            (SameOfficerError(action="a"), 422),
            (InvalidSignatureError(what="w"), 400),
            (ChainUnavailableError(endpoint="e", reason="r"), 503),
            (InvariantBrokenError(invariant="i", expected="a", actual="b"), 500),
            (SettingsError(setting="s", reason="r"), 400),
            (LedgerError(), 500),
        ],
    )
    def test_who_has_to_act_gives_the_status(self, error, status):
        assert status_of(error) == status

    def test_every_error_of_the_tree_has_a_status_of_its_root(self):
        roots = {
            ConflictError: {409}, RefusedError: {422, 404, 403, 409}, VerificationError: {400},
            UnavailableError: {503}, CorruptionError: {500}, UsageError: {400},
        }  # fmt: skip
        for leaf in _leaves(LedgerError):
            error = leaf.__new__(leaf)
            root = next(root for root in roots if isinstance(error, root))
            assert status_of(error) in roots[root], leaf.__name__


class TestProblemOf:
    def test_it_says_what_happened_and_what_to_do_in_both_languages(self):
        error = BatchStateError(what="batch", key="0x12", state="PROPOSED", needed="CHECKED")
        problem = problem_of(error, "a1b2c3d4")
        assert json.loads(json.dumps(problem)) == problem
        assert problem["type"] == "urn:anxu:problem:batch-state"
        assert (problem["status"], problem["reference"]) == (409, "a1b2c3d4")
        assert problem["detail"] == "The batch 0x12 is PROPOSED; this needs CHECKED."
        assert problem["detail_zh"] == "batch 0x12 目前为 PROPOSED，此操作要求 CHECKED。"
        assert problem["remedy"]
        assert problem["remedy_zh"]
        assert problem["retryable"] is False

    def test_what_may_be_tried_again_says_so(self):
        assert problem_of(ChainUnavailableError(endpoint="e", reason="r"), "x")["retryable"] is True


def _leaves(kind: type[LedgerError]) -> list[type[LedgerError]]:
    below = kind.__subclasses__()
    return [leaf for each in below for leaf in _leaves(each)] if below else [kind]
