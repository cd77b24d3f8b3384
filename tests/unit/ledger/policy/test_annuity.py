import pytest

from ledger.errors import ParameterMissingError
from ledger.policy.annuity import annuity_months
from ledger.policy.tables import ParameterStatus

PUBLISHED = ParameterStatus.PUBLISHED
UNVERIFIED = ParameterStatus.UNVERIFIED


class TestWholeAges:
    """The table of 国发〔2005〕38号."""

    @pytest.mark.parametrize(
        ("years", "months"), [(40, 233), (45, 216), (50, 195), (55, 170), (60, 139), (70, 56)]
    )
    def test_the_table_gives_the_months(self, years, months):
        found = annuity_months(years * 12)
        assert (found.tenths, found.age_months) == (months * 10, years * 12)
        assert [(row.row, row.status) for row in found.grounds] == [
            (f"annuity_months: {years}", PUBLISHED)
        ]

    def test_the_disputed_age_of_47_is_not_published(self):
        assert annuity_months(47 * 12).tenths == 2_080
        assert annuity_months(47 * 12).grounds[0].status is UNVERIFIED


class TestAgesBetween:
    """Rules d: linear by months, rounded to 0.1; 60 years 1 month is 138.4, 50 and 1 is 194.6."""

    @pytest.mark.parametrize(
        ("years", "months", "tenths"),
        [(60, 1, 1_384), (50, 1, 1_946), (60, 6, 1_355), (69, 11, 568), (40, 1, 2_328)],
    )
    def test_they_are_interpolated_and_never_published(self, years, months, tenths):
        found = annuity_months(years * 12 + months)
        assert found.tenths == tenths
        assert [row.status for row in found.grounds] == [PUBLISHED, PUBLISHED, UNVERIFIED]
        assert [row.row for row in found.grounds] == [
            f"annuity_months: {years}",
            f"annuity_months: {years + 1}",
            "rule_parameters: annuity_linear_between_ages 202501",
        ]
        assert "Jinan" in found.grounds[2].source

    def test_the_months_never_grow_with_age(self):
        tenths = [annuity_months(age).tenths for age in range(480, 841)]
        assert tenths == sorted(tenths, reverse=True)


class TestBeyondTheTable:
    @pytest.mark.parametrize(
        ("age", "key"),
        [(479, "39 years 11 months"), (841, "70 years 1 months"), (852, "71 years 0 months")],
    )
    def test_it_is_refused(self, age, key):
        with pytest.raises(ParameterMissingError) as caught:
            annuity_months(age)
        assert caught.value.fields() == {
            "parameter": "annuity months",
            "region": "100000",
            "key": key,
        }
