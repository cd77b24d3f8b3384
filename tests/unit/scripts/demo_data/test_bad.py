from datetime import date

import pytest

from ledger.errors import ColumnsMissingError, FileEncodingError
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.files import read_table
from ledger.records.validation import check_contributions
from scripts.demo_data import bad

AS_OF = date(2026, 9, 15)


def checked(path):
    return check_contributions(read_table(path, None, CONTRIBUTIONS), "340100", AS_OF)


class TestGood:
    def test_the_file_without_a_fault_has_none(self, tmp_path):
        result = checked(bad.write_good(tmp_path / "good.csv"))
        assert (len(result.rows), result.findings) == (5, ())


class TestBad:
    @pytest.mark.parametrize("write", [bad.write_wrong_encoding, bad.write_damaged_encoding])
    def test_text_in_no_known_encoding(self, tmp_path, write):
        found = write(tmp_path / "bad.csv")
        with pytest.raises(FileEncodingError) as caught:
            checked(found.path)
        assert caught.value.line == max(found.line, 1)

    def test_a_column_that_is_not_there(self, tmp_path):
        found = bad.write_missing_column(tmp_path / "bad.csv")
        with pytest.raises(ColumnsMissingError) as caught:
            checked(found.path)
        assert found.field in caught.value.expected

    @pytest.mark.parametrize(
        ("write", "code"),
        [
            (bad.write_impossible_identity_number, "identity-number"),
            (bad.write_negative_amount, "amount-negative"),
            (bad.write_future_month, "month-future"),
            (bad.write_duplicate_line, "duplicate-line"),
        ],
    )
    def test_a_line_with_one_fault_and_four_without(self, tmp_path, write, code):
        found = write(tmp_path / "bad.csv")
        result = checked(found.path)
        (finding,) = result.findings
        assert (finding.line, finding.field, finding.code) == (found.line, found.field, code)
        assert len(result.rows) == 4
