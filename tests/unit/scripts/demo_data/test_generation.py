import hashlib
import json
import subprocess
import sys
from datetime import date

import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc

from ledger.policy.contributions import base_bounds
from ledger.policy.periods import month_range
from ledger.policy.regions import regions
from scripts.demo_data import generate, load_planted
from scripts.demo_data.bureaus import BUREAUS, HEFEI, NANJING, SUZHOU

REGIONS = [bureau.region for bureau in BUREAUS]


def digests(directory):
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


class TestDeterminism:
    def test_the_same_seed_gives_the_same_bytes(self, demo, tmp_path):
        generate(tmp_path, 7, scale="small")
        assert digests(tmp_path) == digests(demo.directory)

    def test_another_seed_gives_other_people(self, demo, tmp_path):
        other = generate(tmp_path, 8, scale="small")
        ours = {case.identity_number for case in demo.planted.must_find}
        assert ours.isdisjoint({case.identity_number for case in other.must_find})

    def test_the_list_of_planted_cases_reads_back(self, demo):
        assert load_planted(demo.directory) == demo.planted

    def test_the_command_writes_the_same_files(self, demo, tmp_path):
        command = [sys.executable, "-m", "scripts.demo_data", "--seed", "7", "--scale", "small"]
        done = subprocess.run(
            [*command, "--directory", str(tmp_path)], check=True, capture_output=True, text=True
        )
        assert digests(tmp_path) == digests(demo.directory)
        assert "南京市" in done.stdout

    def test_it_can_stand_on_another_day(self, tmp_path):
        planted = generate(tmp_path, 7, as_of=date(2027, 3, 10), scale="small")
        assert set(planted.held.periods) == {202703}
        assert planted.proofs[0].statutory_period <= 202702


class TestForms:
    def test_each_city_exports_in_its_own_form(self, demo):
        hefei = (demo.directory / "hefei/contributions-2023.csv").read_bytes()
        assert hefei.decode("gb18030").startswith("社会保障号码,姓名,单位统一社会信用代码")
        with pytest.raises(UnicodeDecodeError):
            hefei.decode("utf-8")
        nanjing = (demo.directory / "nanjing/contributions-2023.csv").read_text(encoding="utf-8")
        assert nanjing.startswith("aac002,aac003,aab001")
        assert (demo.directory / "suzhou/contributions-2023.parquet").read_bytes()[:4] == b"PAR1"
        assert [demo.planted.bureau(region).mapping for region in REGIONS] == [
            "nanjing/mapping.toml", None, None,
        ]  # fmt: skip

    @pytest.mark.parametrize("region", REGIONS)
    def test_a_bureau_imports_every_line_without_a_finding(self, demo, region):
        files = [*demo.contributions(region), demo.payouts(region), demo.deaths(region)]
        if region in {HEFEI, NANJING}:
            files.append(demo.payouts(region, coming=True))
        for checked in files:
            assert checked.findings == ()
            assert len(checked.rows) == checked.table.lines_read

    @pytest.mark.parametrize("region", REGIONS)
    def test_counts_and_totals_are_those_of_the_files(self, demo, region):
        bureau = demo.planted.bureau(region)
        rows = [row for checked in demo.contributions(region) for row in checked.rows]
        assert len(rows) == bureau.contribution_lines
        assert sum(row.amount_fen for row in rows) == bureau.contribution_total_fen
        assert len({row.identity_number for row in rows}) == bureau.contributors
        paid = demo.payouts(region).rows
        assert (len(paid), sum(row.amount_fen for row in paid)) == (
            bureau.payout_lines, bureau.payout_total_fen,
        )  # fmt: skip
        assert len(demo.deaths(region).rows) == bureau.death_lines
        if bureau.payouts_next is not None:
            coming = demo.payouts(region, coming=True).rows
            assert len(coming) == bureau.next_lines
            assert sum(row.amount_fen for row in coming) == bureau.next_total_fen


class TestNobodyExists:
    def test_every_identity_number_holds_and_belongs_to_no_division(self, demo):
        numbers = {number for region in REGIONS for number in demo.months(region)}
        numbers |= {row.identity_number for region in REGIONS for row in demo.payouts(region).rows}
        numbers |= {row.identity_number for region in REGIONS for row in demo.deaths(region).rows}
        assert len(numbers) > 250
        provinces = {code[:2] for code in regions()}
        for number in numbers:
            assert number[-1] == ric.calc_check_digit(number)
            assert number[:2] not in provinces

    def test_every_credit_code_and_account_holds_and_no_account_is_shared(self, demo):
        for region in REGIONS:
            for checked in demo.contributions(region):
                assert all(uscc.is_valid(row.employer_code) for row in checked.rows)
        owners = {}
        for region in REGIONS:
            for row in demo.payouts(region).rows:
                assert luhn.is_valid(row.payee_account)
                owners.setdefault(row.payee_account, set()).add(row.identity_number)
        assert all(len(people) == 1 for people in owners.values())


class TestContributions:
    @pytest.mark.parametrize("region", REGIONS)
    def test_bases_lie_within_the_bounds_and_amounts_follow_the_rates(self, demo, region):
        bases = set()
        for row in (row for checked in demo.contributions(region) for row in checked.rows):
            bounds = base_bounds(row.period, region)
            assert bounds.floor_fen <= row.base_fen <= bounds.ceiling_fen
            bases.add(bounds.bound_of(row.base_fen - 1))
            if row.period >= 202307:
                assert abs(row.unit_fen * 100 - row.base_fen * 16) <= 50
            assert abs(row.person_fen * 100 - row.base_fen * 8) <= 50
            assert row.paid_on.year * 100 + row.paid_on.month == row.period
        assert len(bases) > 1, "somebody should stand at the floor"

    @pytest.mark.parametrize("region", REGIONS)
    def test_one_file_a_year_and_a_baseline_only_in_nanjing(self, demo, region):
        for name, checked in zip(
            demo.planted.bureau(region).contributions,
            demo.contributions(region)[-4:],
            strict=True,
        ):
            assert {str(row.period)[:4] for row in checked.rows} == {name.split("-")[-1][:4]}
        assert bool(demo.planted.bureau(region).baseline) == (region == NANJING)
        periods = {period for months in demo.months(region).values() for period in months}
        assert set(month_range(202307, 202608)) <= periods

    def test_nobody_but_those_who_moved_is_insured_in_two_cities(self, demo):
        moved = {case.identity_number for case in demo.planted.transfers}
        people = [set(demo.months(region)) for region in REGIONS]
        twice = (people[0] & people[1]) | (people[0] & people[2]) | (people[1] & people[2])
        assert twice == moved


class TestPersonalData:
    def test_the_list_of_planted_cases_is_json_with_sorted_keys(self, demo):
        text = (demo.directory / "planted.json").read_text(encoding="utf-8")
        content = json.loads(text)
        assert list(content) == sorted(content)
        assert content["schema"] == "anxu-demo-planted/1"
        assert {bureau["region"] for bureau in content["bureaus"]} == {NANJING, SUZHOU, HEFEI}
