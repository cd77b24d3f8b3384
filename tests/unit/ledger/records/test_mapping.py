from __future__ import annotations

import pytest

from ledger.errors import MappingFileError
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.files import read_table
from ledger.records.mapping import NO_MAPPING, load_mapping
from ledger.records.validation import check_contributions

LB_HEADINGS = {
    "identity_number": "AAC002",
    "name": "AAC003",
    "employer_code": "AAB003",
    "employer_name": "AAB004",
    "scheme": "AAE140",
    "contribution_type": "AAA115",
    "period": "AAE003",
    "base": "AAC040",
    "unit_amount": "AAE022",
    "person_amount": "AAE020",
    "paid_on": "AAE036",
}
LB_MAPPING = (
    "[columns]\n"
    + "".join(f'{name} = "{heading}"\n' for name, heading in LB_HEADINGS.items())
    + """
[units]
money = "fen"
[formats]
period = "yyyymm"
date = "yyyymmdd"
[values.scheme]
"110" = "PENSION_EMPLOYEE"
[values.contribution_type]
"10" = "NORMAL"
"""
)


@pytest.fixture
def write_mapping(tmp_path):
    def write(text: str):
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestUse:
    def test_own_headings_units_forms_and_codes_give_the_same_row(
        self, write_csv, write_mapping, contribution, today
    ):
        plain = check_contributions(
            read_table(write_csv([contribution(1)]), None, CONTRIBUTIONS), "320100", today
        )
        line = contribution(
            1,
            scheme="110",
            contribution_type="10",
            base="800000",
            unit_amount="128000",
            person_amount="64000",
            paid_on="20260715",
        )
        path = write_csv([line], name="lb.csv", headings=LB_HEADINGS)
        mapped = check_contributions(
            read_table(path, write_mapping(LB_MAPPING), CONTRIBUTIONS), "320100", today
        )
        assert plain.findings == mapped.findings == ()
        assert plain.rows == mapped.rows

    def test_a_form_that_was_not_named_does_not_count(
        self, write_csv, write_mapping, contribution, today
    ):
        mapping = write_mapping('[formats]\nperiod = "yyyymm"\n')
        path = write_csv([contribution(1, period="2026-07")])
        checked = check_contributions(read_table(path, mapping, CONTRIBUTIONS), "340100", today)
        assert [(item.line, item.field, item.code) for item in checked.findings] == [
            (2, "period", "month")
        ]

    def test_a_constant_stands_in_for_a_column(self, write_csv, write_mapping, contribution, today):
        line = contribution(1)
        del line["scheme"]
        mapping = write_mapping('[constants]\nscheme = "PENSION_EMPLOYEE"\n')
        table = read_table(write_csv([line]), mapping, CONTRIBUTIONS)
        assert len(check_contributions(table, "340100", today).rows) == 1

    def test_another_delimiter(self, write_csv, write_mapping, contribution):
        path = write_csv([contribution(1)])
        path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
        mapping = write_mapping('[file]\ndelimiter = ";"\nencoding = "UTF8"\n')
        assert read_table(path, mapping, CONTRIBUTIONS).lines_read == 1

    def test_no_mapping_means_the_defaults(self):
        assert load_mapping(None) is NO_MAPPING


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("[colums]\nname = 'x'\n", "[colums]"),
            ("columns = 1\n", "columns"),
            ("[columns]\nnmae = 'x'\n", "[columns] nmae"),
            ("[columns]\nname = 3\n", "[columns] name"),
            ("[units]\nmoney = 'jiao'\n", "[units] money"),
            ("[units]\nname = 'fen'\n", "[units] name"),
            ("[formats]\nperiod = 'mm/yyyy'\n", "[formats] period"),
            ("[values.scheme]\n110 = 'PENSION'\n", "[values.scheme] 110"),
            ("[values]\nscheme = 'x'\n", "[values.scheme]"),
            ("[file]\nencoding = 'big5'\n", "[file] encoding"),
            ("[file]\ndelimiter = '||'\n", "[file] delimiter"),
        ],
    )
    def test_what_is_not_understood_is_named(self, write_mapping, text, where):
        with pytest.raises(MappingFileError) as refused:
            load_mapping(write_mapping(text))
        assert refused.value.file == "mapping.toml"
        assert refused.value.where == where
        assert refused.value.expected

    def test_text_that_is_not_toml_names_the_line(self, write_mapping):
        with pytest.raises(MappingFileError) as refused:
            load_mapping(write_mapping("[columns]\nname\n"))
        assert "line 2" in refused.value.where

    def test_a_missing_file_and_wrong_bytes(self, tmp_path):
        with pytest.raises(MappingFileError) as refused:
            load_mapping(tmp_path / "none.toml")
        assert refused.value.where == "the file"
        path = tmp_path / "gb.toml"
        path.write_bytes('[columns]\nname = "姓名"\n'.encode("gb18030"))
        with pytest.raises(MappingFileError) as refused:
            load_mapping(path)
        assert refused.value.expected == "UTF-8 text"
