from __future__ import annotations

from types import SimpleNamespace

import pytest

import ledger.chain.registry
from ledger.chain.bindings import Bindings
from ledger.chain.registry import REMEMBERED_SECONDS, Registry


@pytest.fixture
def asked(monkeypatch):
    """How often the chain was asked, and a clock that moves when told to."""
    state = SimpleNamespace(bureaus=0, supervisors=0, now=100.0)

    def bureaus(_self):
        state.bureaus += 1
        return [f"bureau {state.bureaus}"]

    def supervisors(_self):
        state.supervisors += 1
        return [f"supervisor {state.supervisors}"]

    monkeypatch.setattr(Bindings, "bureaus", bureaus)
    monkeypatch.setattr(Bindings, "supervisors", supervisors)
    monkeypatch.setattr(ledger.chain.registry.time, "monotonic", lambda: state.now)
    return state


class TestRegistry:
    def test_participants_are_remembered_for_some_seconds_and_no_longer(self, asked):
        registry = Registry(SimpleNamespace(gateway=SimpleNamespace()))
        assert registry.bureaus() == registry.bureaus() == ["bureau 1"]
        assert registry.supervisors() == ["supervisor 1"]
        asked.now += REMEMBERED_SECONDS - 1
        assert registry.bureaus() == ["bureau 1"]
        asked.now += 1
        assert registry.bureaus() == ["bureau 2"]
        assert registry.supervisors() == ["supervisor 2"]

    def test_what_a_caller_does_to_its_list_is_its_own(self, asked):
        registry = Registry(SimpleNamespace(gateway=SimpleNamespace()))
        registry.bureaus().clear()
        assert registry.bureaus() == ["bureau 1"]
