"""A frozen bureau: nothing of its own goes out, what was paid all the same is owed, then cleared."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from api.supervisor.flow import legs_of, picture_of
from api.supervisor.fund_views import cities_of
from ledger.chain.bindings import encode_args
from ledger.chain.deciding import decide
from ledger.errors import (
    AmountError,
    FundsFrozenError,
    IdempotencyConflictError,
    InsufficientFundsError,
    NoShortfallError,
)
from ledger.funds.accounts import clear_shortfall, move_funds
from ledger.funds.model import Account, Movement
from ledger.funds.payouts import import_payouts
from ledger.funds.queries import balances
from ledger.governing import (
    freezing,
    lifting,
    opening_calls,
    renewing_calls,
    routing_calls,
    send,
)
from ledger.policy.work_calendar import deadline
from ledger.ports import BEIJING
from ledger.recording.routes import USUAL_ACCOUNTS, routed_account
from ledger.store.outbox import FINAL
from ledger.supervision.queries import fund_events

DIGEST = bytes([1]) * 32
OPENING_FEN = 10**9
HEADINGS = (
    "公民身份号码", "姓名", "险种", "待遇所属期", "发放金额", "发放类型", "补发原因",
    "补发所属期", "核定文号", "发放日期", "开户银行", "银行账号",
)  # fmt: skip


@pytest.fixture(scope="module")
def supervisor(network):
    return network.context("supervisor")


@pytest.fixture(scope="module")
def bureau(network, supervisor):
    """A bureau with all its money in the expenditure account."""
    context = network.context("nanjing")
    calls = opening_calls(context.log_id, Account.EXPENDITURE, OPENING_FEN, DIGEST)
    decide(context.chain, supervisor.keys.secp256k1("supervisor"), calls)
    network.settle("nanjing")
    return context


@pytest.fixture
def act(network, supervisor):
    """Send acts from the supervisor's node, and let them land."""

    def carry_out(*acts):
        keys = send(supervisor, acts)
        network.settle("supervisor", "nanjing")
        with supervisor.read() as view:
            assert [view.outbox.find(key).state for key in keys] == [FINAL] * len(keys)

    return carry_out


@pytest.fixture
def payments(tmp_path, network):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for number in range(5):
        writer.writerow(
            (
                network.identity(), f"退休人{number}", "企业职工基本养老保险", "202607",
                f"{3000 + number}.00", "正常发放", "", "", "宁人社核〔2020〕1号", "2026-09-15",
                "示范银行", f"62170000123456{number:02d}",
            )
        )  # fmt: skip
    path = tmp_path / "payments.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def books(context) -> dict[str, int]:
    with context.read() as view:
        return view.journal.balances()


def require_books_equal_chain(context) -> None:
    ours, theirs = books(context), balances(context)
    assert sum(ours.values()) == 0
    for account, amount in theirs.items():
        sign = -1 if account is Account.SHORTFALL else 1
        assert ours.get(account.name, 0) == sign * amount, account


def test_the_books_follow_what_the_council_opened(bureau):
    assert books(bureau) == {"EXPENDITURE": OPENING_FEN, "OUTSIDE": -OPENING_FEN}
    require_books_equal_chain(bureau)


def test_a_frozen_bureau_owes_what_it_paid_and_clears_it_later(
    network, supervisor, bureau, act, payments
):
    act(freezing(bureau.log_id, DIGEST))
    until = datetime.fromtimestamp(bureau.chain.frozen_until(bureau.log_id), UTC)
    started = bureau.clock.now().astimezone(BEIJING).date()
    # The second after the tenth working day, by the policy table.
    due_on = deadline(started, 10).due_on
    assert (until.astimezone(BEIJING).date() - due_on).days == 1
    with pytest.raises(FundsFrozenError) as refusal:
        move_funds(bureau, "m", Account.FISCAL, Account.EXPENDITURE, 1, "文")
    assert refusal.value.until.startswith(f"{until.astimezone(BEIJING):%Y-%m-%d}")
    with pytest.raises(FundsFrozenError):
        clear_shortfall(bureau, "k", 1, "文")

    report = import_payouts(bureau, payments)
    assert books(bureau).get("SHORTFALL", 0) == 0  # the money was there
    network.settle("nanjing")
    assert books(bureau)["SHORTFALL"] == -report.amount_fen
    assert books(bureau)["EXPENDITURE"] == OPENING_FEN
    require_books_equal_chain(bureau)

    calls = renewing_calls(bureau.log_id, DIGEST)
    decide(supervisor.chain, supervisor.keys.secp256k1("supervisor"), calls)
    assert bureau.chain.freeze_of(bureau.log_id).is_renewed
    lift = lifting(bureau.log_id, DIGEST).call
    decide(supervisor.chain, supervisor.keys.secp256k1("supervisor"), [lift])
    assert encode_args(lift.contract, lift.function, lift.arguments)[0] == bureau.log_id

    for amount, error in (
        (0, AmountError), (report.amount_fen + 1, NoShortfallError),
    ):  # fmt: skip
        with pytest.raises(error):
            clear_shortfall(bureau, "much", amount, "文")
    assert clear_shortfall(bureau, "k", report.amount_fen, "补足缺口")
    assert not clear_shortfall(bureau, "k", report.amount_fen, "补足缺口")
    with pytest.raises(IdempotencyConflictError):
        clear_shortfall(bureau, "k", 1, "补足缺口")
    network.settle("nanjing")
    assert books(bureau)["SHORTFALL"] == 0
    require_books_equal_chain(bureau)


def test_what_is_not_there_clears_nothing(network, payments):
    context = network.context("suzhou")
    report = import_payouts(context, payments)
    network.settle("suzhou")
    with pytest.raises(InsufficientFundsError):
        clear_shortfall(context, "k", report.amount_fen, "文")


def test_the_books_follow_the_routes_of_the_pool(network, supervisor, payments):
    context = network.context("hefei")
    pool = context.settings.pool
    calls = [
        *opening_calls(context.log_id, Account.FISCAL, OPENING_FEN, DIGEST),
        *routing_calls(pool, Movement.PAYMENT, [(Account.FISCAL, Account.OUTSIDE)], 0, DIGEST),
        *routing_calls(pool, Movement.RETURN, [(Account.OUTSIDE, Account.TREASURY)], 0, DIGEST),
    ]
    decide(context.chain, supervisor.keys.secp256k1("supervisor"), calls)
    network.settle("hefei")
    now = context.clock.now()
    with context.read() as view:
        found = {
            movement: routed_account(context, view, movement, now) for movement in USUAL_ACCOUNTS
        }
        earlier = routed_account(context, view, Movement.PAYMENT, now - timedelta(days=1))
    assert found == {
        **USUAL_ACCOUNTS, Movement.PAYMENT: Account.FISCAL, Movement.RETURN: Account.TREASURY,
    }  # fmt: skip
    assert earlier is Account.EXPENDITURE
    for movement, account in found.items():
        time = int(now.timestamp())
        assert context.chain.route_account_at(pool, movement, time) is account

    report = import_payouts(context, payments)
    network.settle("hefei")
    assert books(context)["FISCAL"] == OPENING_FEN - report.amount_fen
    assert books(context).get("SHORTFALL", 0) == 0
    require_books_equal_chain(context)


def test_the_supervisors_picture_adds_up_to_what_the_accounts_hold(network, supervisor):
    """After payments, freezes, shortfalls and other ways: what runs in less what runs out."""
    network.settle("supervisor")
    cities = cities_of(supervisor)
    drawn: Counter[str] = Counter()
    for band in picture_of(legs_of(fund_events(supervisor), cities)).bands:
        drawn[band.target] += band.amount_fen
        drawn[band.source] -= band.amount_fen
    held: Counter[str] = Counter()
    for city in cities.values():
        for account in (each for each in Account if each is not Account.OUTSIDE):
            fen = supervisor.chain.fund_balance(city.log_id, account)
            name = f"{account.name.lower().replace('_', '-')}-{city.pool}"
            held[name] += -fen if account is Account.SHORTFALL else fen
    accounts = {key: fen for key, fen in drawn.items() if key in held}
    assert {key: fen for key, fen in held.items() if fen} == {
        key: fen for key, fen in accounts.items() if fen
    }
    assert {"expenditure-32", "fiscal-34", "shortfall-32"} <= set(accounts)
