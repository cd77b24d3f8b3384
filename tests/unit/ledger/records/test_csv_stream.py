from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.errors import FileEncodingError, FileUnreadableError
from ledger.records import csv_stream
from ledger.records.csv_stream import CsvFile, encoding_of, without_empty_tail

CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "a", "12", "参保人", "é", "e\u0301", "阿·买", "（合肥）", "\u3000x", "\x1f"]
    ),
    st.text(
        st.characters(
            codec="utf-8", exclude_characters='\x00"\r\n,', categories=["L", "N", "P", "Z"]
        )
    ),
)
QUOTED = st.sampled_from(['"a,b"', '"two\nlines"', '"a ""quote"""', '""'])
LINES = st.lists(
    st.one_of(
        st.lists(CELLS, min_size=3, max_size=3),
        st.lists(st.one_of(CELLS, QUOTED), min_size=1, max_size=5),
        st.just([]),
    ),
    max_size=12,
)


def read(content: bytes, encoding: str = "utf-8") -> tuple[list, list]:
    """Whole lines and ragged ones as the chunked reader gives them."""
    file = CsvFile(io.BytesIO(content), encoding, ",", "file.csv")
    whole, ragged = [], []
    for chunk in file.chunks():
        whole += zip(chunk.lines.tolist(), map(list, chunk.cells.iter_rows()), strict=True)
        ragged += [(line, list(cells)) for line, cells in chunk.ragged]
    return whole, ragged


def expected(content: bytes, encoding: str = "utf-8") -> tuple[list, list]:
    """The same, read by the standard library alone."""
    text = content.decode(encoding).removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    width, start, whole, ragged = 0, 1, [], []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            row = without_empty_tail(cells, width)
            if not width:
                width = len(row)
            elif len(row) == width:
                whole.append((start, row))
            else:
                ragged.append((start, row))
        start = reader.line_num + 1
    return whole, ragged


class TestLines:
    @settings(max_examples=100, deadline=None)
    @given(
        lines=LINES,
        end=st.sampled_from(["\n", "\r\n", "\r"]),
        last=st.booleans(),
        size=st.integers(1, 5),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    )
    @example([["1", "2", "3"], ["", "", ""], ["4", "", "6"]], "\n", True, 5, "utf-8")
    @example([["1", '"x\ny"', "3"], ["4", "5", "6"]], "\r\n", False, 1, "gb18030")
    @example([["", "", "\x1f"]], "\n", False, 1, "utf-8")
    def test_chunks_are_what_the_standard_library_reads(self, lines, end, last, size, encoding):
        text = end.join(["a,b,c", *(",".join(line) for line in lines)]) + end * last
        content = text.encode(encoding)
        plain = "gb18030" if encoding == "gb18030" else "utf-8"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_stream, "CHUNK_LINES", size)
            patch.setattr(csv_stream, "_PIECE_BYTES", 7)
            assert read(content, plain) == expected(content, plain)

    @given(content=st.lists(CELLS, min_size=2, max_size=2))
    @settings(max_examples=60, deadline=None)
    def test_a_plain_block_needs_no_trimming_and_no_other_form(self, content):
        from unicodedata import category, normalize

        block = (",".join(content) + "\n").encode()
        if csv_stream._is_plain(block):
            for cell in content:
                assert cell == normalize("NFC", cell).strip()
                assert not any(category(sign) == "Cc" for sign in cell)

    def test_usual_lines_are_plain(self):
        line = (
            "34010219650101000X,阿·买,示范（合肥）有限公司,企业职工,202501,5000.00,2025-01-15\r\n"
        )
        assert csv_stream._is_plain(line.encode())

    def test_lines_are_held_some_at_a_time(self):
        content = b"a,b\n" + b"1,2\n" * 1000
        file = CsvFile(io.BytesIO(content), "utf-8", ",", "file.csv")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_stream, "CHUNK_LINES", 300)
            assert [len(chunk.lines) for chunk in file.chunks()] == [300, 300, 300, 100]

    def test_a_file_without_line_breaks_is_not_held(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_stream, "_LONGEST_LINE", 1000)
            patch.setattr(csv_stream, "_PIECE_BYTES", 100)
            file = CsvFile(io.BytesIO(b"a,b\n" + b"x" * 5000), "utf-8", ",", "file.csv")
            with pytest.raises(FileUnreadableError) as refused:
                list(file.chunks())
        assert refused.value.line == 2


class TestEncoding:
    @pytest.mark.parametrize("piece", [1, 2, 3, 5, 1000])
    def test_the_first_wrong_byte_is_named_wherever_the_file_is_cut(self, tmp_path, piece):
        path = tmp_path / "file.csv"
        content = "姓名\n参保\n".encode() * 40
        path.write_bytes(content[:34] + b"\xff" + content[34:])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_stream, "_PIECE_BYTES", piece)
            with pytest.raises(FileEncodingError) as refused:
                encoding_of(path, None)
        with pytest.raises(UnicodeDecodeError) as reference:
            path.read_bytes().decode("utf-8")
        assert refused.value.byte_offset == reference.value.start
        assert refused.value.line == 5

    def test_lines_are_counted(self, tmp_path):
        path = tmp_path / "file.csv"
        for content, lines in ((b"a\n1\n2\n", 2), (b"a\n1\n2", 2), (b"a\n1", 1)):
            path.write_bytes(content)
            assert encoding_of(path, None) == ("utf-8", lines)
