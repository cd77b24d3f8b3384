"""Two officers at two screens decide the same thing, or nothing."""

from __future__ import annotations

import pytest

from ledger.errors import SameOfficerError
from ledger.recording.seconding import choices, second

OFFICERS = ("maker", "checker", "third")


class TestSecond:
    def test_first_choice_waits_and_the_same_one_of_another_joins_it(self, network):
        context = network.context("nanjing")
        assert second(context, "case/1", "hold", "maker", OFFICERS) is None
        assert second(context, "case/1", "hold", "checker", OFFICERS) == "maker"

    def test_one_officer_is_never_two(self, network):
        context = network.context("nanjing")
        assert second(context, "case/2", "hold", "maker", OFFICERS) is None
        with pytest.raises(SameOfficerError):
            second(context, "case/2", "hold", "maker", OFFICERS)

    def test_different_choices_decide_nothing(self, network):
        context = network.context("nanjing")
        assert second(context, "case/3", "hold", "maker", OFFICERS) is None
        assert second(context, "case/3", "pay", "checker", OFFICERS) is None
        with context.read() as view:
            made = choices(view, "case/3", ("hold", "pay"), OFFICERS)
        assert made == (("maker", "hold"), ("checker", "pay"))
        assert second(context, "case/3", "pay", "maker", OFFICERS) == "checker"

    def test_choice_about_one_thing_says_nothing_about_another(self, network):
        context = network.context("nanjing")
        assert second(context, "case/4", "hold", "maker", OFFICERS) is None
        assert second(context, "case/41", "hold", "checker", OFFICERS) is None

    def test_joining_again_after_a_fault_gives_the_same_maker(self, network):
        context = network.context("nanjing")
        second(context, "case/5", "hold", "maker", OFFICERS)
        assert second(context, "case/5", "hold", "checker", OFFICERS) == "maker"
        assert second(context, "case/5", "hold", "checker", OFFICERS) == "maker"
