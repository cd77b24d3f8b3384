from datetime import date

import pytest

from ledger.records.columns import CONTRIBUTIONS, DEATHS, PAYOUTS
from ledger.records.files import read_table
from ledger.records.validation import check_contributions, check_deaths, check_payouts
from scripts.demo_data import generate

AS_OF = date(2026, 9, 15)


class Demo:
    """A small demonstration, read back the way a bureau imports it."""

    def __init__(self, directory):
        self.directory = directory
        self.planted = generate(directory, 7, scale="small")
        self._read = {}

    def _table(self, name, bureau, spec):
        mapping = self.directory / bureau.mapping if bureau.mapping else None
        return read_table(self.directory / name, mapping, spec)

    def _checked(self, name, check):
        if name not in self._read:
            self._read[name] = check()
        return self._read[name]

    def contributions(self, region):
        bureau = self.planted.bureau(region)
        return [
            self._checked(
                name,
                lambda name=name: check_contributions(
                    self._table(name, bureau, CONTRIBUTIONS), region, AS_OF
                ),
            )
            for name in (*bureau.baseline, *bureau.contributions)
        ]

    def payouts(self, region, *, coming=False):
        bureau = self.planted.bureau(region)
        name = bureau.payouts_next if coming else bureau.payouts_paid
        return self._checked(name, lambda: check_payouts(self._table(name, bureau, PAYOUTS), AS_OF))

    def deaths(self, region):
        bureau = self.planted.bureau(region)
        return self._checked(
            bureau.deaths, lambda: check_deaths(self._table(bureau.deaths, bureau, DEATHS), AS_OF)
        )

    def months(self, region):
        """Paid months by identity number."""
        found = {}
        for checked in self.contributions(region):
            for row in checked.rows:
                found.setdefault(row.identity_number, []).append(row.period)
        return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return Demo(tmp_path_factory.mktemp("demo"))
