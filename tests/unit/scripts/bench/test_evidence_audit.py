from __future__ import annotations

from scripts.bench.evidence_audit import ROWS, AuditFigures, audit_rows, rows_of


class TestAuditRows:
    def test_a_log_is_made_and_audited_with_nothing_passed_over(self):
        lines: list[str] = []
        figures = audit_rows(300, lines.append)
        assert (figures.rows, figures.records_opened) == (300, 300)
        assert figures.seconds > 0
        assert len(lines) == 3

    def test_it_stands_beside_its_limit_in_proportion(self):
        row, *_ = rows_of(AuditFigures(ROWS // 10, ROWS // 10, 5.0, 1.0, 2**20))
        assert (row.beside_value, row.holds) == (6.0, True)
        row, *_ = rows_of(AuditFigures(ROWS, ROWS, 61.0, 1.0, 2**20))
        assert (row.beside_value, row.holds) == (60.0, False)
