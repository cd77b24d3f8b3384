import pytest

from ledger.policy.kinds import (
    CLASSES,
    KINDS,
    SUPPLEMENT,
    InsuranceClass,
    Kind,
    base_class,
    class_name,
    is_exclusive,
    is_supplement,
    kind_name,
    supplement_of,
)


class TestNumbers:
    def test_the_numbers_of_the_kinds_never_change(self):
        assert [(kind.name, int(kind)) for kind in Kind] == [
            ("CONTRIBUTION", 1),
            ("PAYOUT", 2),
            ("REVERSAL", 3),
            ("LIFE_CERTIFICATION", 4),
            ("DECISION", 5),
            ("TRANSFER_OUT", 6),
            ("TRANSFER_IN", 7),
            ("CREDENTIAL", 8),
            ("OPERATION", 9),
            ("DEATH_REPORT", 10),
            ("EVIDENCE", 11),
            ("FUND_MOVEMENT", 12),
        ]

    def test_the_numbers_of_the_classes_never_change(self):
        assert {member.name: int(member) for member in InsuranceClass} == {
            "NONE": 0,
            "PENSION": 1,
            "MEDICAL": 2,
            "UNEMPLOYMENT": 3,
            "INJURY": 4,
            "MATERNITY": 5,
        }

    def test_every_kind_and_class_has_a_row(self):
        assert set(KINDS) == set(Kind)
        assert set(CLASSES) == set(InsuranceClass)


class TestExclusivity:
    def test_normal_lines_of_contributions_and_payouts_exclude_one_another(self):
        assert {kind for kind in Kind if is_exclusive(kind, InsuranceClass.PENSION)} == {
            Kind.CONTRIBUTION,
            Kind.PAYOUT,
        }

    @pytest.mark.parametrize("kind", Kind)
    def test_a_supplement_excludes_nothing(self, kind):
        assert not is_exclusive(kind, SUPPLEMENT | InsuranceClass.PENSION)

    def test_an_unknown_kind_excludes_nothing(self):
        assert not is_exclusive(200, 1)

    def test_the_supplement_bit_comes_off_again(self):
        class_ = supplement_of(InsuranceClass.PENSION)
        assert class_ == 0x8001
        assert is_supplement(class_)
        assert base_class(class_) == 1


class TestNames:
    def test_names_stand_in_both_languages(self):
        assert (kind_name(2), kind_name(2, "en")) == ("待遇发放", "Payout")
        assert class_name(0x8001) == "基本养老保险（补发）"
        assert class_name(0x8001, "en") == "Basic pension insurance, supplement"
        assert class_name(1) == "基本养老保险"

    def test_an_unknown_number_is_shown_as_it_is(self):
        assert (kind_name(99), class_name(77)) == ("99", "77")
