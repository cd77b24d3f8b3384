"""Funds: money moves along routes, is paid out once per leaf, and nothing lands twice."""

from __future__ import annotations

import random

import pytest
from eth_account.messages import encode_typed_data

OUTSIDE, TREASURY, FISCAL, EXPENDITURE, LEGACY_INCOME, IN_TRANSIT, SHORTFALL = range(7)
NONE, PROPOSED, APPROVED, RECORDED = range(4)
MAXIMUM_FEN = 10**17
MINIMUM_LINES = 3
COLLECTION, ALLOCATION, PAYMENT, RETURN, TRANSFER_OUT, TRANSFER_IN = range(6)
MONTH = 202609


class Books:
    """Short ways to write into one log's books."""

    def __init__(self, network, tree, digest, sign):
        self.network, self.digest, self.sign = network, digest, sign
        network.grow(1, tree, 0, 20)
        network.grow(1, tree, 20, 40)
        for log in (2, 3):
            network.grow(log, tree, 0, 40)

    def send(self, function, *arguments, log=1, sender=None):
        return self.network.send(
            "Funds", function, *arguments, sender=sender or self.network.publishers[log]
        )

    def refused(self, function, *arguments, log=1, sender=None):
        return self.network.refused(
            "Funds", function, *arguments, sender=sender or self.network.publishers[log]
        )

    def open(self, account, fen, log=1):
        return self.network.decide(
            ("Funds", "openBalance", log, account, fen, self.digest("letter"))
        )

    def set_route(self, pool, movement, *routes, at=0):
        return self.network.decide(
            ("FundRules", "setRoutes", pool, movement, routes, at, self.digest("decision"))
        )

    def freeze(self, log=1):
        return self.network.send(
            "FundRules", "freeze", log, self.digest("why"), sender=self.network.freezer
        )

    def close(self, log, *, successor, size):
        """Close a log; what follows is a log of its own with the next publisher."""
        names = {1: 32, 2: 32, 3: 34}
        following = self.network.bureau(successor, pool=names[log])
        self.network.decide(
            ("Bureaus", "closeLog", log, self.digest("why")),
            ("Bureaus", "nameSuccessor", log, size, following),
        )

    def balance(self, account, log=1):
        return self.network.read("Funds", "balance", log, account)

    def totals(self, log=1):
        return self.network.read("Funds", "totals", log)

    def propose(self, word="batch", first=0, end=10, lines=10, fen=1_000, log=1):
        return self.send(
            "proposeDisbursement", *self.proposal(word, first, end, lines, fen, log), log=log
        )

    def proposal(self, word="batch", first=0, end=10, lines=10, fen=1_000, log=1):
        return (log, self.digest(word), first, end, lines, fen, self.digest("lines"), MONTH)

    def approval(self, word="batch", lines=10, fen=1_000, maker=11, checker=12, root="lines"):
        message = self.network.read(
            "Funds", "approvalDigest", self.digest(word), lines, fen, self.digest(root)
        )
        signatures = [
            self.sign(self.network.officers[number], message) for number in (maker, checker)
        ]
        return (self.digest(word), lines, fen, *signatures)

    def batch(self, word="batch"):
        return self.network.named("Funds", "disbursement", self.digest(word))

    def release_cases(self, words, old=1, new=3):
        for word in words:
            case = self.digest(word)
            self.network.send(
                "Transfers", "request", case, self.digest(f"segment {word}"), old, new, self.digest("x"),
                sender=self.network.publishers[new],
            )  # fmt: skip
            self.network.send(
                "Transfers", "release", case, self.digest("f"), self.digest("p"),
                sender=self.network.publishers[old],
            )  # fmt: skip
        return [self.digest(word) for word in words]

    def assert_books_hold(self, opened):
        """The equation of IFunds for every log, and pools as the sums of their logs."""
        for log in (1, 2, 3):
            held = sum(self.balance(account, log) for account in range(TREASURY, IN_TRANSIT + 1))
            collected, disbursed, sent, received, returned, corrected = self.totals(log)
            arrived = sent - self.balance(IN_TRANSIT, log)
            income = opened.get(log, 0) + collected + received + returned
            expected = income - corrected - disbursed - arrived
            assert held - self.balance(SHORTFALL, log) == expected
        for pool, logs in ((32, (1, 2)), (34, (3,))):
            for account in range(7):
                whole = self.network.read("Funds", "poolBalance", pool, account)
                assert whole == sum(self.balance(account, log) for log in logs)


@pytest.fixture
def books(network, tree, make_digest, sign):
    return Books(network, tree, make_digest, sign)


class TestOpenBalance:
    def test_an_account_is_opened_once_by_the_council(self, books):
        ((name, values),) = books.open(TREASURY, 500)
        assert (name, values["account"], values["amountFen"]) == ("BalanceOpened", TREASURY, 500)
        assert books.balance(TREASURY) == 500
        refusal = books.network.refused_council("Funds", "openBalance", 1, TREASURY, 1, bytes(32))
        assert refusal == ("FundsAlreadyOpened", 1, TREASURY)
        books.open(TREASURY, 0, log=2)

    def test_nobody_opens_an_account_alone(self, books):
        network = books.network
        for sender in (network.supervisor, network.freezer, network.closer, network.publishers[1]):
            refusal = books.refused("openBalance", 1, TREASURY, 1, bytes(32), sender=sender)
            assert refusal == ("FundsNotGovernor", sender)

    @pytest.mark.parametrize("account", [OUTSIDE, IN_TRANSIT, SHORTFALL])
    def test_only_real_accounts_are_opened(self, books, account):
        refusal = books.network.refused_council("Funds", "openBalance", 1, account, 1, bytes(32))
        assert refusal == ("FundsAccountInvalid", account)

    def test_what_cannot_be_is_refused(self, books):
        def refused(*arguments):
            return books.network.refused_council("Funds", "openBalance", *arguments, bytes(32))

        assert refused(9, TREASURY, 1) == ("FundsLogUnknown", 9)
        assert refused(1, TREASURY, MAXIMUM_FEN + 1) == (
            "FundsAmountOutOfRange", MAXIMUM_FEN + 1, MAXIMUM_FEN,
        )  # fmt: skip
        books.close(1, successor=4, size=40)
        assert refused(1, TREASURY, 1) == ("FundsLogClosed", 1)


class TestCollection:
    def arguments(
        self, books, word="c1", first=0, end=10, lines=10, fen=900, periods=(202601, MONTH)
    ):
        return (1, books.digest(word), first, end, lines, fen, *periods)

    def test_a_collection_credits_the_treasury(self, books):
        ((name, values),) = books.send("recordCollection", *self.arguments(books))
        assert (name, values["lines"], values["periodFrom"]) == ("FundsCollected", 10, 202601)
        assert (books.balance(TREASURY), books.totals()[0]) == (900, 900)
        assert books.network.read("Funds", "collectedUpTo", 1) == 10
        books.send("recordCollection", *self.arguments(books, "c2", 10, 20))
        assert books.network.read("Funds", "poolBalance", 32, TREASURY) == 1_800

    def test_the_same_message_never_lands_twice(self, books):
        books.send("recordCollection", *self.arguments(books))
        assert books.network.read("Funds", "referenceUsed", 1, books.digest("c1"))
        assert not books.network.read("Funds", "referenceUsed", 2, books.digest("c1"))
        refusal = books.refused("recordCollection", *self.arguments(books, "c1", 10, 20))
        assert refusal == ("FundsReferenceUsed", 1, books.digest("c1"))

    def test_another_log_may_use_the_same_reference(self, books):
        books.send("recordCollection", *self.arguments(books))
        books.send("recordCollection", 2, *self.arguments(books)[1:], log=2)

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"first": 9, "end": 20}, ("FundsRangeOverlaps", 1, 9, 10)),
            ({"first": 10, "end": 41}, ("FundsRangeNotAnchored", 1, 41, 40)),
            ({"first": 10, "end": 10}, ("FundsRangeEmpty", 10, 10)),
            ({"first": 11, "end": 10}, ("FundsRangeEmpty", 11, 10)),
            ({"first": 10, "end": 20, "lines": 2}, ("FundsLinesOutOfRange", 2, MINIMUM_LINES, 10)),
            (
                {"first": 10, "end": 20, "lines": 11},
                ("FundsLinesOutOfRange", 11, MINIMUM_LINES, 10),
            ),
            ({"first": 10, "end": 20, "fen": 0}, ("FundsAmountOutOfRange", 0, MAXIMUM_FEN)),
            (
                {"first": 10, "end": 20, "fen": MAXIMUM_FEN + 1},
                ("FundsAmountOutOfRange", MAXIMUM_FEN + 1, MAXIMUM_FEN),
            ),
            (
                {"first": 10, "end": 20, "periods": (202600, MONTH)},
                ("FundsPeriodInvalid", 202600, MONTH),
            ),
            (
                {"first": 10, "end": 20, "periods": (202601, 202613)},
                ("FundsPeriodInvalid", 202601, 202613),
            ),
            (
                {"first": 10, "end": 20, "periods": (202610, MONTH)},
                ("FundsPeriodInvalid", 202610, MONTH),
            ),
            (
                {"first": 10, "end": 20, "periods": (194909, MONTH)},
                ("FundsPeriodInvalid", 194909, MONTH),
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, books, change, expected):
        books.send("recordCollection", *self.arguments(books))
        assert books.refused("recordCollection", *self.arguments(books, "c2", **change)) == expected

    def test_the_fewest_lines_of_a_total_can_be_read(self, books):
        assert books.network.read("Funds", "minimumLines") == MINIMUM_LINES

    def test_a_reference_of_nothing_is_refused(self, books):
        arguments = (1, bytes(32), *self.arguments(books)[2:])
        assert books.refused("recordCollection", *arguments) == ("FundsReferenceUsed", 1, bytes(32))

    def test_a_suspended_agency_still_records_what_came_in(self, books):
        books.network.send("Bureaus", "suspend", 1, bytes(32), sender=books.network.freezer)
        books.send("recordCollection", *self.arguments(books))


class TestCorrection:
    def arguments(self, books, word="k1", first=10, end=20, lines=10, fen=300):
        return (1, books.digest(word), first, end, lines, fen, MONTH, MONTH)

    def collect(self, books, fen=900):
        books.send("recordCollection", 1, books.digest("c1"), 0, 10, 10, fen, MONTH, MONTH)

    def test_less_collected_than_entered_leaves_the_treasury(self, books):
        self.collect(books)
        ((name, values),) = books.send("correctCollection", *self.arguments(books))
        assert (name, values["amountFen"], values["lines"], values["firstLeaf"]) == (
            "CollectionCorrected", 300, 10, 10,
        )  # fmt: skip
        assert (books.balance(TREASURY), books.totals()[0], books.totals()[5]) == (600, 900, 300)
        assert books.network.read("Funds", "collectedUpTo", 1) == 20
        books.assert_books_hold({})

    def test_what_has_gone_on_is_posted_to_shortfall_and_stops_disbursing(self, books):
        self.collect(books)
        books.send("move", 1, books.digest("m"), TREASURY, FISCAL, 700, bytes(32))
        events = books.send("correctCollection", *self.arguments(books))
        assert [name for name, _ in events] == ["CollectionCorrected", "ShortfallPosted"]
        assert (events[1][1]["referenceId"], events[1][1]["amountFen"]) == (books.digest("k1"), 100)
        assert (books.balance(TREASURY), books.balance(SHORTFALL)) == (0, 100)
        books.propose()
        assert books.refused("approveDisbursement", *books.approval()) == (
            "FundsShortfallOutstanding", 1, 100,
        )  # fmt: skip
        books.assert_books_hold({})

    def test_no_more_is_taken_back_than_was_collected(self, books):
        self.collect(books)
        refusal = books.refused("correctCollection", *self.arguments(books, fen=901))
        assert refusal == ("FundsCorrectionExceeds", 1, 900, 901)
        books.send("correctCollection", *self.arguments(books))
        refusal = books.refused("correctCollection", *self.arguments(books, "k2", 20, 30, fen=601))
        assert refusal == ("FundsCorrectionExceeds", 1, 600, 601)

    def test_a_correction_is_a_total_over_new_leaves_too(self, books):
        self.collect(books)
        publisher = books.network.publishers[2]
        for change, expected in (
            ({"first": 9}, ("FundsRangeOverlaps", 1, 9, 10)),
            ({"lines": 2}, ("FundsLinesOutOfRange", 2, MINIMUM_LINES, 10)),
            ({"fen": 0}, ("FundsAmountOutOfRange", 0, MAXIMUM_FEN)),
            ({"word": "c1"}, ("FundsReferenceUsed", 1, books.digest("c1"))),
        ):
            refusal = books.refused("correctCollection", *self.arguments(books, **change))
            assert refusal == expected
        refusal = books.refused("correctCollection", *self.arguments(books), sender=publisher)
        assert refusal == ("FundsNotPublisher", 1, publisher)


class TestMove:
    def arguments(self, books, source=TREASURY, target=FISCAL, fen=400, word="m1"):
        return (1, books.digest(word), source, target, fen, books.digest("order"))

    def test_money_goes_from_treasury_to_fiscal_to_expenditure(self, books):
        books.open(TREASURY, 1_000)
        ((name, values),) = books.send("move", *self.arguments(books))
        assert (name, values["from"], values["to"]) == ("FundsMoved", TREASURY, FISCAL)
        books.send("move", *self.arguments(books, FISCAL, EXPENDITURE, 150, "m2"))
        assert [books.balance(account) for account in (TREASURY, FISCAL, EXPENDITURE)] == [
            600,
            250,
            150,
        ]
        books.assert_books_hold({1: 1_000})

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            (TREASURY, EXPENDITURE),
            (FISCAL, TREASURY),
            (EXPENDITURE, FISCAL),
            (LEGACY_INCOME, FISCAL),
            (FISCAL, FISCAL),
        ],
    )
    def test_no_other_way_is_open(self, books, source, target):
        books.open(source, 1_000)
        refusal = books.refused("move", *self.arguments(books, source, target))
        assert refusal == ("FundsRouteClosed", 32, source, target)

    @pytest.mark.parametrize(
        ("source", "target", "named"),
        [
            (OUTSIDE, FISCAL, OUTSIDE),
            (TREASURY, IN_TRANSIT, IN_TRANSIT),
            (FISCAL, SHORTFALL, SHORTFALL),
        ],
    )
    def test_nothing_moves_from_or_to_an_account_that_is_none(self, books, source, target, named):
        refusal = books.refused("move", *self.arguments(books, source, target))
        assert refusal == ("FundsAccountInvalid", named)

    def test_no_account_goes_below_zero(self, books):
        books.open(TREASURY, 399)
        refusal = books.refused("move", *self.arguments(books))
        assert refusal == ("FundsInsufficient", 1, TREASURY, 399, 400)

    def test_moving_nothing_is_refused(self, books):
        refusal = books.refused("move", *self.arguments(books, fen=0))
        assert refusal == ("FundsAmountOutOfRange", 0, MAXIMUM_FEN)


class TestRoutes:
    """The books follow the routes of the pool; what routes there can be is in test_fund_rules."""

    def test_allocation_takes_the_routes_in_force(self, books):
        books.open(LEGACY_INCOME, 1_000)
        opens = books.network.now + 10_000
        books.set_route(32, ALLOCATION, (LEGACY_INCOME, FISCAL), at=opens)
        arguments = (1, books.digest("m"), LEGACY_INCOME, FISCAL, 100, bytes(32))
        assert books.refused("move", *arguments).name == "FundsRouteClosed"
        books.network.tester.time_travel(opens + 1)
        books.send("move", *arguments)
        refusal = books.refused("move", 1, books.digest("n"), TREASURY, FISCAL, 1, bytes(32))
        assert refusal == ("FundsRouteClosed", 32, TREASURY, FISCAL)

    def test_contributions_go_where_the_pool_collects_them(self, books):
        books.set_route(32, COLLECTION, (OUTSIDE, LEGACY_INCOME))
        for log in (1, 3):
            arguments = (log, books.digest("c"), 0, 10, 10, 900, MONTH, MONTH)
            books.send("recordCollection", *arguments, log=log)
        assert (books.balance(LEGACY_INCOME), books.balance(TREASURY)) == (900, 0)
        assert books.balance(TREASURY, log=3) == 900
        arguments = (1, books.digest("k"), 10, 20, 10, 400, MONTH, MONTH)
        books.send("correctCollection", *arguments)
        assert books.balance(LEGACY_INCOME) == 500

    def test_pensions_are_paid_from_where_the_pool_pays_them(self, books):
        books.set_route(32, PAYMENT, (FISCAL, OUTSIDE))
        books.set_route(32, RETURN, (OUTSIDE, FISCAL))
        books.open(FISCAL, 3_000)
        books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        books.propose(first=10, end=20)
        books.send("approveDisbursement", *books.approval())
        assert books.balance(FISCAL) == 1_300
        books.send("recordReturn", 1, books.digest("r"), books.digest("paid"), 200)
        assert books.balance(FISCAL) == 1_500
        books.send("recordPaid", 1, books.digest("more"), 20, 30, 10, 1_600, MONTH)
        assert (books.balance(FISCAL), books.balance(SHORTFALL)) == (0, 100)

    def test_transferred_money_takes_the_routes_of_each_pool(self, books):
        books.set_route(32, TRANSFER_OUT, (FISCAL, IN_TRANSIT))
        books.set_route(34, TRANSFER_IN, (IN_TRANSIT, EXPENDITURE))
        books.open(FISCAL, 2_000)
        cases = books.release_cases(TestSettlement.CASES)
        books.send("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        books.send("receiveSettlement", books.digest("s"), 800, log=3)
        assert (books.balance(FISCAL), books.balance(EXPENDITURE, log=3)) == (1_200, 800)
        books.assert_books_hold({1: 2_000})


class TestRecordPaid:
    def arguments(self, books, word="paid", first=0, end=10, lines=10, fen=700):
        return (1, books.digest(word), first, end, lines, fen, MONTH)

    def test_payments_already_made_debit_expenditure(self, books):
        books.open(EXPENDITURE, 1_000)
        ((name, values),) = books.send("recordPaid", *self.arguments(books))
        assert (name, values["amountFen"]) == ("PaidRecorded", 700)
        assert (books.balance(EXPENDITURE), books.balance(SHORTFALL), books.totals()[1]) == (
            300,
            0,
            700,
        )
        batch = books.batch("paid")
        assert (batch["state"], batch["paidLines"], batch["paidFen"], batch["period"]) == (
            RECORDED,
            10,
            700,
            MONTH,
        )
        books.assert_books_hold({1: 1_000})

    def test_what_is_missing_is_posted_to_shortfall_and_stops_disbursing(self, books):
        books.open(EXPENDITURE, 100)
        events = books.send("recordPaid", *self.arguments(books))
        assert [name for name, _ in events] == ["PaidRecorded", "ShortfallPosted"]
        assert events[1][1]["amountFen"] == 600
        assert (books.balance(EXPENDITURE), books.balance(SHORTFALL)) == (0, 600)
        books.assert_books_hold({1: 100})
        books.propose(first=10, end=20)
        refusal = books.refused("approveDisbursement", *books.approval())
        assert refusal == ("FundsShortfallOutstanding", 1, 600)

    def test_a_cleared_shortfall_lets_money_out_again(self, books):
        books.open(FISCAL, 5_000)
        books.send("recordPaid", *self.arguments(books))
        books.propose(first=10, end=20)
        books.send("move", 1, books.digest("m"), FISCAL, EXPENDITURE, 3_000, bytes(32))
        clear = (1, books.digest("k1"), 300, books.digest("order"))
        ((name, values),) = books.send("clearShortfall", *clear)
        assert (name, values["amountFen"]) == ("ShortfallCleared", 300)
        assert books.refused("approveDisbursement", *books.approval()) == (
            "FundsShortfallOutstanding",
            1,
            400,
        )
        refusal = books.refused("clearShortfall", 1, books.digest("k2"), 401, bytes(32))
        assert refusal == ("FundsClearingExceeds", 1, 400, 401)
        assert books.refused("clearShortfall", *clear) == (
            "FundsReferenceUsed",
            1,
            books.digest("k1"),
        )
        books.send("clearShortfall", 1, books.digest("k2"), 400, bytes(32))
        books.send("approveDisbursement", *books.approval())
        books.assert_books_hold({1: 5_000})

    def test_clearing_takes_money_that_is_there(self, books):
        books.send("recordPaid", *self.arguments(books))
        refusal = books.refused("clearShortfall", 1, books.digest("k"), 10, bytes(32))
        assert refusal == ("FundsInsufficient", 1, EXPENDITURE, 0, 10)

    def test_its_leaves_cannot_be_paid_again(self, books):
        books.send("recordPaid", *self.arguments(books))
        assert books.network.read("Funds", "payoutRegisteredUpTo", 1) == 10
        refusal = books.refused("proposeDisbursement", *books.proposal(first=9, end=19))
        assert refusal == ("FundsRangeOverlaps", 1, 9, 10)
        refusal = books.refused("recordPaid", *self.arguments(books, first=10, end=20))
        assert refusal == ("FundsReferenceUsed", 1, books.digest("paid"))

    def test_neither_suspension_nor_freeze_stops_a_record_of_facts(self, books):
        books.network.send("Bureaus", "suspend", 1, bytes(32), sender=books.network.freezer)
        books.freeze()
        books.send("recordPaid", *self.arguments(books))


class TestDisbursement:
    def test_two_officers_let_a_batch_be_paid(self, books):
        books.open(EXPENDITURE, 2_000)
        ((name, values),) = books.propose()
        assert (name, values["linesRoot"], values["period"]) == (
            "DisbursementProposed",
            books.digest("lines"),
            MONTH,
        )
        assert books.batch()["state"] == PROPOSED
        ((name, values),) = books.send("approveDisbursement", *books.approval())
        maker, checker = (books.network.officers[number].address for number in (11, 12))
        assert (name, values["maker"], values["checker"]) == (
            "DisbursementApproved",
            maker,
            checker,
        )
        batch = books.batch()
        assert (batch["state"], batch["paidFen"], batch["maker"], batch["checker"]) == (
            APPROVED,
            1_000,
            maker,
            checker,
        )
        assert (books.balance(EXPENDITURE), books.totals()[1]) == (1_000, 1_000)
        books.assert_books_hold({1: 2_000})

    def test_held_lines_are_left_out(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        books.send("approveDisbursement", *books.approval(lines=9, fen=900))
        batch = books.batch()
        assert (batch["lines"], batch["paidLines"], batch["amountFen"], batch["paidFen"]) == (
            10,
            9,
            1_000,
            900,
        )

    def test_a_batch_held_in_full_is_closed_without_money(self, books):
        books.propose()
        books.send("approveDisbursement", *books.approval(lines=0, fen=0))
        assert books.batch()["state"] == APPROVED

    def test_a_batch_is_paid_once(self, books):
        books.open(EXPENDITURE, 2_000)
        assert books.refused("approveDisbursement", *books.approval()) == (
            "FundsDisbursementState", books.digest("batch"), NONE,
        )  # fmt: skip
        books.propose()
        books.send("approveDisbursement", *books.approval())
        assert books.refused("approveDisbursement", *books.approval()) == (
            "FundsDisbursementState", books.digest("batch"), APPROVED,
        )  # fmt: skip

    def test_a_batch_is_proposed_once_whoever_proposes(self, books):
        books.propose()
        for log in (1, 2):
            refusal = books.refused(
                "proposeDisbursement", *books.proposal(first=10, end=20, log=log), log=log
            )
            assert refusal == ("FundsReferenceUsed", log, books.digest("batch"))

    @pytest.mark.parametrize(("lines", "fen"), [(11, 1_000), (10, 1_001), (0, 5), (5, 0)])
    def test_no_more_is_approved_than_was_proposed(self, books, lines, fen):
        books.propose()
        refusal = books.refused("approveDisbursement", *books.approval(lines=lines, fen=fen))
        assert refusal == ("FundsApprovalExceeds", books.digest("batch"), lines, fen, 10, 1_000)

    def test_maker_and_checker_are_two_people(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        refusal = books.refused("approveDisbursement", *books.approval(checker=11))
        assert refusal == (
            "FundsSameOfficer",
            books.digest("batch"),
            books.network.officers[11].address,
        )

    @pytest.mark.parametrize("stranger", [13, 21])
    def test_an_officer_of_another_log_or_none_cannot_approve(self, books, stranger):
        books.propose()
        address = books.network.officers[stranger].address
        for pair in ({"maker": stranger}, {"checker": stranger}):
            refusal = books.refused("approveDisbursement", *books.approval(**pair))
            assert refusal == ("FundsNotOfficer", 1, address)

    def test_a_signature_covers_batch_count_total_and_root(self, books):
        books.open(EXPENDITURE, 5_000)
        books.propose()
        books.propose("batch 2", 10, 20)
        batch, lines, fen, maker, checker = books.approval()
        others = (
            (books.digest("batch 2"), lines, fen, maker, checker),
            (batch, lines - 1, fen, maker, checker),
            (batch, lines, fen - 1, maker, checker),
            books.approval(root="other lines"),
        )
        for arguments in others:
            assert books.refused("approveDisbursement", *arguments).name == "FundsNotOfficer"

    def test_a_second_spelling_of_a_signature_is_refused(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        batch, lines, fen, maker, _ = books.approval()
        message = books.network.read(
            "Funds", "approvalDigest", batch, lines, fen, books.digest("lines")
        )
        twin = books.sign(books.network.officers[12], message, twin=True)
        refusal = books.refused("approveDisbursement", batch, lines, fen, maker, twin)
        assert refusal == ("ECDSAInvalidSignatureS", twin[32:64])

    def test_a_signature_has_one_form(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        batch, lines, fen, maker, checker = books.approval()
        no_point = (
            bytes(31) + b"\x05" + checker[32:64] + b"\x1b"
        )  # x = 5 is on no point of the curve
        for signature, expected in (
            (checker[:64], ("ECDSAInvalidSignatureLength", 64)),
            (checker + b"\x00", ("ECDSAInvalidSignatureLength", 66)),
            (b"", ("ECDSAInvalidSignatureLength", 0)),
            (checker[:64] + bytes([checker[64] - 27]), ("ECDSAInvalidSignature",)),
            (bytes(64) + b"\x1b", ("ECDSAInvalidSignature",)),
            (no_point, ("ECDSAInvalidSignature",)),
        ):
            refusal = books.refused("approveDisbursement", batch, lines, fen, maker, signature)
            assert refusal == expected

    def test_what_officers_sign_is_eip_712_typed_data(self, books):
        typed = {
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                "DisbursementApproval": [
                    {"name": "batchId", "type": "bytes32"},
                    {"name": "lines", "type": "uint32"},
                    {"name": "amountFen", "type": "uint64"},
                    {"name": "linesRoot", "type": "bytes32"},
                ],
            },
            "primaryType": "DisbursementApproval",
            "domain": {
                "name": "Anxu Funds",
                "version": "1",
                "chainId": books.network.web3.eth.chain_id,
                "verifyingContract": books.network.contracts["Funds"].address,
            },
            "message": {
                "batchId": books.digest("batch"), "lines": 10, "amountFen": 1_000, "linesRoot": books.digest("lines"),
            },
        }  # fmt: skip
        books.open(EXPENDITURE, 2_000)
        books.propose()
        message = encode_typed_data(full_message=typed)
        signatures = [
            bytes(books.network.officers[number].sign_message(message).signature)
            for number in (11, 12)
        ]
        books.send("approveDisbursement", books.digest("batch"), 10, 1_000, *signatures)

    def test_the_expenditure_account_must_have_it(self, books):
        books.open(EXPENDITURE, 999)
        books.propose()
        refusal = books.refused("approveDisbursement", *books.approval())
        assert refusal == ("FundsInsufficient", 1, EXPENDITURE, 999, 1_000)

    def test_a_suspended_agency_proposes_nothing_and_pays_what_was_proposed(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        books.network.send("Bureaus", "suspend", 1, bytes(32), sender=books.network.freezer)
        refusal = books.refused("proposeDisbursement", *books.proposal("batch 2", 10, 20))
        assert refusal == ("FundsLogSuspended", 1)
        books.send("approveDisbursement", *books.approval())

    def test_only_its_own_publisher_writes(self, books):
        sender = books.network.publishers[2]
        books.propose()
        calls = {
            "recordCollection": (1, books.digest("r"), 0, 10, 10, 5, MONTH, MONTH),
            "move": (1, books.digest("r"), TREASURY, FISCAL, 1, bytes(32)),
            "recordPaid": (1, books.digest("r"), 10, 20, 10, 5, MONTH),
            "proposeDisbursement": books.proposal("batch 2", 10, 20),
            "approveDisbursement": books.approval(),
            "recordReturn": (1, books.digest("r"), books.digest("batch"), 1),
            "clearShortfall": (1, books.digest("r"), 1, bytes(32)),
            "sendSettlement": (books.digest("s"), 1, 3, 1, [bytes(32)] * 3),
        }
        for function, arguments in calls.items():
            assert books.refused(function, *arguments, sender=sender) == (
                "FundsNotPublisher",
                1,
                sender,
            )


class TestReturn:
    def test_what_the_bank_returns_comes_back_to_expenditure(self, books):
        books.open(EXPENDITURE, 2_000)
        books.propose()
        books.send("approveDisbursement", *books.approval())
        ((name, values),) = books.send(
            "recordReturn", 1, books.digest("r1"), books.digest("batch"), 300
        )
        assert (name, values["batchId"]) == ("PaymentReturned", books.digest("batch"))
        assert (books.balance(EXPENDITURE), books.totals()[4], books.batch()["returnedFen"]) == (
            1_300,
            300,
            300,
        )
        refusal = books.refused("recordReturn", 1, books.digest("r2"), books.digest("batch"), 701)
        assert refusal == ("FundsReturnExceeds", books.digest("batch"), 1_000, 300, 701)
        refusal = books.refused("recordReturn", 1, books.digest("r1"), books.digest("batch"), 1)
        assert refusal == ("FundsReferenceUsed", 1, books.digest("r1"))
        books.assert_books_hold({1: 2_000})

    def test_a_payment_recorded_later_can_be_returned_too(self, books):
        books.open(EXPENDITURE, 2_000)
        books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        books.send("recordReturn", 1, books.digest("r1"), books.digest("paid"), 700)
        assert books.balance(EXPENDITURE) == 2_000

    def test_nothing_returns_of_what_was_not_paid(self, books):
        books.propose()
        for word, state in (("batch", PROPOSED), ("no batch", NONE)):
            refusal = books.refused("recordReturn", 1, books.digest("r"), books.digest(word), 1)
            assert refusal == ("FundsDisbursementState", books.digest(word), state)

    def test_a_return_belongs_to_its_own_log(self, books):
        books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        refusal = books.refused(
            "recordReturn", 2, books.digest("r"), books.digest("paid"), 1, log=2
        )
        assert refusal == ("FundsBatchOfOtherLog", books.digest("paid"), 1, 2)


class TestSettlement:
    CASES = ("case 1", "case 2", "case 3")

    def test_what_arrives_is_what_left(self, books):
        books.open(EXPENDITURE, 2_000)
        cases = books.release_cases(self.CASES)
        ((name, values),) = books.send("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        assert (name, values["amountFen"], values["caseIds"]) == ("SettlementSent", 800, cases)
        assert (books.balance(EXPENDITURE), books.balance(IN_TRANSIT), books.totals()[2]) == (
            1_200,
            800,
            800,
        )
        books.assert_books_hold({1: 2_000})
        assert books.network.read("Funds", "settlementOf", cases[2]) == books.digest("s")
        refusal = books.refused("receiveSettlement", books.digest("s"), 799, log=3)
        assert refusal == ("FundsSettlementMismatch", books.digest("s"), 800, 799)
        ((name, _),) = books.send("receiveSettlement", books.digest("s"), 800, log=3)
        assert name == "SettlementReceived"
        assert (books.balance(IN_TRANSIT), books.balance(FISCAL, log=3), books.totals(3)[3]) == (
            0,
            800,
            800,
        )
        books.assert_books_hold({1: 2_000})
        found = books.network.named("Funds", "settlement", books.digest("s"))
        assert (found["state"], found["cases"], found["receivedAt"]) == (
            2,
            3,
            books.network.last_time,
        )
        refusal = books.refused("receiveSettlement", books.digest("s"), 800, log=3)
        assert refusal == ("FundsSettlementState", books.digest("s"), 2)

    def test_only_the_receiver_enters_the_arrival_of_what_was_sent(self, books):
        books.open(EXPENDITURE, 2_000)
        refusal = books.refused("receiveSettlement", books.digest("s"), 800, log=3)
        assert refusal == ("FundsSettlementState", books.digest("s"), 0)
        books.send("sendSettlement", books.digest("s"), 1, 3, 800, books.release_cases(self.CASES))
        refusal = books.refused("receiveSettlement", books.digest("s"), 800)
        assert refusal == ("FundsNotPublisher", 3, books.network.publishers[1])

    def test_a_case_that_was_accepted_can_still_be_settled(self, books):
        books.open(EXPENDITURE, 2_000)
        cases = books.release_cases(self.CASES)
        books.network.send(
            "Transfers", "accept", cases[0], books.digest("f"), sender=books.network.publishers[3]
        )
        books.send("sendSettlement", books.digest("s"), 1, 3, 800, cases)

    def test_a_case_is_settled_once(self, books):
        books.open(EXPENDITURE, 2_000)
        cases = books.release_cases(self.CASES)
        twice = [cases[0], cases[1], cases[0]]
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, twice)
        assert refusal == ("FundsCaseSettled", cases[0], books.digest("s"))
        books.send("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        refusal = books.refused("sendSettlement", books.digest("s2"), 1, 3, 800, cases)
        assert refusal == ("FundsCaseSettled", cases[0], books.digest("s"))
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        assert refusal == ("FundsReferenceUsed", 1, books.digest("s"))

    def test_a_case_that_was_not_released_between_the_two_is_refused(self, books):
        books.open(EXPENDITURE, 2_000)
        books.open(EXPENDITURE, 2_000, log=2)
        cases = books.release_cases(self.CASES)
        books.network.send("Transfers", "withdraw", cases[1], sender=books.network.publishers[3])
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        assert refusal == ("FundsCaseNotReleased", cases[1])
        refusal = books.refused("sendSettlement", books.digest("s"), 2, 3, 800, cases, log=2)
        assert refusal == ("FundsCaseNotReleased", cases[0])
        unknown = [books.digest("never asked"), *cases[1:]]
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, unknown)
        assert refusal == ("FundsCaseNotReleased", unknown[0])

    def test_inside_a_pool_no_money_moves(self, books):
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 2, 800, [bytes(32)] * 3)
        assert refusal == ("FundsSamePool", 32)

    @pytest.mark.parametrize("count", [0, 2, 201])
    def test_a_settlement_has_neither_too_few_nor_too_many_cases(self, books, count):
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, [bytes(32)] * count)
        assert refusal == ("FundsCaseCount", count, MINIMUM_LINES, 200)

    def test_money_that_is_not_there_does_not_leave(self, books):
        cases = books.release_cases(self.CASES)
        refusal = books.refused("sendSettlement", books.digest("s"), 1, 3, 800, cases)
        assert refusal == ("FundsInsufficient", 1, EXPENDITURE, 0, 800)


class TestFreeze:
    """What a freeze stops; how long it lasts is in test_fund_rules."""

    def own(self, books, log=1):
        return [
            books.balance(account, log)
            for account in (TREASURY, FISCAL, EXPENDITURE, LEGACY_INCOME)
        ]

    def test_frozen_means_frozen_on_every_way_out(self, books):
        books.open(EXPENDITURE, 2_000)
        books.open(TREASURY, 2_000)
        books.send("recordPaid", 1, books.digest("early"), 0, 10, 10, 2_500, MONTH)
        books.propose(first=10, end=20)
        books.freeze()
        until = books.network.read("FundRules", "frozenUntil", 1)
        outgoing = {
            "approveDisbursement": books.approval(),
            "move": (1, books.digest("m"), TREASURY, FISCAL, 1, bytes(32)),
            "sendSettlement": (books.digest("s"), 1, 3, 1, [bytes(32)] * 3),
            "clearShortfall": (1, books.digest("k"), 1, bytes(32)),
        }
        for function, arguments in outgoing.items():
            assert books.refused(function, *arguments) == ("FundsLogFrozen", 1, until)
        books.network.tester.time_travel(until + 1)
        books.send("move", *outgoing["move"])

    def test_what_was_paid_all_the_same_is_owed(self, books):
        books.open(EXPENDITURE, 2_000)
        books.send("recordCollection", 1, books.digest("c"), 0, 10, 10, 900, MONTH, MONTH)
        books.freeze()
        before = self.own(books)
        events = books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        assert [name for name, _ in events] == ["PaidRecorded", "ShortfallPosted"]
        books.send("correctCollection", 1, books.digest("k"), 10, 20, 10, 300, MONTH, MONTH)
        assert (self.own(books), books.balance(SHORTFALL)) == (before, 1_000)
        books.assert_books_hold({1: 2_000})

    def test_what_comes_in_is_taken_in(self, books):
        books.open(EXPENDITURE, 2_000, log=3)
        books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        cases = books.release_cases(TestSettlement.CASES, old=3, new=1)
        books.send("sendSettlement", books.digest("s"), 3, 1, 800, cases, log=3)
        books.freeze()
        books.send("recordCollection", 1, books.digest("c"), 0, 10, 10, 900, MONTH, MONTH)
        books.send("recordReturn", 1, books.digest("r"), books.digest("paid"), 100)
        books.send("receiveSettlement", books.digest("s"), 800)
        assert self.own(books) == [900, 800, 100, 0]


class TestTakeOver:
    """Log 1 is closed; log 4 carries its first leaves on."""

    @pytest.fixture
    def successor(self, books, tree):
        """Does what a successor would have to: extends the checkpoint that it inherited."""

        def follow(size=20, grown=30):
            books.close(1, successor=4, size=size)
            books.network.grow(4, tree, size, grown)

        return follow

    def test_everything_moves_once_and_pools_stay(self, books, successor):
        for account, fen in ((TREASURY, 100), (FISCAL, 200), (LEGACY_INCOME, 50)):
            books.open(account, fen)
        books.send("recordCollection", 1, books.digest("c"), 0, 10, 10, 900, MONTH, MONTH)
        books.send("recordPaid", 1, books.digest("paid"), 0, 8, 8, 700, MONTH)
        pools = [books.network.read("Funds", "poolBalance", 32, account) for account in range(1, 7)]
        successor()
        ((name, values),) = books.send("takeOver", 4, sender=books.network.outsider)
        assert name == "LogTakenOver"
        assert (values["predecessor"], values["successor"], values["size"]) == (1, 4, 20)
        assert values["amountsFen"] == [0, 1_000, 200, 0, 50, 0, 700]
        assert [books.balance(account, 4) for account in range(7)] == values["amountsFen"]
        assert not any(books.balance(account, 1) for account in range(7))
        assert pools == [
            books.network.read("Funds", "poolBalance", 32, account) for account in range(1, 7)
        ]
        assert books.network.read("Funds", "holderOf", 1) == [4, 20]
        assert books.network.read("Funds", "holderOf", 4) == [4, 2**64 - 1]
        refusal = books.refused("takeOver", 4, sender=books.network.outsider)
        assert refusal == ("FundsAlreadyTakenOver", 1, 4)

    def test_a_log_that_succeeds_none_takes_nothing_over(self, books):
        assert books.refused("takeOver", 2, log=2) == ("FundsNoPredecessor", 2)

    def test_registered_leaves_stay_registered_as_far_as_they_were_inherited(
        self, books, successor
    ):
        books.send("recordCollection", 1, books.digest("c"), 0, 25, 10, 900, MONTH, MONTH)
        books.send("recordPaid", 1, books.digest("paid"), 0, 10, 10, 700, MONTH)
        successor()
        collection = (4, books.digest("d"), 20, 30, 10, 500, MONTH, MONTH)
        refusal = books.refused("recordCollection", *collection, log=4)
        assert refusal == ("FundsTakeOverOutstanding", 4, 1)
        books.send("takeOver", 4, log=4)
        assert books.network.read("Funds", "collectedUpTo", 4) == 20
        assert books.network.read("Funds", "payoutRegisteredUpTo", 4) == 10
        refusal = books.refused("proposeDisbursement", *books.proposal("b", 9, 19, log=4), log=4)
        assert refusal == ("FundsRangeOverlaps", 4, 9, 10)
        books.send("recordCollection", *collection, log=4)
        books.propose("b", 10, 20, log=4)
        batch_of = [books.network.read("Funds", "batchOf", *leaf) for leaf in (
            (1, 0), (1, 9), (1, 10), (1, 19), (1, 20), (4, 10), (4, 9), (4, 25), (2, 0),
        )]  # fmt: skip
        paid, b, none = books.digest("paid"), books.digest("b"), bytes(32)
        assert batch_of == [paid, paid, b, b, none, b, none, none, none]

    def test_what_a_message_was_called_stays_used(self, books, successor):
        books.open(TREASURY, 1_000)
        books.send("move", 1, books.digest("m"), TREASURY, FISCAL, 400, bytes(32))
        successor()
        books.send("takeOver", 4, log=4)
        again = (4, books.digest("m"), TREASURY, FISCAL, 400, bytes(32))
        assert books.refused("move", *again, log=4) == ("FundsReferenceUsed", 4, books.digest("m"))
        assert books.network.read("Funds", "referenceUsed", 4, books.digest("m"))
        refusal = books.network.refused_council("Funds", "openBalance", 4, TREASURY, 1, bytes(32))
        assert refusal == ("FundsAlreadyOpened", 4, TREASURY)

    def test_an_open_batch_is_paid_by_the_successors_officers(self, books, successor):
        books.open(EXPENDITURE, 5_000)
        books.propose("inherited", 0, 10)
        books.propose("lost", 15, 25)
        successor()
        books.send("takeOver", 4, log=4)
        for number in (13, 21):
            officer = books.network.officers[number].address
            if number == 21:
                books.network.send(
                    "Bureaus", "setOfficer", 2, officer, False, sender=books.network.supervisor
                )
            books.network.send(
                "Bureaus", "setOfficer", 4, officer, True, sender=books.network.supervisor
            )
        approval = books.approval("inherited", maker=13, checker=21)
        former = books.network.publishers[1]
        refusal = books.refused("approveDisbursement", *approval, sender=former)
        assert refusal == ("FundsNotPublisher", 4, former)
        refusal = books.refused(
            "approveDisbursement", *books.approval("lost", maker=13, checker=21), log=4
        )
        assert refusal == ("FundsBatchNotInherited", books.digest("lost"), 25, 20)
        ((name, values),) = books.send("approveDisbursement", *approval, log=4)
        assert (name, values["log"]) == ("DisbursementApproved", 4)
        books.send("recordReturn", 4, books.digest("r"), books.digest("inherited"), 10, log=4)
        assert books.balance(EXPENDITURE, 4) == 4_010

    def test_money_on_its_way_arrives(self, books, successor):
        books.open(EXPENDITURE, 2_000)
        books.open(EXPENDITURE, 2_000, log=3)
        out = books.release_cases(("a", "b", "c"))
        back = books.release_cases(("d", "e", "f"), old=3, new=1)
        books.send("sendSettlement", books.digest("out"), 1, 3, 800, out)
        books.send("sendSettlement", books.digest("in"), 3, 1, 500, back, log=3)
        successor()
        former = books.network.publishers[1]
        refusal = books.refused("receiveSettlement", books.digest("in"), 500, sender=former)
        assert refusal == ("FundsNotPublisher", 1, former)
        books.send("receiveSettlement", books.digest("out"), 800, log=3)
        books.send("takeOver", 4, log=4)
        books.send("receiveSettlement", books.digest("in"), 500, log=4)
        assert (books.balance(FISCAL, 3), books.balance(FISCAL, 4)) == (800, 500)
        assert books.balance(IN_TRANSIT, 1) == books.balance(IN_TRANSIT, 3) == 0

    def test_money_that_left_before_arrives_after_the_books_moved(self, books, successor):
        books.open(EXPENDITURE, 2_000)
        cases = books.release_cases(TestSettlement.CASES)
        books.send("sendSettlement", books.digest("out"), 1, 3, 800, cases)
        successor()
        books.send("takeOver", 4, log=4)
        assert books.balance(IN_TRANSIT, 4) == 800
        books.send("receiveSettlement", books.digest("out"), 800, log=3)
        assert (books.balance(IN_TRANSIT, 4), books.balance(FISCAL, 3)) == (0, 800)

    def test_a_released_case_is_settled_by_the_successor(self, books, successor):
        books.open(EXPENDITURE, 2_000)
        cases = books.release_cases(TestSettlement.CASES)
        successor()
        arguments = (books.digest("s"), 4, 3, 800, cases)
        assert books.refused("sendSettlement", *arguments, log=4) == (
            "FundsCaseNotReleased", cases[0],
        )  # fmt: skip
        books.send("takeOver", 4, log=4)
        books.send("sendSettlement", *arguments, log=4)
        assert books.balance(IN_TRANSIT, 4) == 800

    def test_nothing_more_moves_in_a_closed_log(self, books, successor):
        books.open(TREASURY, 1_000)
        successor()
        former = books.network.publishers[1]
        arguments = (1, books.digest("m"), TREASURY, FISCAL, 1, bytes(32))
        assert books.refused("move", *arguments) == ("FundsNotPublisher", 1, former)

    def test_a_successor_takes_over_from_a_successor_in_order(self, books, successor, tree):
        books.open(TREASURY, 1_000)
        books.send("recordCollection", 1, books.digest("c"), 0, 10, 10, 900, MONTH, MONTH)
        successor()
        network = books.network
        network.decide(("Bureaus", "closeLog", 4, bytes(32)))
        following = network.bureau(
            4, pool=32, publisher=network.outsider, logKey=b"\x05" * 32, region=320500
        )
        network.decide(("Bureaus", "nameSuccessor", 4, 30, following))
        refusal = books.refused("takeOver", 5, sender=network.outsider)
        assert refusal == ("FundsTakeOverOutstanding", 4, 1)
        books.send("takeOver", 4, sender=network.outsider)
        books.send("takeOver", 5, sender=network.outsider)
        assert books.balance(TREASURY, 5) == 1_900
        assert network.read("Funds", "holderOf", 1) == [5, 20]
        network.publishers[5] = network.outsider
        network.grow(5, tree, 30, 40)
        books.send(
            "correctCollection", 5, books.digest("k"), 30, 40, 10, 900, MONTH, MONTH,
            sender=network.outsider,
        )  # fmt: skip
        del network.publishers[5]
        assert books.balance(TREASURY, 5) == 1_000


class TestBatchCalls:
    def test_several_messages_go_in_one_transaction_or_none_does(self, books):
        books.open(TREASURY, 1_000)
        funds = books.network.contracts["Funds"]

        def call(function, *arguments):
            return funds.encode_abi(function, list(arguments))

        calls = [
            call("move", 1, books.digest("m"), TREASURY, FISCAL, 600, bytes(32)),
            call("move", 1, books.digest("n"), FISCAL, EXPENDITURE, 500, bytes(32)),
        ]
        refusal = books.refused("multicall", calls, log=2)
        assert refusal == ("FundsNotPublisher", 1, books.network.publishers[2])
        refusal = books.refused("multicall", [*calls, calls[0]])
        assert refusal == ("FundsReferenceUsed", 1, books.digest("m"))
        events = books.send("multicall", calls)
        assert [name for name, _ in events] == ["FundsMoved", "FundsMoved"]
        assert [books.balance(account) for account in (TREASURY, FISCAL, EXPENDITURE)] == [
            400, 100, 500,
        ]  # fmt: skip


class TestBooks:
    def test_the_books_hold_after_any_mix_of_messages(self, books):
        source = random.Random(20260915)
        opened, place = {}, dict.fromkeys((1, 2, 3), 0)
        for log in (1, 2, 3):
            for account in (TREASURY, FISCAL, EXPENDITURE):
                fen = source.randrange(5_000)
                books.open(account, fen, log)
                opened[log] = opened.get(log, 0) + fen
        for number in range(45):
            log, fen, word = source.choice((1, 2, 3)), source.randint(1, 3_000), f"message {number}"
            first, reference = place[log], books.digest(word)
            kind = source.choice(("collect", "move", "paid", "return", "clear"))
            if kind in {"collect", "paid"} and first + 3 <= 40:
                place[log] += 3
                function = "recordCollection" if kind == "collect" else "recordPaid"
                months = (MONTH, MONTH) if kind == "collect" else (MONTH,)
                call = (function, log, reference, first, first + 3, 3, fen, *months)
            elif kind == "move":
                route = source.choice(((TREASURY, FISCAL), (FISCAL, EXPENDITURE)))
                call = (
                    "move",
                    log,
                    reference,
                    *route,
                    min(fen, books.balance(route[0], log)),
                    bytes(32),
                )
            elif kind == "clear":
                owed = min(books.balance(SHORTFALL, log), books.balance(EXPENDITURE, log))
                call = ("clearShortfall", log, reference, min(fen, owed), bytes(32))
            else:
                continue
            if call[-2] == 0:
                continue
            books.send(*call, log=log)
            if kind == "paid":
                books.send(
                    "recordReturn",
                    log,
                    books.digest(f"{word} back"),
                    reference,
                    fen // 3 or 1,
                    log=log,
                )
        books.assert_books_hold(opened)
        assert any(books.balance(SHORTFALL, log) for log in (1, 2, 3)) or books.totals()[1]
