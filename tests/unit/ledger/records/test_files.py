from __future__ import annotations

import hashlib
from datetime import date

import polars as pl
import pytest

from ledger.errors import (
    ColumnsMissingError,
    DuplicateColumnError,
    FileEncodingError,
    FileUnreadableError,
    UnknownFileTypeError,
)
from ledger.records.columns import CONTRIBUTIONS, DEATHS, PAYOUTS, SPECS
from ledger.records.files import read_table
from ledger.records.findings import FIELD_NAMES


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_the_same_text_is_read_from_each_encoding(self, write_csv, contribution, encoding):
        path = write_csv([contribution(1), contribution(2)], encoding=encoding)
        table = read_table(path, None, CONTRIBUTIONS)
        assert table.frame["name"].to_list() == ["参保人1", "参保人2"]
        assert table.lines == (2, 3)

    def test_damaged_utf8_names_offset_and_line_and_is_not_taken_for_gb18030(
        self, write_csv, contribution
    ):
        path = write_csv([contribution(number) for number in range(1, 6)])
        content = path.read_bytes()
        offset = content.index("参保人3".encode()) + 1
        path.write_bytes(content[:offset] + b"\xb0" + content[offset:])
        with pytest.raises(FileEncodingError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.fields() == {
            "file": "file.csv",
            "expected": "UTF-8",
            "byte_offset": offset + 2,
            "line": 4,
        }  # E5 B0 8F is a character of its own; the 82 behind it is none

    def test_bytes_of_neither_encoding_are_refused(self, write_csv, contribution):
        path = write_csv([contribution(1)], encoding="gb18030")
        content = path.read_bytes()
        path.write_bytes(content.replace("参保人1".encode("gb18030"), b"\xff\xff\xff"))
        with pytest.raises(FileEncodingError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.expected == "GB18030"
        assert refused.value.line == 2
        assert path.read_bytes()[refused.value.byte_offset] == 0xFF

    def test_the_encoding_a_mapping_names_is_the_only_one(self, write_csv, contribution, tmp_path):
        path = write_csv([contribution(1)], encoding="gb18030")
        mapping = tmp_path / "mapping.toml"
        mapping.write_text('[file]\nencoding = "utf-8"\n')
        with pytest.raises(FileEncodingError) as refused:
            read_table(path, mapping, CONTRIBUTIONS)
        assert refused.value.expected == "UTF-8"
        assert refused.value.byte_offset == 0

    def test_utf16_is_refused(self, write_csv, contribution):
        path = write_csv([contribution(1)], encoding="utf-16")
        with pytest.raises(FileEncodingError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert "UTF-8" in str(refused.value)


class TestShape:
    def test_lines_are_counted_through_blank_lines_and_line_breaks_in_cells(
        self, write_csv, contribution
    ):
        path = write_csv([contribution(1), contribution(2), contribution(3)])
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[2] = lines[2].replace("合肥示范制造有限公司", '"合肥\n示范"')
        path.write_text("\n".join([lines[0], "", *lines[1:]]) + "\n,,,\n", encoding="utf-8")
        table = read_table(path, None, CONTRIBUTIONS)
        assert table.lines == (3, 4, 6)

    def test_a_line_with_missing_cells_is_kept_apart(self, write_csv, contribution):
        path = write_csv([contribution(1), contribution(2)])
        path.write_text(path.read_text(encoding="utf-8") + "340102,张三\n", encoding="utf-8")
        table = read_table(path, None, CONTRIBUTIONS)
        assert table.lines == (2, 3)
        assert table.lines_read == 3
        (finding,) = table.ragged_findings()
        assert (finding.line, finding.field, finding.code) == (4, "", "cells")
        assert finding.reason("en") == "the line has 2 cells, the heading line 11"

    def test_empty_cells_behind_the_last_column_do_not_matter(self, write_csv, contribution):
        path = write_csv([contribution(1)])
        text = path.read_text(encoding="utf-8").replace("\r\n", ",,\r\n")
        path.write_text(text, encoding="utf-8")
        assert read_table(path, None, CONTRIBUTIONS).lines == (2,)

    def test_an_unclosed_quote_names_its_line(self, write_csv, contribution):
        path = write_csv([contribution(1)])
        path.write_text(path.read_text(encoding="utf-8") + '"340102,张三\n', encoding="utf-8")
        with pytest.raises(FileUnreadableError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.line == 3
        assert "张三" not in str(refused.value)

    @pytest.mark.parametrize(("content", "line"), [(b"", 1), (b"\n\n", 1), (b"a,b\nx,\x00\n", 2)])
    def test_a_file_without_lines_or_with_zero_bytes_is_refused(self, tmp_path, content, line):
        path = tmp_path / "empty.csv"
        path.write_bytes(content)
        with pytest.raises(FileUnreadableError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.line == line

    def test_headings_alone_are_refused(self, write_csv, contribution):
        path = write_csv([contribution(1)])
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
        with pytest.raises(FileUnreadableError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.found == "none"

    def test_a_missing_file_says_what_was_expected_and_what_to_do(self, tmp_path):
        with pytest.raises(FileUnreadableError) as refused:
            read_table(tmp_path / "nowhere.csv", None, CONTRIBUTIONS)
        assert refused.value.file == "nowhere.csv"
        assert refused.value.found == "No such file or directory"
        assert "export the file again" in refused.value.advice("en")

    @pytest.mark.parametrize("name", ["table.xlsx", "table", "table.txt"])
    def test_another_type_of_file_is_refused_with_a_way_out(self, tmp_path, name):
        path = tmp_path / name
        path.write_bytes(b"PK")
        with pytest.raises(UnknownFileTypeError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.file == name
        assert "CSV UTF-8" in refused.value.advice("en")


class TestHeadings:
    def test_blanks_case_width_and_units_do_not_matter(self, write_csv, contribution):
        path = write_csv(
            [contribution(1)],
            headings={"base": " 缴费基数（元） ", "period": "Period", "name": "姓　名"},
        )
        table = read_table(path, None, CONTRIBUTIONS)
        assert table.frame.row(0, named=True)["base"] == "8000.00"

    def test_every_missing_column_is_named_and_what_was_found(self, write_csv, contribution):
        line = contribution(1)
        del line["period"], line["base"]
        with pytest.raises(ColumnsMissingError) as refused:
            read_table(write_csv([line]), None, CONTRIBUTIONS)
        assert refused.value.expected == "费款所属期 (month), 缴费基数 (base)"
        assert "公民身份号码" in refused.value.found
        assert "mapping" in refused.value.advice("en")

    def test_a_first_line_of_data_is_never_repeated(self, write_csv, contribution, identity):
        path = write_csv([contribution(1), contribution(2)])
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
        with pytest.raises(ColumnsMissingError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert identity(1) not in str(refused.value)
        assert "参保人1" not in str(refused.value)
        assert refused.value.found == "11 columns, none of whose headings is known"

    def test_two_headings_of_one_meaning_are_refused(self, write_csv, contribution):
        path = write_csv([contribution(1)], headings={"employer_name": "人员姓名"})
        with pytest.raises(DuplicateColumnError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.fields() == {"file": "file.csv", "column": "name"}

    def test_optional_columns_may_be_absent(self, write_csv, payout):
        line = payout(1)
        for name in ("line", "reason", "supplement_period", "decision_reference", "paid_on"):
            del line[name]
        table = read_table(write_csv([line]), None, PAYOUTS)
        assert table.frame["reason"].to_list() == [""]

    def test_every_column_has_a_name_in_both_languages(self):
        for spec in SPECS:
            for column in spec.columns:
                assert column.name in FIELD_NAMES
                assert column.headings


class TestParquet:
    def test_typed_columns_become_text(self, tmp_path, death):
        lines = [death(1), death(2)]
        frame = pl.DataFrame(
            [
                line | {"died_on": date(2026, 6, 30), "reported_on": date(2026, 7, 20)}
                for line in lines
            ]
        )
        path = tmp_path / "deaths.parquet"
        frame.write_parquet(path)
        table = read_table(path, None, DEATHS)
        assert table.frame["died_on"].to_list() == ["2026-06-30", "2026-06-30"]
        assert table.lines == (1, 2)

    def test_fen_columns_are_known_by_their_name(self, tmp_path, contribution):
        line = contribution(1)
        renamed = {
            f"{name}_fen" if name in {"base", "unit_amount", "person_amount"} else name: value
            for name, value in line.items()
        } | {"base_fen": 800000, "unit_amount_fen": 128000, "person_amount_fen": 64000}
        path = tmp_path / "months.parquet"
        pl.DataFrame([renamed]).write_parquet(path)
        table = read_table(path, None, CONTRIBUTIONS)
        assert table.units == {"base": "fen", "unit_amount": "fen", "person_amount": "fen"}
        assert table.frame["base"].to_list() == ["800000"]

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"not a table at all, PAR1"])
    def test_something_else_is_refused(self, tmp_path, content):
        path = tmp_path / "months.parquet"
        path.write_bytes(content)
        with pytest.raises(FileUnreadableError) as refused:
            read_table(path, None, CONTRIBUTIONS)
        assert refused.value.expected == "a Parquet file of plain columns"

    def test_nested_columns_are_refused(self, tmp_path, contribution):
        path = tmp_path / "months.parquet"
        pl.DataFrame([contribution(1) | {"name": ["a", "b"]}]).write_parquet(path)
        with pytest.raises(FileUnreadableError):
            read_table(path, None, CONTRIBUTIONS)


class TestImportKey:
    def test_it_is_made_of_the_bytes_and_the_mapping(self, write_csv, contribution, tmp_path):
        path = write_csv([contribution(1)])
        file_digest = hashlib.sha256(path.read_bytes()).digest()
        plain = hashlib.sha256(file_digest + hashlib.sha256(b"").digest()).hexdigest()
        assert read_table(path, None, CONTRIBUTIONS).import_key == f"contribution-{plain}"
        mapping = tmp_path / "mapping.toml"
        mapping.write_text('[units]\nmoney = "yuan"\n')
        other = read_table(path, mapping, CONTRIBUTIONS).import_key
        assert other != f"contribution-{plain}"
        assert len(other) <= 80
