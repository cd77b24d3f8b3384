"""Funds: money moves along routes, is paid out once per leaf, and nothing lands twice."""

from __future__ import annotations

import random

import pytest
from eth_account.messages import encode_typed_data

OUTSIDE, TREASURY, FISCAL, EXPENDITURE, LEGACY_INCOME, IN_TRANSIT, SHORTFALL = range(7)
NONE, PROPOSED, APPROVED, RECORDED = range(4)
MAXIMUM_FEN = 10**17
MINIMUM_LINES = 3
FREEZE_SECONDS = 14 * 86_400
MONTH = 202609


class Books:
    """Short ways to write into one log's books."""

    def __init__(self, network, tree, digest, sign):
        self.network, self.digest, self.sign = network, digest, sign
        for log in (1, 2, 3):
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
        return self.send(
            "openBalance", log, account, fen, self.digest("letter"), sender=self.network.supervisor
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
            collected, disbursed, sent, received, returned = self.totals(log)
            arrived = sent - self.balance(IN_TRANSIT, log)
            expected = opened.get(log, 0) + collected + received + returned - disbursed - arrived
            assert held - self.balance(SHORTFALL, log) == expected
        for pool, logs in ((32, (1, 2)), (34, (3,))):
            for account in range(7):
                whole = self.network.read("Funds", "poolBalance", pool, account)
                assert whole == sum(self.balance(account, log) for log in logs)


@pytest.fixture
def books(network, tree, make_digest, sign):
    return Books(network, tree, make_digest, sign)


class TestOpenBalance:
    def test_an_account_is_opened_once_by_a_supervisor(self, books):
        ((name, values),) = books.open(TREASURY, 500)
        assert (name, values["account"], values["amountFen"]) == ("BalanceOpened", TREASURY, 500)
        assert books.balance(TREASURY) == 500
        refusal = books.refused(
            "openBalance", 1, TREASURY, 1, bytes(32), sender=books.network.supervisor
        )
        assert refusal == ("FundsAlreadyOpened", 1, TREASURY)
        books.open(TREASURY, 0, log=2)

    @pytest.mark.parametrize("account", [OUTSIDE, IN_TRANSIT, SHORTFALL])
    def test_only_real_accounts_are_opened(self, books, account):
        refusal = books.refused(
            "openBalance", 1, account, 1, bytes(32), sender=books.network.supervisor
        )
        assert refusal == ("FundsAccountInvalid", account)

    def test_what_cannot_be_is_refused(self, books):
        supervisor, publisher = books.network.supervisor, books.network.publishers[1]
        refusal = books.refused("openBalance", 1, TREASURY, 1, bytes(32), sender=publisher)
        assert refusal == ("FundsNotSupervisor", publisher)
        refusal = books.refused("openBalance", 9, TREASURY, 1, bytes(32), sender=supervisor)
        assert refusal == ("FundsLogUnknown", 9)
        refusal = books.refused(
            "openBalance", 1, TREASURY, MAXIMUM_FEN + 1, bytes(32), sender=supervisor
        )
        assert refusal == ("FundsAmountOutOfRange", MAXIMUM_FEN + 1, MAXIMUM_FEN)


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

    def test_a_reference_of_nothing_is_refused(self, books):
        arguments = (1, bytes(32), *self.arguments(books)[2:])
        assert books.refused("recordCollection", *arguments) == ("FundsReferenceUsed", 1, bytes(32))

    def test_a_suspended_agency_still_records_what_came_in(self, books):
        books.network.send("Bureaus", "suspend", 1, bytes(32), sender=books.network.freezer)
        books.send("recordCollection", *self.arguments(books))


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
    def test_a_route_opens_and_closes_at_its_time(self, books):
        network, supervisor = books.network, books.network.supervisor
        books.open(LEGACY_INCOME, 1_000)
        opens = network.now + 1_000
        ((name, values),) = books.send(
            "setRoute", 32, LEGACY_INCOME, FISCAL, True, opens, sender=supervisor
        )
        assert (name, values["effectiveAt"], values["allowed"]) == ("RouteSet", opens, True)
        books.send("setRoute", 32, LEGACY_INCOME, FISCAL, False, opens + 500, sender=supervisor)
        arguments = (1, books.digest("m"), LEGACY_INCOME, FISCAL, 100, bytes(32))
        assert books.refused("move", *arguments).name == "FundsRouteClosed"
        network.wait(1_001)
        books.send("move", *arguments)
        allowed = [
            network.read("Funds", "routeAllowedAt", 32, LEGACY_INCOME, FISCAL, opens + shift)
            for shift in (-1, 0, 499, 500)
        ]
        assert allowed == [False, True, True, False]
        assert not network.read("Funds", "routeAllowedAt", 34, LEGACY_INCOME, FISCAL, opens)
        assert network.read("Funds", "routeChangeCount", 32, LEGACY_INCOME, FISCAL) == 2

    def test_a_usual_route_can_be_closed(self, books):
        books.open(TREASURY, 1_000)
        books.send("setRoute", 32, TREASURY, FISCAL, False, 0, sender=books.network.supervisor)
        refusal = books.refused("move", 1, books.digest("m"), TREASURY, FISCAL, 1, bytes(32))
        assert refusal == ("FundsRouteClosed", 32, TREASURY, FISCAL)

    def test_a_routes_past_does_not_change(self, books):
        supervisor, now = books.network.supervisor, books.network.now
        refusal = books.refused("setRoute", 32, FISCAL, TREASURY, True, now - 10, sender=supervisor)
        assert (refusal.name, refusal.values[0]) == ("FundsRouteTime", now - 10)
        books.send("setRoute", 32, FISCAL, TREASURY, True, now + 900, sender=supervisor)
        refusal = books.refused(
            "setRoute", 32, FISCAL, TREASURY, False, now + 899, sender=supervisor
        )
        assert refusal == ("FundsRouteTime", now + 899, now + 900)

    def test_routes_are_a_supervisors_and_between_real_accounts(self, books):
        publisher, supervisor = books.network.publishers[1], books.network.supervisor
        refusal = books.refused("setRoute", 32, FISCAL, TREASURY, True, 0, sender=publisher)
        assert refusal == ("FundsNotSupervisor", publisher)
        for route, named in (
            ((OUTSIDE, FISCAL), OUTSIDE),
            ((FISCAL, SHORTFALL), SHORTFALL),
            ((FISCAL, FISCAL), FISCAL),
        ):
            refusal = books.refused("setRoute", 32, *route, True, 0, sender=supervisor)
            assert refusal == ("FundsAccountInvalid", named)


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
        books.send("freeze", 1, bytes(32), sender=books.network.supervisor)
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
        assert refusal == ("OfficerSignatureInvalid", message, 65)

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
    def test_a_freeze_stops_outgoing_money_and_ends_by_itself(self, books):
        network, supervisor = books.network, books.network.supervisor
        books.open(EXPENDITURE, 2_000)
        books.open(TREASURY, 2_000)
        books.propose()
        ((name, values),) = books.send("freeze", 1, books.digest("why"), sender=supervisor)
        until = network.last_time + FREEZE_SECONDS
        assert (name, values["until"]) == ("FundsFrozen", until)
        assert network.read("Funds", "frozenUntil", 1) == until
        outgoing = {
            "approveDisbursement": books.approval(),
            "move": (1, books.digest("m"), TREASURY, FISCAL, 1, bytes(32)),
            "sendSettlement": (books.digest("s"), 1, 3, 1, [bytes(32)] * 3),
        }
        for function, arguments in outgoing.items():
            assert books.refused(function, *arguments) == ("FundsLogFrozen", 1, until)
        refusal = books.refused("freeze", 1, bytes(32), sender=supervisor)
        assert refusal == ("FundsLogFrozen", 1, until)
        network.wait(FREEZE_SECONDS)
        books.send("approveDisbursement", *books.approval())

    def test_a_freeze_ends_early(self, books):
        supervisor = books.network.supervisor
        books.open(TREASURY, 2_000)
        books.send("freeze", 1, bytes(32), sender=supervisor)
        ((name, _),) = books.send("unfreeze", 1, books.digest("why"), sender=supervisor)
        assert name == "FundsUnfrozen"
        books.send("move", 1, books.digest("m"), TREASURY, FISCAL, 1, bytes(32))
        refusal = books.refused("unfreeze", 1, bytes(32), sender=supervisor)
        assert refusal == ("FundsNotFrozen", 1)

    def test_only_supervisors_freeze_known_logs(self, books):
        publisher = books.network.publishers[1]
        for function in ("freeze", "unfreeze"):
            refusal = books.refused(function, 1, bytes(32), sender=publisher)
            assert refusal == ("FundsNotSupervisor", publisher)
        refusal = books.refused("freeze", 9, bytes(32), sender=books.network.supervisor)
        assert refusal == ("FundsLogUnknown", 9)


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
