"""FundRules: each pool's routes have a history, and a freeze ends by itself."""

from __future__ import annotations

import pytest

OUTSIDE, TREASURY, FISCAL, EXPENDITURE, LEGACY_INCOME, IN_TRANSIT, SHORTFALL = range(7)
COLLECTION, ALLOCATION, PAYMENT, RETURN, TRANSFER_OUT, TRANSFER_IN = range(6)
MOVEMENTS = range(6)
USUAL = {
    COLLECTION: [(OUTSIDE, TREASURY)],
    ALLOCATION: [(TREASURY, FISCAL), (FISCAL, EXPENDITURE)],
    PAYMENT: [(EXPENDITURE, OUTSIDE)],
    RETURN: [(OUTSIDE, EXPENDITURE)],
    TRANSFER_OUT: [(EXPENDITURE, IN_TRANSIT)],
    TRANSFER_IN: [(IN_TRANSIT, FISCAL)],
}
POOL, OTHER_POOL = 32, 34
CAP_SECONDS = 23 * 86_400
WORKING_DAYS = 10
WHY = b"\x07" * 32


def set_routes(network, movement, *routes, pool=POOL, at=0):
    return network.decide(("FundRules", "setRoutes", pool, movement, routes, at, WHY))


def refused_routes(network, movement, *routes, at=0):
    return network.refused_council("FundRules", "setRoutes", POOL, movement, routes, at, WHY)


def routes_at(network, movement, time, pool=POOL):
    profile = network.named("FundRules", "profileAt", pool, movement, time)
    return [tuple(route) for route in profile["routes"]]


def freeze(network, log=1):
    return network.send("FundRules", "freeze", log, WHY, sender=network.freezer)


def unfreeze(network, log=1):
    return network.send("FundRules", "unfreeze", log, WHY, sender=network.freezer)


def renew(network, log=1):
    return network.decide(("FundRules", "renewFreeze", log, WHY))


def until(network, log=1):
    return network.read("FundRules", "frozenUntil", log)


class TestRoutes:
    @pytest.mark.parametrize("movement", MOVEMENTS)
    def test_a_pool_for_which_nobody_decided_has_the_usual_routes(self, network, movement):
        profile = network.named("FundRules", "profileAt", POOL, movement, network.now)
        assert [tuple(route) for route in profile["routes"]] == USUAL[movement]
        assert profile["effectiveAt"] == 0
        assert network.read("FundRules", "profileCount", POOL, movement) == 0
        own = {
            COLLECTION: TREASURY, ALLOCATION: OUTSIDE, PAYMENT: EXPENDITURE,
            RETURN: EXPENDITURE, TRANSFER_OUT: EXPENDITURE, TRANSFER_IN: FISCAL,
        }  # fmt: skip
        account = network.read("FundRules", "accountAt", POOL, movement, network.now)
        assert account == own[movement]

    def test_every_way_is_open_only_if_it_is_a_route(self, network):
        for movement in MOVEMENTS:
            for source in range(7):
                for target in range(7):
                    allowed = network.read(
                        "FundRules", "routeAllowedAt", POOL, movement, source, target, network.now
                    )
                    assert allowed == ((source, target) in USUAL[movement])

    def test_routes_change_at_their_time_and_the_past_stays_readable(self, network):
        first = network.now + 10_000
        routes = [(TREASURY, FISCAL), (LEGACY_INCOME, FISCAL), (FISCAL, EXPENDITURE)]
        ((name, values),) = set_routes(network, ALLOCATION, *routes, at=first)
        assert (name, values["pool"], values["movement"], values["effectiveAt"]) == (
            "RoutesSet", POOL, ALLOCATION, first,
        )  # fmt: skip
        assert [(each["from"], each["to"]) for each in values["routes"]] == routes
        assert values["documentDigest"] == WHY
        set_routes(network, ALLOCATION, (FISCAL, EXPENDITURE), at=first + 50_000)
        found = [routes_at(network, ALLOCATION, first + shift) for shift in (-1, 0, 49_999, 50_000)]
        later = [(FISCAL, EXPENDITURE)]
        assert found == [USUAL[ALLOCATION], sorted(routes), sorted(routes), later]
        assert routes_at(network, ALLOCATION, first, pool=OTHER_POOL) == USUAL[ALLOCATION]
        assert routes_at(network, COLLECTION, first) == USUAL[COLLECTION]
        assert network.read("FundRules", "profileCount", POOL, ALLOCATION) == 2
        second = network.named("FundRules", "profileByIndex", POOL, ALLOCATION, 1)
        assert second["effectiveAt"] == first + 50_000
        assert [tuple(route) for route in second["routes"]] == later
        refusal = network.refused(
            "FundRules", "profileByIndex", POOL, ALLOCATION, 2, sender=network.outsider
        )
        assert refusal == ("FundRulesIndexOutOfRange", 2, 2)

    def test_allocation_can_be_closed_altogether(self, network):
        set_routes(network, ALLOCATION)
        assert routes_at(network, ALLOCATION, network.last_time) == []
        assert routes_at(network, ALLOCATION, network.last_time - 1) == USUAL[ALLOCATION]

    @pytest.mark.parametrize(
        ("movement", "route"),
        [
            (COLLECTION, (OUTSIDE, LEGACY_INCOME)),
            (PAYMENT, (FISCAL, OUTSIDE)),
            (RETURN, (OUTSIDE, FISCAL)),
            (TRANSFER_OUT, (FISCAL, IN_TRANSIT)),
            (TRANSFER_IN, (IN_TRANSIT, EXPENDITURE)),
        ],
    )
    def test_every_kind_can_take_another_account(self, network, movement, route):
        set_routes(network, movement, route)
        time = network.last_time
        assert routes_at(network, movement, time) == [route]
        own = route[0] if route[0] not in {OUTSIDE, IN_TRANSIT} else route[1]
        assert network.read("FundRules", "accountAt", POOL, movement, time) == own

    @pytest.mark.parametrize(
        ("movement", "route"),
        [
            (COLLECTION, (OUTSIDE, FISCAL)),
            (COLLECTION, (OUTSIDE, OUTSIDE)),
            (COLLECTION, (TREASURY, OUTSIDE)),
            (COLLECTION, (OUTSIDE, IN_TRANSIT)),
            (ALLOCATION, (OUTSIDE, FISCAL)),
            (ALLOCATION, (FISCAL, SHORTFALL)),
            (ALLOCATION, (FISCAL, FISCAL)),
            (PAYMENT, (OUTSIDE, EXPENDITURE)),
            (PAYMENT, (EXPENDITURE, IN_TRANSIT)),
            (PAYMENT, (SHORTFALL, OUTSIDE)),
            (RETURN, (EXPENDITURE, OUTSIDE)),
            (RETURN, (OUTSIDE, SHORTFALL)),
            (TRANSFER_OUT, (EXPENDITURE, OUTSIDE)),
            (TRANSFER_OUT, (IN_TRANSIT, EXPENDITURE)),
            (TRANSFER_IN, (IN_TRANSIT, SHORTFALL)),
            (TRANSFER_IN, (OUTSIDE, FISCAL)),
        ],
    )
    def test_a_way_that_money_cannot_go_is_refused(self, network, movement, route):
        refusal = refused_routes(network, movement, route)
        assert refusal == ("FundRulesRouteInvalid", movement, *route)

    @pytest.mark.parametrize("movement", [COLLECTION, PAYMENT, RETURN, TRANSFER_OUT, TRANSFER_IN])
    def test_all_but_allocation_have_one_route(self, network, movement):
        for routes in ((), tuple(USUAL[movement]) * 2):
            refusal = refused_routes(network, movement, *routes)
            assert refusal == ("FundRulesRouteCount", movement, len(routes))

    def test_history_only_goes_on(self, network):
        past = network.now
        refusal = refused_routes(network, PAYMENT, (FISCAL, OUTSIDE), at=past)
        assert (refusal.name, refusal.values[0]) == ("FundRulesRouteTime", past)
        future = network.now + 50_000
        set_routes(network, PAYMENT, (FISCAL, OUTSIDE), at=future)
        refusal = refused_routes(network, PAYMENT, (EXPENDITURE, OUTSIDE), at=future - 1)
        assert refusal == ("FundRulesRouteTime", future - 1, future)
        set_routes(network, PAYMENT, (TREASURY, OUTSIDE), at=future)
        assert routes_at(network, PAYMENT, future) == [(TREASURY, OUTSIDE)]

    def test_the_council_alone_sets_routes(self, network):
        for sender in (network.supervisor, network.freezer, network.closer, network.publishers[1]):
            refusal = network.refused(
                "FundRules", "setRoutes", POOL, PAYMENT, [(FISCAL, OUTSIDE)], 0, WHY, sender=sender
            )
            assert refusal == ("FundRulesNotGovernor", sender)


class TestFreeze:
    def test_it_ends_with_the_tenth_working_day(self, network):
        network.publish_weekdays(2)
        ((name, values),) = freeze(network)
        end = network.end_of_term(network.last_time, WORKING_DAYS)
        assert (name, values["log"], values["until"], values["reasonDigest"]) == (
            "FundsFrozen", 1, end, WHY,
        )  # fmt: skip
        assert until(network) == end
        started = network.last_time
        assert network.named("FundRules", "freezeOf", 1) == {
            "until": end, "windowEnd": end, "freezableFrom": end + (end - started),
            "isRenewed": False,
        }  # fmt: skip
        assert until(network, 2) == 0

    def test_without_a_calendar_it_ends_after_a_cap(self, network):
        freeze(network)
        assert until(network) == network.last_time + CAP_SECONDS
        constants = [
            network.read("FundRules", name)
            for name in ("FREEZE_CAP_SECONDS", "FREEZE_WORKING_DAYS")
        ]
        assert constants == [CAP_SECONDS, WORKING_DAYS]

    def test_a_calendar_published_later_does_not_move_the_end(self, network):
        freeze(network)
        end = until(network)
        network.publish_weekdays(2)
        assert until(network) == end

    def test_a_calendar_of_hardly_any_working_days_does_not_prolong_it(self, network):
        year = network.year
        for each in (year, year + 1):
            words = [1, 1 << 108]  # 1 January and 31 December
            network.send("WorkCalendar", "publishYear", each, words, sender=network.supervisor)
        freeze(network)
        assert until(network) <= network.last_time + CAP_SECONDS

    def test_what_is_frozen_is_not_frozen_again(self, network):
        freeze(network)
        refusal = network.refused("FundRules", "freeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesLogFrozen", 1, until(network))

    def test_after_it_ended_as_much_time_passes_before_the_next(self, network):
        freeze(network)
        started, end = network.last_time, until(network)
        network.travel(end)
        free_from = end + (end - started)
        refusal = network.refused("FundRules", "freeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesFreezeTooSoon", 1, free_from)
        network.travel(free_from)
        freeze(network)
        assert until(network) == network.last_time + CAP_SECONDS

    def test_what_was_lifted_early_can_go_on_up_to_its_end(self, network):
        freeze(network)
        end = until(network)
        ((name, values),) = unfreeze(network)
        assert (name, values["reasonDigest"]) == ("FundsUnfrozen", WHY)
        assert until(network) == network.last_time
        refusal = network.refused("FundRules", "unfreeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesNotFrozen", 1)
        network.wait(1_000)
        freeze(network)
        assert until(network) == end

    def test_the_council_renews_it_and_lifts_what_it_renewed(self, network):
        freeze(network)
        first = until(network)
        network.wait(86_400)
        ((name, values),) = renew(network)
        assert (name, values["until"]) == ("FreezeRenewed", network.last_time + CAP_SECONDS)
        assert until(network) > first
        assert network.named("FundRules", "freezeOf", 1)["isRenewed"]
        refusal = network.refused("FundRules", "unfreeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesNotGovernor", network.freezer)
        ((name, _),) = network.decide(("FundRules", "unfreeze", 1, WHY))
        assert (name, until(network)) == ("FundsUnfrozen", network.last_time)
        refusal = network.refused("FundRules", "freeze", 1, WHY, sender=network.freezer)
        assert refusal.name == "FundRulesFreezeTooSoon"

    def test_the_council_repeats_a_freeze_that_ended(self, network):
        freeze(network)
        network.travel(until(network) + 1)
        renew(network)
        assert until(network) == network.last_time + CAP_SECONDS
        refusal = network.refused_council("FundRules", "renewFreeze", 2, WHY)
        assert refusal == ("FundRulesNotFrozen", 2)

    def test_a_renewal_never_shortens(self, network):
        freeze(network)
        end = until(network)
        network.publish_weekdays(2)
        renew(network)
        assert until(network) == end

    def test_only_who_may_freeze_freezes_and_lifts(self, network):
        for sender in (network.supervisor, network.closer, network.publishers[1]):
            for function in ("freeze", "unfreeze"):
                refusal = network.refused("FundRules", function, 1, WHY, sender=sender)
                assert refusal == ("FundRulesNotFreezer", sender)
        refusal = network.refused("FundRules", "renewFreeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesNotGovernor", network.freezer)
        refusal = network.refused("FundRules", "freeze", 9, WHY, sender=network.freezer)
        assert refusal == ("FundRulesLogUnknown", 9)

    def test_a_freeze_holds_for_the_successor(self, network):
        freeze(network)
        end = until(network)
        network.decide(("Bureaus", "closeLog", 1, WHY))
        network.decide(("Bureaus", "nameSuccessor", 1, 0, network.bureau(4, pool=POOL)))
        assert until(network, 4) == end
        refusal = network.refused("FundRules", "freeze", 4, WHY, sender=network.freezer)
        assert refusal == ("FundRulesLogFrozen", 4, end)
        refusal = network.refused("FundRules", "freeze", 1, WHY, sender=network.freezer)
        assert refusal == ("FundRulesLogClosed", 1)
        unfreeze(network)
        assert until(network, 4) == network.last_time
        freeze(network, 4)
        assert until(network, 4) == network.last_time + CAP_SECONDS
