"""An honest package passes; each damage done to it is refused by its own name."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from ledger.errors import (
    FiguresMismatchError,
    FollowingBehindError,
    MonthLeftOutError,
    PackageMismatchError,
    PackageShapeError,
    RecordAlteredError,
    RecordNotAnchoredError,
    RecordNotLiveError,
    RecordOfOtherPersonError,
)
from ledger.evidence.encoding import Head, LeafIndex, LogId, Subject, handle_of
from ledger.policy.kinds import Kind
from ledger.policy.transfer import Scope
from ledger.transfers.model import CaseId
from ledger.transfers.package import check_package, make_record, months_to_search


def altered(record, **changes):
    return replace(record, record={**record.record, **changes})


def refusal(scene, chosen, kind, **options):
    with pytest.raises(kind) as caught:
        check_package(scene.package(chosen, **options), scene.expected, scene.log)
    return caught.value


class TestHonestPackage:
    def test_passes_and_gives_its_months_and_figures(self, scene):
        checked = check_package(scene.package(), scene.expected, scene.log)
        assert checked.periods == (202307, 202308, 202311, 202401, 202402)
        assert checked.figures.months == 5
        assert checked.figures.records == 6

    def test_pool_amount_is_twelve_percent_of_each_years_base(self, scene):
        figures = check_package(scene.package(), scene.expected, scene.log).figures
        # 2023: 3 x 8,000 yuan and a top-up of 1,000; 2024: 2 x 8,000
        assert [row.pool_fen for row in figures.years] == [300_000, 192_000]
        assert figures.pool_fen == 492_000
        assert figures.fund_fen == figures.pool_fen + figures.account_fen

    def test_inside_one_pool_no_money_moves(self, make_scene):
        scene = make_scene(scope=Scope.INTRA_POOL)
        figures = check_package(scene.package(), scene.expected, scene.log).figures
        assert figures.fund_fen == 0
        assert figures.pool_fen == 492_000

    def test_a_reversed_month_may_be_left_out(self, make_scene):
        scene = make_scene()
        scene.log.reverse(scene.indices[1])
        scene.log.anchor()
        rest = [record for record in scene.records() if record.leaf_index != scene.indices[1]]
        assert 202308 not in check_package(scene.package(rest), scene.expected, scene.log).periods


class TestAlteredRecord:
    @pytest.mark.parametrize(
        "changes",
        [{"base_fen": 900_000}, {"amount_fen": 1}, {"account_fen": 1}, {"employer_name": "另一公司"},
         {"name": "他人"}, {"paid_on": "2026-01-16"}],
        ids=["base", "amount", "account", "employer", "name", "paid on"],
    )  # fmt: skip
    def test_a_changed_field_is_named_with_position_and_month(self, scene, changes):
        records = scene.records()
        records[2] = altered(records[2], **changes)
        error = refusal(scene, records, RecordAlteredError)
        assert (error.position, error.period) == (3, 202311)

    @pytest.mark.parametrize(
        ("field", "value"), [("kind", 2), ("class", 2), ("period", 202312)], ids=str
    )
    def test_a_record_that_contradicts_its_head_is_named(self, scene, field, value):
        records = scene.records()
        records[0] = altered(records[0], **{field: value})
        error = refusal(scene, records, RecordAlteredError)
        assert (error.position, error.part) == (1, field)

    def test_another_salt_is_an_alteration(self, scene):
        records = scene.records()
        records[1] = replace(records[1], salt=bytes(32))
        assert refusal(scene, records, RecordAlteredError).period == 202308

    def test_a_changed_top_up_is_an_alteration(self, scene):
        records = scene.records()
        records[5] = altered(records[5], base_fen=999_999)
        assert refusal(scene, records, RecordAlteredError).position == 6

    def test_a_float_cannot_be_canonical(self, scene):
        records = scene.records()
        package = scene.package(records)
        broken = [altered(records[0], note=1.5), *records[1:]]
        with pytest.raises(RecordAlteredError):
            check_package(replace(package, records=tuple(broken)), scene.expected, scene.log)


class TestRecordThatIsNotThere:
    def test_an_invented_month_is_not_anchored(self, scene):
        records = scene.records()
        extra = altered(records[4], period=202403)
        head = Head(Kind.CONTRIBUTION, 1, 202403)
        invented = make_record(
            LeafIndex(3), head, scene.expected.subject, extra.record, extra.salt, extra.proof
        )
        error = refusal(scene, [*records, invented], RecordNotAnchoredError)
        assert error.period == 202403

    def test_a_proof_with_one_bit_changed_is_refused(self, scene):
        records = scene.records()
        first = records[0].proof[0]
        damaged = (bytes([first[0] ^ 1]) + first[1:], *records[0].proof[1:])
        records[0] = replace(records[0], proof=damaged)
        assert refusal(scene, records, RecordNotAnchoredError).position == 1

    def test_a_proof_too_short_is_refused(self, scene):
        records = scene.records()
        records[0] = replace(records[0], proof=records[0].proof[1:])
        assert refusal(scene, records, RecordNotAnchoredError).position == 1

    def test_a_leaf_of_another_log_is_refused(self, scene):
        elsewhere = replace(scene.expected, from_log=LogId(2))
        figures = replace(scene.package().sheet.figures, from_log=LogId(2))
        package = scene.package()
        package = replace(package, sheet=replace(package.sheet, figures=figures))
        scene.log.log_id = LogId(2)
        with pytest.raises((RecordAlteredError, RecordNotAnchoredError)):
            check_package(package, elsewhere, scene.log)

    def test_a_record_twice_counts_once(self, scene):
        records = scene.records()
        error = refusal(scene, [*records, records[0]], RecordNotLiveError)
        assert error.period == 202307

    def test_a_reversed_record_does_not_count(self, scene):
        scene.log.reverse(scene.indices[3])
        scene.log.anchor()
        assert refusal(scene, scene.records(), RecordNotLiveError).period == 202401

    def test_a_top_up_without_its_month_does_not_count(self, make_scene):
        scene = make_scene()
        scene.log.reverse(scene.indices[0])
        scene.log.anchor()
        error = refusal(scene, scene.records()[1:], RecordNotLiveError)
        assert (error.position, error.period) == (5, 202307)

    def test_a_payout_is_no_contribution(self, scene):
        records = scene.records()
        records[0] = replace(records[0], head=Head(Kind.PAYOUT, 1, 202307))
        assert refusal(scene, records, RecordNotLiveError).position == 1


class TestWrongPerson:
    def test_a_strangers_record_is_refused(self, scene):
        stranger = scene.log.record(LeafIndex(0))
        records = [stranger, *scene.records()]
        assert refusal(scene, records, RecordOfOtherPersonError).period == 202306

    def test_another_identity_number_in_the_record_is_refused(self, scene):
        records = scene.records()
        records[0] = altered(records[0], identity_number="110105194912310011")
        assert refusal(scene, records, RecordOfOtherPersonError).position == 1

    def test_the_handle_must_follow_from_our_own_pseudonym(self, scene):
        other = Subject(hashlib.sha256(b"another pseudonym").digest())
        with pytest.raises(RecordOfOtherPersonError):
            check_package(scene.package(), replace(scene.expected, subject=other), scene.log)

    def test_a_foreign_handle_is_refused(self, scene):
        records = scene.records()
        handle = handle_of(records[0].head, Subject(bytes(32)))
        records[0] = replace(records[0], handle=handle)
        assert refusal(scene, records, RecordOfOtherPersonError).position == 1


class TestLeftOutMonth:
    @pytest.mark.parametrize("place", range(5))
    def test_each_month_left_out_is_named(self, scene, place):
        records = scene.records()
        missing = records.pop(place)
        error = refusal(scene, records, MonthLeftOutError)
        assert error.period == missing.head.period
        assert (error.log_id, error.leaf_index) == (1, missing.leaf_index)

    def test_an_empty_package_leaves_everything_out(self, scene):
        assert refusal(scene, [], MonthLeftOutError).period == 202307

    def test_months_of_an_earlier_stay_may_only_be_set_apart_from_the_second_stay_on(
        self, make_scene
    ):
        first = make_scene()
        rest = first.records()[1:]
        error = refusal(first, rest, PackageMismatchError, moved_before=[first.indices[0]])
        assert error.part == "list of earlier stays"
        second = make_scene(stay=2)
        without_top_up = second.records()[1:-1]
        package = second.package(without_top_up, moved_before=[second.indices[0]])
        checked = check_package(package, second.expected, second.log)
        assert checked.periods == (202308, 202311, 202401, 202402)

    def test_a_month_cannot_both_travel_and_have_moved_before(self, make_scene):
        scene = make_scene(stay=2)
        refusal(scene, scene.records(), RecordNotLiveError, moved_before=[scene.indices[0]])

    def test_the_search_reaches_from_childhood_to_next_month(self, scene):
        months = months_to_search(scene.expected.birth_on, scene.expected.today)
        assert (months[0], months[-1]) == (196301, 202610)


class TestWrongFigures:
    @pytest.mark.parametrize(
        ("forged", "figure"),
        [({"pool_fen": 492_001}, "pool amount"), ({"account_fen": 1}, "account balance"),
         ({"fund_fen": 1}, "amount to transfer"), ({"records": 7}, "records"),
         ({"records_root": bytes(32)}, "records"), ({"years": ()}, "months")],
        ids=["pool", "account", "fund", "count", "root", "years"],
    )  # fmt: skip
    def test_a_forged_figure_is_named_and_not_repeated(self, scene, forged, figure):
        error = refusal(scene, None, FiguresMismatchError, **forged)
        assert error.figure == figure
        assert not any(str(value) in str(error) for value in forged.values() if value != 1)

    def test_interest_cannot_run_into_the_future(self, scene):
        error = refusal(scene, None, FiguresMismatchError, interest_through=202610)
        assert error.figure == "interest month"

    def test_the_insured_period_must_be_that_of_the_records(self, scene):
        package = scene.package()
        forged = replace(package, sheet=replace(package.sheet, insured_from=202301))
        with pytest.raises(FiguresMismatchError, match="insured period"):
            check_package(forged, scene.expected, scene.log)

    def test_an_impossible_month_after_the_interest_month_is_refused(self, scene):
        package = scene.package()
        early = replace(package.sheet.figures, interest_through=202312)
        forged = replace(package, sheet=replace(package.sheet, figures=early))
        with pytest.raises(PackageShapeError):
            check_package(forged, scene.expected, scene.log)


class TestCaseAndCheckpoint:
    def test_a_package_of_another_case_is_refused(self, scene):
        other = replace(scene.expected, case_id=CaseId("0x" + "cd" * 32))
        with pytest.raises(PackageMismatchError, match="case number"):
            check_package(scene.package(), other, scene.log)

    def test_another_receiver_is_refused(self, scene):
        with pytest.raises(PackageMismatchError, match="bureaus"):
            check_package(scene.package(), replace(scene.expected, to_log=LogId(2)), scene.log)

    def test_another_scope_is_refused(self, scene):
        other = replace(scene.expected, scope=Scope.INTRA_POOL)
        with pytest.raises(PackageMismatchError, match="scope"):
            check_package(scene.package(), other, scene.log)

    def test_a_root_the_chain_does_not_have_is_refused(self, scene):
        with pytest.raises(PackageMismatchError, match="checkpoint"):
            check_package(replace(scene.package(), root=bytes(32)), scene.expected, scene.log)

    def test_a_size_without_a_checkpoint_is_refused(self, scene):
        with pytest.raises(PackageMismatchError, match="checkpoint"):
            check_package(replace(scene.package(), size=5), scene.expected, scene.log)

    def test_a_checkpoint_not_followed_yet_is_no_refusal_but_a_later(self, scene):
        with pytest.raises(FollowingBehindError) as caught:
            check_package(replace(scene.package(), size=100), scene.expected, scene.log)
        assert caught.value.retryable
        assert (caught.value.needed_size, caught.value.followed_size) == (100, 8)
