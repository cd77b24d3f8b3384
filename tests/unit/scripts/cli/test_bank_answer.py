from __future__ import annotations

import pytest

from ledger.errors import ColumnsMissingError, FileEncodingError, FileUnreadableError
from scripts.cli.bank_answer import read_bank_answer


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "answer.csv"
    path.write_bytes(text.encode(encoding))
    return path


class TestReadBankAnswer:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_chinese_answers_are_read(self, tmp_path, encoding):
        path = written(tmp_path, "序号,户名,结果\r\n7,甲,成功\r\n9,乙,退回\r\n", encoding)
        assert read_bank_answer(path) == {7: "PAID", 9: "RETURNED"}

    def test_english_answers_are_read(self, tmp_path):
        path = written(tmp_path, "Result,Leaf\npaid,7\nRETURNED,9\n\n")
        assert read_bank_answer(path) == {7: "PAID", 9: "RETURNED"}

    def test_unknown_lines_stay_open(self, tmp_path):
        assert read_bank_answer(written(tmp_path, "序号,结果\n7,未知\n9,成功\n")) == {9: "PAID"}

    def test_a_missing_column_is_named(self, tmp_path):
        with pytest.raises(ColumnsMissingError) as caught:
            read_bank_answer(written(tmp_path, "序号,金额\n7,1\n"))
        assert "结果" in caught.value.expected

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("序号,结果\n7,成功\n7,退回\n", 3),
            ("序号,结果\nx,成功\n", 2),
            ("序号,结果\n7,也许\n", 2),
            ("序号,结果\n7\n", 2),
        ],
    )
    def test_a_wrong_line_is_named_without_its_content(self, tmp_path, text, line):
        with pytest.raises(FileUnreadableError) as caught:
            read_bank_answer(written(tmp_path, text))
        assert caught.value.line == line
        assert "也许" not in str(caught.value)

    def test_other_bytes_are_no_text(self, tmp_path):
        path = tmp_path / "answer.csv"
        path.write_bytes(b"\xff\xff\n")
        with pytest.raises(FileEncodingError):
            read_bank_answer(path)

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(FileUnreadableError):
            read_bank_answer(tmp_path / "none.csv")
