from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from eth_keys.datatypes import Signature

from ledger.errors import (
    AlreadyResolvedError,
    CorrectionRefusedError,
    DuplicateFactError,
    EncodingError,
    ImportRefusedError,
    NotFoundError,
    NotPermittedError,
    ReasonMissingError,
    ReversalOfReversalError,
    SameOfficerError,
)
from ledger.evidence.encoding import reversal_tag
from ledger.policy.kinds import Kind
from ledger.recording.facts import Fact
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.corrections import restate_entry, reverse_entry
from ledger.records.deaths import import_deaths
from ledger.records.files import read_table
from ledger.records.rules import REVERSAL_REASONS, ReversalReason, contribution_fact
from ledger.records.service import import_contributions
from ledger.records.validation import check_contributions

BASIS = "社会保险经办条例第三十七条"


@pytest.fixture
def recorded(node, write_csv, contribution):
    import_contributions(node, write_csv([contribution(1), contribution(2)]))
    return node


@pytest.fixture
def row(write_csv, contribution, today):
    path = write_csv([contribution(1, person_amount="640.50")], name="row.csv")
    return check_contributions(read_table(path, None, CONTRIBUTIONS), "340100", today).rows[0]


def reverse(node, index=0, maker="one", checker="two", basis=BASIS, restatement=None):
    return reverse_entry(
        node, index, ReversalReason.WRONG_AMOUNT, basis, maker, checker, restatement
    )


class TestReversal:
    def test_it_points_at_the_leaf_and_bears_its_head_and_the_opposite_amount(
        self, recorded, identity
    ):
        report = reverse(recorded)
        assert (report.reversed_index, report.reversal_index, report.restatement_index) == (
            0,
            2,
            None,
        )
        with recorded.read() as view:
            stored = view.log.entry(2)
            record = recorded.bureau.reader.open(stored, view.log).record
            assert view.log.reversed_among([0, 1]) == {0}
        salt, signatures = record.pop("approval_salt"), record.pop("signatures")
        assert [item["officer"] for item in signatures] == ["officer-one", "officer-two"]
        assert len(bytes.fromhex(salt)) == 32
        assert stored.leaf.tag == reversal_tag(1, 0)
        assert stored.entry.subject == bytes([0, 0, 0, 1]) + bytes(28)
        assert record == {
            "schema": "anxu-reversal/1",
            "kind": 3,
            "class": 1,
            "period": 202607,
            "amount_fen": -192_000,
            "identity_number": identity(1),
            "name": "参保人1",
            "reverses": {"log": 1, "index": 0, "kind": 1},
            "reason_code": "WRONG_AMOUNT",
            "legal_basis": BASIS,
            "maker": "one",
            "checker": "two",
        }

    def test_the_fact_is_stated_anew_in_the_same_transaction(self, recorded, row):
        report = reverse(recorded, restatement=contribution_fact(row, "340100"))
        assert report.restatement_index == 3
        with recorded.read() as view:
            stored = view.log.entry(3)
            assert stored.entry.head.kind is Kind.CONTRIBUTION
            assert stored.entry.amount_fen == 192_050
            assert stored.leaf.tag == view.log.entry(0).leaf.tag
            assert view.log.entry(2).source_key == stored.source_key == "reversal/0"

    @pytest.mark.parametrize(("maker", "checker"), [("one", "one"), ("One ", "one")])
    def test_two_officers_are_needed(self, recorded, maker, checker):
        with pytest.raises(SameOfficerError) as refused:
            reverse(recorded, maker=maker, checker=checker)
        assert refused.value.action == "reversing an entry"

    def test_a_legal_basis_is_needed(self, recorded):
        with pytest.raises(ReasonMissingError) as refused:
            reverse(recorded, basis="  ")
        assert refused.value.fields() == {"action": "reversing an entry", "what": "legal basis"}

    def test_what_is_not_there_cannot_be_reversed(self, recorded):
        with pytest.raises(NotFoundError) as refused:
            reverse(recorded, index=7)
        assert refused.value.fields() == {"what": "entry", "key": "7"}

    def test_the_same_again_changes_nothing(self, recorded, row):
        for index, fact in ((0, contribution_fact(row, "340100")), (1, None)):
            first = reverse(recorded, index, restatement=fact)
            again = reverse(recorded, index, restatement=fact)
            assert again == replace(first, already_done=True)
        with recorded.read() as view:
            assert view.log.head().size == 5

    def test_nothing_is_reversed_twice(self, recorded, row):
        reverse(recorded)
        restated = contribution_fact(row, "340100")
        others = ({"basis": "another"}, {"maker": "three"}, {"restatement": restated})
        for other in others:
            with pytest.raises(AlreadyResolvedError) as refused:
                reverse(recorded, **other)
            assert refused.value.fields() == {"what": "entry", "key": "0", "state": "reversed"}

    def test_an_officer_without_a_key_signs_nothing(self, recorded):
        with pytest.raises(NotPermittedError):
            reverse(recorded, checker="somebody")
        with recorded.read() as view:
            assert view.log.head().size == 2

    def test_a_reversal_is_never_reversed(self, recorded):
        reverse(recorded)
        with pytest.raises(ReversalOfReversalError) as refused:
            reverse(recorded, index=2)
        assert refused.value.index == 2

    def test_a_restatement_finds_no_room_where_another_line_stands(self, recorded, row, identity):
        other = replace(row, identity_number=identity(2))
        with pytest.raises(DuplicateFactError) as refused:
            reverse(recorded, restatement=contribution_fact(other, "340100"))
        assert refused.value.fields() == {"index": 1, "period": 202607}
        with recorded.read() as view:
            assert view.log.head().size == 2

    def test_each_reason_has_words(self):
        assert set(REVERSAL_REASONS) == set(ReversalReason)


def restate(node, path, index=0, reason=ReversalReason.WRONG_AMOUNT):
    return restate_entry(node, index, path, reason, BASIS, "one", "two")


def record_at(node, index):
    with node.read() as view:
        return node.bureau.reader.open(view.log.entry(index), view.log).record


class TestRestatement:
    @pytest.fixture
    def mended(self, recorded, write_csv, contribution):
        """A node where the first line was restated with half a yuan more."""
        path = write_csv([contribution(1, person_amount="640.50")], name="mended.csv")
        restate(recorded, path)
        return recorded

    def test_the_new_entry_names_what_it_restates_and_both_carry_why_and_who(self, mended):
        taken_back, stated = record_at(mended, 2), record_at(mended, 3)
        correction = stated["correction"]
        assert correction["restates"] == {"log": 1, "index": 0}
        for name in (
            "reason_code",
            "legal_basis",
            "maker",
            "checker",
            "approval_salt",
            "signatures",
        ):
            assert correction[name] == taken_back[name]
        assert (stated["amount_fen"], stated["person_fen"]) == (192_050, 64_050)

    def test_both_officers_signed_what_goes_and_what_comes(self, mended, officers):
        """Worked out from the two records alone, with json, hashlib and eth_keys."""
        stated = record_at(mended, 3)
        correction = stated.pop("correction")
        statement = {
            "schema": "anxu-correction/1",
            "reverses": correction["restates"],
            **{
                name: correction[name]
                for name in ("reason_code", "legal_basis", "maker", "checker")
            },
            "restatement": stated,
        }
        text = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        salt = bytes.fromhex(correction["approval_salt"])
        digest = hashlib.sha256(b"\x12" + salt + text.encode()).digest()
        for signed in correction["signatures"]:
            raw = bytes.fromhex(signed["signature"])
            signature = Signature(raw[:64] + bytes([raw[64] - 27]))
            public = signature.recover_public_key_from_msg_hash(digest)
            assert public.to_checksum_address() == signed["address"]
            assert officers.secp256k1(signed["officer"]).address == signed["address"]

    def test_a_person_or_month_can_be_put_right(self, recorded, write_csv, contribution, identity):
        path = write_csv([contribution(3, period="202606")], name="mended.csv")
        done = restate(recorded, path, reason=ReversalReason.WRONG_PERSON)
        assert (done.reversal_index, done.restatement_index) == (2, 3)
        assert record_at(recorded, 2)["identity_number"] == identity(1)
        assert record_at(recorded, 3)["identity_number"] == identity(3)

    def test_a_restated_line_can_be_restated(self, mended, write_csv, contribution):
        path = write_csv([contribution(1, person_amount="640.00")], name="again.csv")
        done = restate(mended, path, index=3)
        assert record_at(mended, done.restatement_index)["correction"]["restates"]["index"] == 3

    def test_a_death_is_restated(self, node, write_csv, death):
        import_deaths(node, write_csv([death(1), death(2)]))
        path = write_csv([death(1, died_on="2026-05-31")], name="mended.csv")
        done = restate(node, path, reason=ReversalReason.DEATH_DISPROVED)
        stated = record_at(node, done.restatement_index)
        assert (stated["kind"], stated["died_on"], stated["period"]) == (10, "2026-05-31", 202605)
        other = write_csv([death(2, died_on="2026-05-30")], name="other.csv")
        with pytest.raises(DuplicateFactError) as refused:
            restate(node, other, index=3)
        assert refused.value.index == 1

    def test_a_line_with_errors_is_refused_as_an_import_is(self, recorded, write_csv, contribution):
        path = write_csv([contribution(1, unit_amount="x")], name="mended.csv")
        with pytest.raises(ImportRefusedError) as refused:
            restate(recorded, path)
        assert [item.field for item in refused.value.findings] == ["unit_amount"]

    def test_one_fact_takes_the_place_of_one(self, recorded, write_csv, contribution):
        path = write_csv([contribution(1), contribution(3)], name="mended.csv")
        with pytest.raises(EncodingError):
            restate(recorded, path)

    def test_a_month_that_moved_away_is_not_stated_here_again(
        self, recorded, write_csv, contribution, identity
    ):
        moved = Fact(Kind.TRANSFER_OUT, 1, 202608, 0, {"leaves": [0]}, identity(1))
        with recorded.write() as work:
            entries = recorded.bureau.writer.prepare([moved])
            work.log.append(entries, source_key="moved", recorded_at=recorded.clock.now())
            work.commit()
        path = write_csv([contribution(1, person_amount="640.50")], name="mended.csv")
        with pytest.raises(CorrectionRefusedError) as refused:
            restate(recorded, path)
        assert "moved" in refused.value.reason
        reverse(recorded, 2)
        assert restate(recorded, path).restatement_index == 5

    def test_only_contributions_and_deaths_are_restated_from_such_a_file(
        self, recorded, write_csv, contribution, identity
    ):
        other = Fact(Kind.EVIDENCE, 0, 202608, 0, {}, identity(1))
        with recorded.write() as work:
            entries = recorded.bureau.writer.prepare([other])
            work.log.append(entries, source_key="other", recorded_at=recorded.clock.now())
            work.commit()
        with pytest.raises(CorrectionRefusedError):
            restate(recorded, write_csv([contribution(1)], name="mended.csv"), index=2)

    def test_a_supplement_needs_the_line_it_adds_to(self, recorded, write_csv, contribution):
        path = write_csv(
            [contribution(1, contribution_type="补差", person_amount="1.00")], name="mended.csv"
        )
        with pytest.raises(CorrectionRefusedError) as refused:
            restate(recorded, path)
        assert refused.value.index == 0


class TestMoney:
    def books(self, node):
        with node.read() as view:
            return view.journal.balances()

    def waiting(self, node):
        return self.books(node)["CORRECTIONS_WAITING"]

    def test_the_difference_is_booked_with_the_correction(self, node, write_csv, contribution):
        import_contributions(node, write_csv([contribution(n) for n in (1, 2, 3)]))
        assert self.books(node) == {"OUTSIDE": -576_000, "TREASURY": 576_000}
        restate(node, write_csv([contribution(1, person_amount="640.50")], name="more.csv"))
        assert self.waiting(node) == 50
        restate(node, write_csv([contribution(2, unit_amount="1279.00")], name="less.csv"), index=1)
        assert self.waiting(node) == -50
        restate(node, write_csv([contribution(3, employer_name="改名")], name="same.csv"), index=2)
        reverse(node, 4)
        with node.read() as view:
            occasions = [entry.occasion for entry in view.journal.all()]
        assert self.books(node) == {
            "CORRECTIONS_WAITING": -192_100, "OUTSIDE": -383_900, "TREASURY": 576_000,
        }  # fmt: skip
        assert occasions == ["CONTRIBUTIONS_COLLECTED", *["CONTRIBUTIONS_CORRECTED"] * 3]

    def test_money_that_goes_back_to_the_payer_is_named_so(self, node, write_csv, contribution):
        import_contributions(node, write_csv([contribution(n) for n in (1, 2, 3)]))
        for index, reason in enumerate((ReversalReason.REFUNDED, ReversalReason.DOUBLE_INSURANCE)):
            reverse_entry(node, index, reason, BASIS, "one", "two")
        with node.read() as view:
            found = view.journal.of_occasions("CONTRIBUTIONS_REFUNDED")
        assert [entry.postings[0] for entry in found] == [("CORRECTIONS_WAITING", -192_000)] * 2

    def test_it_waits_while_the_sum_would_be_nothing(self, node, write_csv, contribution):
        import_contributions(node, write_csv([contribution(n) for n in range(1, 9)]))
        for index in range(3):
            reverse(node, index)
        lines = [contribution(n, period="202608", paid_on="2026-08-15") for n in (1, 2, 3)]
        report = import_contributions(node, write_csv(lines, name="later.csv"))
        assert report.collection is None
        assert self.waiting(node) == -3 * 192_000
        more = [contribution(n, period="202608", paid_on="2026-08-15") for n in (4, 5, 6)]
        assert import_contributions(node, write_csv(more, name="more.csv")).collection
        with node.write() as work:
            work.outbox.release_anchored(99, at=node.clock.now())
            last = work.outbox.all()[-1]
        # 3 and 3 lines of files, 3 corrections; (6 - 3) * 1,920.00 yuan over leaves 8 to 16.
        assert last.function == "recordCollection"
        assert last.arguments[2:] == [8, 17, 9, 576_000, 202607, 202608]
        assert self.books(node) == {
            "CORRECTIONS_WAITING": 0, "OUTSIDE": -2_112_000, "TREASURY": 2_112_000,
        }  # fmt: skip

    def test_more_taken_back_than_came_corrects_what_was_collected(
        self, node, write_csv, contribution
    ):
        import_contributions(node, write_csv([contribution(n) for n in range(1, 9)]))
        for index in range(4):
            reverse(node, index)
        lines = [contribution(n, period="202608", paid_on="2026-08-15") for n in (1, 2, 3)]
        assert import_contributions(node, write_csv(lines, name="later.csv")).collection
        with node.write() as work:
            work.outbox.release_anchored(99, at=node.clock.now())
            last = work.outbox.all()[-1]
        # 3 lines and 4 corrections; (4 - 3) * 1,920.00 yuan less, over leaves 8 to 14.
        assert last.function == "correctCollection"
        assert last.arguments[2:] == [8, 15, 7, 192_000, 202607, 202608]
        assert self.books(node) == {
            "CORRECTIONS_WAITING": 0, "OUTSIDE": -1_344_000, "TREASURY": 1_344_000,
        }  # fmt: skip

    def test_the_chain_learns_it_with_the_next_total(self, node, write_csv, contribution):
        """No message of its own: it would show one person's amount."""
        import_contributions(node, write_csv([contribution(n) for n in (1, 2, 3)]))
        restate(node, write_csv([contribution(1, person_amount="640.50")], name="more.csv"))
        reverse(node, 1)
        with node.read() as view:
            assert view.outbox.waiting_for_anchor() == 1
        later = [contribution(n, period="202608", paid_on="2026-08-15") for n in (1, 2, 3)]
        import_contributions(node, write_csv(later, name="later.csv"))
        with node.write() as work:
            assert work.outbox.release_anchored(99, at=node.clock.now()) == 2
            first, second = work.outbox.all()
        assert first.arguments[2:] == [0, 3, 3, 576_000, 202607, 202607]
        # 3 lines of a file and 2 corrections: 5,760.00 + 0.50 - 1,920.00 yuan, leaves 3 to 8.
        assert second.arguments[2:] == [3, 9, 5, 384_050, 202607, 202608]
        assert self.books(node) == {
            "CORRECTIONS_WAITING": 0, "OUTSIDE": -960_050, "TREASURY": 960_050,
        }  # fmt: skip
        again = [contribution(n, period="202606", paid_on="2026-06-15") for n in (1, 2, 3)]
        import_contributions(node, write_csv(again, name="again.csv"))
        with node.write() as work:
            work.outbox.release_anchored(99, at=node.clock.now())
            assert work.outbox.all()[-1].arguments[2:] == [9, 12, 3, 576_000, 202606, 202606]
