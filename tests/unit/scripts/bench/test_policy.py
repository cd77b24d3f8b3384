import pytest

from scripts.bench import policy


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(policy, "RETIREMENTS", 50)
    monkeypatch.setattr(policy, "PENSIONS", 20)
    monkeypatch.setattr(policy, "_PEOPLE", 10)


class TestPolicyBenchmark:
    def test_it_gives_a_rate_for_dates_and_for_pensions(self, small):
        said = []
        rows = policy.measure(said.append)
        assert said == ["50 retirement dates", "20 pensions from 360 paid months each"]
        assert len(rows) == 5
        assert {row.unit for row in rows} == {"per second"}
        assert all(row.value > 0 for row in rows)
