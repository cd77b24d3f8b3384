"""Files of many chunks and parts; both are small here, so that the files need not be large."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.errors import (
    ImportCancelledError,
    ImportRefusedError,
    SealingKeyDestroyedError,
    SourceChangedError,
)
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import CompactRange
from ledger.records import csv_stream, kept_months
from ledger.records.queries import imports
from ledger.records.service import import_contributions
from scripts.bench._bulk_node import bulk_node
from scripts.bench._contribution_files import write_contributions

CHUNK = 50
PART = 4 * CHUNK
LINES = 1_020
PARTS = 6
MIB = 1024 * 1024


@pytest.fixture
def small(monkeypatch):
    """Chunks of 50 lines, parts of four chunks; a file of more than a part is read twice."""
    monkeypatch.setattr(csv_stream, "CHUNK_LINES", CHUNK)
    monkeypatch.setattr(kept_months, "IN_MEMORY", PART)


@pytest.fixture
def node(tmp_path, database_url) -> Iterator:
    directory = tmp_path / "bulk"
    directory.mkdir()
    with bulk_node(directory, database_url) as context:
        yield context


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "months.csv"
    write_contributions(path, LINES)
    return path


def months(node) -> list[tuple[str, int]]:
    """Person and month of every record, in the order of the log."""
    with node.read() as view:
        stored = list(view.log.entries(0, view.log.head().size))
        opened = node.bureau.reader.open_many(stored, view.log)
    return [(each.record["identity_number"], each.record["period"]) for each in opened]


def of_file(path: Path) -> list[tuple[str, int]]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return [(line.split(",")[0], int(line.split(",")[6])) for line in lines]


def require_sound(node, *files: Path) -> None:
    """Every line of the files is recorded once, there is one head, and it is that of the rows."""
    assert Counter(months(node)) == Counter(month for path in files for month in of_file(path))
    with node.read() as view:
        head = view.log.head()
        leaves = view.log.leaves(0, head.size + 1)
        assert view.imports.all_unfinished() == []
        assert sum(row.rows_accepted for row in view.imports.all()) == head.size
        assert view.journal.balances()["TREASURY"] == sum(
            row.amount_fen for row in view.imports.all()
        )
    assert CompactRange.empty().extend([leaf_hash(leaf) for leaf in leaves]).root() == head.root()


def stop_after(steps: int):
    """Says stop when it was asked so often."""
    left = iter([False] * steps)
    return lambda: next(left, True)


@pytest.mark.usefixtures("small")
class TestParts:
    def test_a_file_of_many_parts_is_recorded_in_file_order(self, node, file):
        report = import_contributions(node, file)
        assert (report.lines_read, report.lines_accepted) == (LINES, LINES)
        assert (report.first_index, report.end_index, report.persons) == (0, LINES, LINES // 12)
        assert (report.period_from, report.period_to) == (202501, 202512)
        assert months(node) == of_file(file)
        require_sound(node, file)
        assert import_contributions(node, file) == replace(report, already_imported=True)

    def test_the_report_is_that_of_a_file_in_one_part(self, node, file, monkeypatch, tmp_path):
        report = import_contributions(node, file)
        monkeypatch.undo()
        (tmp_path / "other").mkdir()
        with bulk_node(tmp_path / "other", f"sqlite:///{tmp_path}/other.sqlite") as other:
            whole = import_contributions(other, file)
        assert replace(whole, imported_at=report.imported_at) == report

    def test_supplements_of_any_place_find_their_normal_line(self, node, file):
        lines = file.read_text(encoding="utf-8").splitlines()
        extra = [
            lines[at].replace("正常缴费", "补差").rsplit(",", 4)[0]
            + ",500.00,80.00,40.00,2025-12-15"
            for at in (1, 700, LINES)
        ]
        file.write_text("\n".join([lines[0], *extra, *lines[1:]]) + "\n", encoding="utf-8")
        report = import_contributions(node, file)
        assert report.lines_accepted == LINES + 3
        with node.read() as view:
            stored = list(view.log.entries(0, LINES + 3))
            opened = node.bureau.reader.open_many(stored, view.log)
        found = [each.record["supplement_of"]["index"] for each in opened[LINES:]]
        assert found == [0, 699, LINES - 1]
        assert months(node)[:LINES] == of_file(file)[3:]

    def test_an_erased_person_in_the_last_part_changes_nothing(self, node, file):
        last = of_file(file)[-1][0]
        subject = node.bureau.writer.subject_of(last)
        node.bureau.person_keys.destroy(subject, node.clock.now())
        with pytest.raises(SealingKeyDestroyedError):
            import_contributions(node, file)
        with node.read() as view:
            assert view.log.head().size == 0
            assert view.imports.all_unfinished() == []

    def test_an_error_in_the_last_line_changes_nothing(self, node, file):
        content = file.read_text(encoding="utf-8")
        file.write_text(content[:-3] + "99\n", encoding="utf-8")
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, file)
        (finding,) = refused.value.findings
        assert (finding.line, finding.code) == (LINES + 1, "date")
        with node.read() as view:
            assert view.log.head().size == 0
            assert view.imports.all() == []
            assert view.imports.all_unfinished() == []

    def test_rivals_far_apart_and_repeated_lines_are_found(self, node, file):
        lines = file.read_text(encoding="utf-8").splitlines()
        lines += [lines[3], lines[5].replace("2025-05-15", "2025-05-16")]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, file)
        found = [(item.line, item.code, item.details["other"]) for item in refused.value.findings]
        assert found == [
            (6, "second-line", LINES + 3),
            (LINES + 2, "duplicate-line", 4),
            (LINES + 3, "second-line", 6),
        ]

    def test_bad_lines_of_any_part_are_left_out(self, node, file):
        before = of_file(file)
        lines = file.read_text(encoding="utf-8").splitlines()
        for at in (2, 500, 1000):
            lines[at] = lines[at].replace("正常缴费", "没有")
        file.write_text("\n".join([*lines, "too,short"]) + "\n", encoding="utf-8")
        report = import_contributions(node, file, accept_valid=True)
        assert (report.lines_read, report.lines_accepted, report.lines_left_out) == (
            LINES + 1, LINES - 3, 4,
        )  # fmt: skip
        kept = report.left_out_path.read_text(encoding="utf-8-sig").splitlines()
        assert [row.split(",")[0] for row in kept[1:]] == [
            *(lines[at].split(",")[0] for at in (2, 500, 1000)), "too",
        ]  # fmt: skip
        good = [month for at, month in enumerate(before, 1) if at not in (2, 500, 1000)]
        assert months(node) == good


@pytest.mark.usefixtures("small")
class TestStopping:
    @pytest.mark.parametrize("chunks", [0, 10, 21, 23, 28, 40])
    def test_what_was_stopped_goes_on_with_the_same_command(self, node, file, chunks):
        with pytest.raises(ImportCancelledError) as stopped:
            import_contributions(node, file, stop=stop_after(chunks))
        with node.read() as view:
            size = view.log.head().size
            unfinished = view.imports.all_unfinished()
        assert size == stopped.value.rows_done == PART * max(0, (chunks - 21) // 4)
        assert [row.rows_done for row in unfinished] == ([size] if size else [])
        report = import_contributions(node, file)
        assert (report.lines_accepted, report.first_index, report.end_index) == (LINES, 0, LINES)
        require_sound(node, file)

    def test_another_file_may_come_in_between(self, node, file, tmp_path):
        other = tmp_path / "other.csv"
        write_contributions(other, 120, first_person=5_000)
        with pytest.raises(ImportCancelledError):
            import_contributions(node, file, stop=stop_after(30))
        import_contributions(node, other)
        report = import_contributions(node, file)
        assert (report.first_index, report.end_index) == (0, LINES + 120)
        assert report.lines_accepted == LINES
        require_sound(node, file, other)

    def test_months_recorded_in_between_are_named_and_nothing_is_doubled(
        self, node, file, tmp_path
    ):
        other = tmp_path / "other.csv"
        content = file.read_text(encoding="utf-8").splitlines()
        other.write_text("\n".join([content[0], content[-1]]) + "\n", encoding="utf-8")
        with pytest.raises(ImportCancelledError):
            import_contributions(node, file, stop=stop_after(30))
        import_contributions(node, other)
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, file)
        assert [(item.line, item.code) for item in refused.value.findings] == [
            (LINES + 1, "already-recorded")
        ]
        report = import_contributions(node, file, accept_valid=True)
        assert (report.lines_accepted, report.lines_left_out) == (LINES - 1, 1)
        assert Counter(months(node)) == Counter(of_file(file))

    def test_a_file_that_changes_while_it_is_checked_is_refused(self, node, file):
        def progress(step, done, _total):
            if step == "check" and done == PART:
                file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

        with pytest.raises(SourceChangedError):
            import_contributions(node, file, progress=progress)
        import_contributions(node, file)
        require_sound(node, file)

    def test_what_is_recorded_is_what_was_checked(self, node, file):
        content = file.read_text(encoding="utf-8")

        def progress(step, done, _total):
            if step == "record" and done == PART:
                file.write_text("somebody else's file", encoding="utf-8")

        import_contributions(node, file, progress=progress)
        file.write_text(content, encoding="utf-8")
        require_sound(node, file)


class _Children:
    """Child processes that import files."""

    def __init__(self, directory: Path, url: str) -> None:
        self._job = {
            "directory": str(directory), "url": url, "chunk_lines": CHUNK, "kept_months": PART,
        }  # fmt: skip
        script = Path(__file__).with_name("importer.py")
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        self.process = subprocess.Popen(
            [sys.executable, str(script)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, *files: Path) -> int:
        job = self._job | {"files": [str(path) for path in files]}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> int:
        """The status with which the last child ended."""
        return os.waitstatus_to_exitcode(int(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def children(tmp_path, database_url) -> Iterator[_Children]:
    directory = tmp_path / "bulk"
    directory.mkdir()
    with bulk_node(directory, database_url):
        pass  # tables and keys are made
    started = _Children(directory, database_url)
    yield started
    started.close()


@pytest.fixture
def opened(tmp_path, database_url):
    return lambda: bulk_node(tmp_path / "bulk", database_url)


class TestKilling:
    def test_no_row_is_lost_and_none_is_doubled(
        self, children, opened, file, tmp_path, repetitions
    ):
        chance = random.Random(4)
        started = time.monotonic()
        assert children.start(file) > 0
        assert children.ended() == 0
        usual = time.monotonic() - started
        killed, files, first = 0, [file], 5_000
        for number in range(repetitions):
            path = tmp_path / f"file-{number}.csv"
            write_contributions(path, LINES, first_person=first)
            first += LINES
            files.append(path)
            child = children.start(path)
            pause = chance.uniform(0, usual)
            time.sleep(pause)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            if children.ended() == -signal.SIGKILL:
                killed += 1
            else:
                usual = pause  # it took less: the first one ran on a busier machine
            children.start(path)
            assert children.ended() == 0
        assert killed >= repetitions // 3
        with opened() as node:
            require_sound(node, *files)
            assert len(imports(node)) == len(files)

    def test_two_processes_at_once_never_fork_the_log(self, children, opened, file, tmp_path):
        other = tmp_path / "other.csv"
        write_contributions(other, LINES, first_person=5_000)
        second = _Children(tmp_path / "bulk", children._job["url"])
        try:
            children.start(file)
            second.start(other)
            assert (children.ended(), second.ended()) == (0, 0)
        finally:
            second.close()
        with opened() as node:
            require_sound(node, file, other)

    def test_the_same_file_twice_at_once_is_recorded_once(self, children, opened, file, tmp_path):
        second = _Children(tmp_path / "bulk", children._job["url"])
        try:
            children.start(file)
            second.start(file)
            ends = {children.ended(), second.ended()}
        finally:
            second.close()
        assert 0 in ends
        with opened() as node:
            import_contributions(node, file)
            require_sound(node, file)


class TestMemory:
    def test_a_larger_file_needs_hardly_more(self, tmp_path, repetitions):
        """Measured in a process of its own, up to the signed checkpoint."""
        lines = 1_000_000 if repetitions > 10 else 300_000
        peaks = []
        for number, size in enumerate((100_000, lines)):
            path, node = tmp_path / f"{size}.csv", tmp_path / f"node-{number}"
            write_contributions(path, size)
            url = f"sqlite:///{tmp_path}/{number}.sqlite"
            command = [sys.executable, "-m", "scripts.bench._bulk_node", str(node), url, str(path)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            result = json.loads(answer.stdout.splitlines()[-1])
            assert result["records"] == size
            peaks.append(result["peak_bytes"] / MIB)
        assert peaks[1] < 1024
        assert peaks[1] - peaks[0] < 450


class TestConcurrentReader:
    @pytest.mark.usefixtures("small")
    def test_whoever_reads_meanwhile_sees_whole_parts(self, node, file):
        sizes, done = set(), threading.Event()

        def watch():
            while not done.is_set():
                with node.read() as view:
                    sizes.add(view.log.head().size)

        watcher = threading.Thread(target=watch)
        watcher.start()
        import_contributions(node, file)
        done.set()
        watcher.join()
        assert sizes <= {*range(0, LINES, PART), LINES}
