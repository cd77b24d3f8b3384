"""Several JSON-RPC endpoints of one chain, asked so that no single one of them is believed.

Each endpoint is admitted once it serves the manifest's chain and code. What matters is asked at a
block that enough of them share (the quorum; two where there are several): storage at that block's
hash, code, receipts, logs. So lag never looks like disagreement, and who still answers differently
is put aside and named. The rest (gas price, estimates) is asked of whoever answers; transactions
are handed to all.

With one endpoint nothing is compared and nothing more is asked than of that endpoint itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final, TypeVar

import structlog

from ledger.chain.connection import (
    Block,
    BlockMissingError,
    BlockReference,
    CallRevertedError,
    ChainConnection,
    RawLog,
    Receipt,
    SentTransaction,
)
from ledger.chain.endpoint import (
    Endpoint,
    EndpointHealth,
    EndpointRules,
    EndpointState,
    why_too_few,
)
from ledger.chain.lateness import ITSELF, OTHERS, KnownFinal, Lateness, late_ones, measure
from ledger.errors import (
    BehindAtStartError,
    ChainUnavailableError,
    EndpointsDisagreeError,
    LedgerError,
    SettingsError,
    TransactionRefusedError,
    UnavailableError,
    VerificationError,
)

HEAD_SECONDS: Final = 0.5
"""How long the shared newest block is remembered where several endpoints are compared."""
SLOW_SECONDS: Final = 2
"""A question that failed after this long is not put to the same endpoint again at once."""
SYNCING_SECONDS: Final = 5
"""How often an endpoint is asked whether it is still taking in blocks."""
QUIET_SECONDS: Final = 15
"""How long an endpoint that let us wait is left alone."""
ASIDE_SECONDS: Final = 600
"""How long an endpoint that gave a wrong answer is left alone before it may prove itself again."""
REMEMBERED_TIMES: Final = 4096
PLAIN_QUORUM: Final = 2
"""How many must agree on what matters, where there are several and nothing else is set."""

_log = structlog.get_logger("anxu.chain")
_T = TypeVar("_T")


class Endpoints:
    """The chain through one or several endpoints; methods as of :class:`ChainConnection`.

    Safe to share between threads. Any method raises ChainUnavailableError when too few endpoints
    answer, EndpointLagsError or EndpointSyncingError when those that do are behind,
    EndpointsDisagreeError when they do not agree, and what ``admit`` raises when none serves the
    chain that is meant.
    """

    def __init__(
        self,
        rpc_urls: Sequence[str],
        rules: EndpointRules,
        admit: Callable[[ChainConnection], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is asked yet.

        Args:
            rpc_urls: in order of preference, at least one.
            rules: when an endpoint may be used.
            admit: raises a VerificationError for an endpoint of another chain or other code.
            now: the chain's present, seconds since 1970.

        Raises:
            SettingsError: there is none, one is named twice, or the quorum cannot be reached.
        """
        if not rpc_urls or len(set(rpc_urls)) != len(rpc_urls):
            reason = "name each endpoint once" if rpc_urls else "name at least one endpoint"
            raise SettingsError(setting="rpc_urls", reason=reason)
        self.quorum = rules.quorum or min(PLAIN_QUORUM, len(rpc_urls))
        if not 1 <= self.quorum <= len(rpc_urls):
            reason = f"it must lie between 1 and the number of endpoints, {len(rpc_urls)}"
            raise SettingsError(setting="rpc_quorum", reason=reason)
        self._rules, self._admit, self._now = rules, admit, now
        self._endpoints = [Endpoint(url, rules.timeout_seconds, now()) for url in rpc_urls]
        self._is_plain = len(rpc_urls) == 1 and not rules.stale_after_seconds
        self._lock = RLock()
        self._shared: tuple[float, Block, list[Endpoint]] | None = None
        self._times: dict[str, int] = {}

    # --- what is known about the endpoints ---

    @property
    def endpoint(self) -> str:
        """Where the endpoints are, without credentials or path."""
        return ", ".join(each.name for each in self._endpoints)

    def health(self) -> list[EndpointHealth]:
        """Each endpoint as it was last found; nothing is asked."""
        with self._lock:
            return [each.health() for each in self._endpoints]

    def examine(self) -> Block:
        """Look at every endpoint now, and return the newest block that enough of them share."""
        self._forget_shared()
        if self._is_plain:
            each = self._endpoints[0]
            self._probe(each)
            if each.state is not EndpointState.USABLE or each.head is None:
                raise self._nobody()
            return each.head
        return self._group()[0]

    def require_current(self, final: KnownFinal = ()) -> UnavailableError | None:
        """Look at every endpoint, and refuse to begin with too few because some are behind.

        Args:
            final: blocks that this node has seen final, newest first.

        Returns:
            Why too few can be used all the same, for instance because none answers.

        Raises:
            BehindAtStartError: provably: by the others, by themselves, by what was final.
            VerificationError: too few serve the chain that is meant.
        """
        trouble: UnavailableError | None = None
        try:
            self.examine()
        except UnavailableError as error:
            trouble = error
        rules, total = self._rules, len(self._endpoints)
        late = late_ones(
            self._endpoints, self.quorum, rules.lag_blocks, final,
            lambda each, number: self._answer(each, _asks_block(number)),
        )  # fmt: skip
        for each in late:
            self._mark_late(each)
        refused = sum(each.state is EndpointState.REFUSED for each in self._endpoints)
        if late and total - len(late) - refused < self.quorum:
            able = sum(each.state is EndpointState.USABLE for each in self._endpoints)
            named = ", ".join(str(each) for each in late)
            raise BehindAtStartError(able=able, needed=self.quorum, behind=named)
        return trouble

    # --- questions that matter: enough have to agree ---

    @property
    def chain_id(self) -> int:
        """The chain's id; every endpoint that is used was compared with it."""
        return self._any(lambda each: each.chain_id)

    def block(self, at: BlockReference | None = None) -> Block:
        """A block by number or hash; without one, the newest that enough endpoints share."""
        if at is None and not self._is_plain:
            return self._group()[0]
        return self._agree(lambda each, _: each.block(at), f"block {at}")

    def header(self, number: int) -> Mapping[str, Any]:
        """A block's header as JSON-RPC gives it; of a block whose hash enough endpoints share."""
        shared = self.block(number).hash
        found = self._any(lambda each: each.header(number))
        if found["hash"] != shared:  # it moved in between
            raise ChainUnavailableError(endpoint=self.endpoint, reason=f"block {number} has moved")
        return found

    def block_time(self, at: BlockReference) -> int:
        """The time of a block; remembered by its hash, which never means another one."""
        if isinstance(at, int):
            return self.block(at).time
        found = self._times.get(at)
        if found is None:
            found = self.block(at).time
            if len(self._times) >= REMEMBERED_TIMES:
                self._times.clear()
            self._times[at] = found
        return found

    def block_times(self, hashes: Sequence[str]) -> dict[str, int]:
        """The times of blocks by their hash, many in one request, remembered."""
        missing = [each for each in dict.fromkeys(hashes) if each not in self._times]
        if missing:
            found = self._agree(lambda each, _: each.block_times(missing), "times of blocks")
            if len(self._times) + len(found) > REMEMBERED_TIMES:
                self._times.clear()
            self._times.update(found)
            return found | {each: self._times[each] for each in hashes if each in self._times}
        return {each: self._times[each] for each in hashes}

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], at: BlockReference | None = None
    ) -> list[bytes | None]:
        """Run contracts (address, data) on the state after one block; None where one reverted."""
        return self._agree(
            lambda each, head: each.call_many(calls, head if at is None else at), "calls"
        )

    def code(self, address: str, at: BlockReference | None = None) -> bytes:
        """The code at an address, at a block (the newest shared one)."""
        return self._agree(
            lambda each, head: each.code(address, head if at is None else at), f"code of {address}"
        )

    def code_hash(self, address: str) -> str:
        """Keccak-256 of the code at an address (0x-hex)."""
        return ChainConnection.hash_of(self.code(address))

    def nonce(self, address: str, block: BlockReference = "latest") -> int:
        """How many transactions an account had sent at a block; with the pool, the most seen."""
        if block == "pending":
            return max(self._each(lambda each: each.nonce(address, block)))
        newest = block == "latest"
        return self._agree(
            lambda each, head: each.nonce(address, head if newest and head else block),
            f"nonce of {address}",
        )

    def transactions(self, number: int) -> list[SentTransaction]:
        """The transactions of a block, in order."""
        return self._agree(lambda each, _: each.transactions(number), f"block {number}")

    def call(
        self,
        address: str,
        data: bytes,
        sender: str | None = None,
        at: BlockReference | None = None,
    ) -> bytes:
        """Run a contract without a transaction, on the state after a block.

        Raises:
            CallRevertedError: it reverted.
            BlockMissingError: an endpoint has not the state of that block any more.
        """

        def ask(each: ChainConnection, head: str | None) -> bytes | _Reverted:
            try:
                return each.call(address, data, sender, head if at is None else at)
            except CallRevertedError as error:
                return _Reverted(error.data)

        found = self._agree(ask, f"call of {address}")
        if isinstance(found, _Reverted):
            raise CallRevertedError(found.data)
        return found

    def logs(self, addresses: Sequence[str], first: int, last: int) -> list[RawLog]:
        """The log lines of some contracts, blocks ``first`` to ``last`` included, in order.

        Raises:
            BlockMissingError: ``last`` is newer than what enough endpoints have; an endpoint that
                is behind would leave lines out without a word.
        """
        if not self._is_plain and self._group()[0].number < last:
            raise BlockMissingError(endpoint=self.endpoint, reason=f"it has no block {last}")
        what = f"logs of blocks {first} to {last}"
        return self._agree(lambda each, _: each.logs(addresses, first, last), what)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction; None while enough endpoints do not say the same."""
        if self.quorum == 1:
            return self._any(lambda each: each.receipt(transaction_hash))
        found: dict[Receipt, int] = {}
        for each in self._usable():
            receipt = self._answer(each, lambda one: one.receipt(transaction_hash))
            if receipt is None:
                continue
            found[receipt] = found.get(receipt, 0) + 1
            if found[receipt] >= self.quorum:
                with self._lock:
                    if self._shared is not None and self._shared[1].number < receipt.block:
                        self._shared = None
                return receipt
        return None

    # --- questions whose answer only costs time when it is wrong ---

    def balance(self, address: str) -> int:
        """What an account has for gas, in wei."""
        return self._any(lambda each: each.balance(address))

    def gas_price(self) -> int:
        """What gas costs now, in wei."""
        return self._any(lambda each: each.gas_price())

    def priority_fee(self) -> int:
        """What is paid on top of the base fee now, in wei."""
        return self._any(lambda each: each.priority_fee())

    def estimate_gas(self, address: str | None, data: bytes, sender: str) -> int:
        """Gas that a transaction like this needs now.

        Raises:
            CallRevertedError: it would revert.
        """
        return self._any(lambda each: each.estimate_gas(address, data, sender))

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes to every endpoint; one that takes them is enough.

        Raises:
            TransactionRefusedError: none takes them, and one says why.
        """
        refusal: TransactionRefusedError | None = None
        taken, last = None, None
        for each in self._usable():
            try:
                taken = self._timed(each, lambda one: one.send_raw(raw))
            except TransactionRefusedError as error:
                refusal = error
            except ChainUnavailableError as error:
                last = error
        if taken is not None:
            return taken
        raise refusal or last or self._nobody()

    # --- one endpoint ---

    def _timed(self, each: Endpoint, ask: Callable[[ChainConnection], _T]) -> _T:
        """Ask one endpoint and note how it went."""
        connection, began = each.connection, time.monotonic()
        try:
            answer = ask(connection)
        except BlockMissingError:
            raise
        except ChainUnavailableError as error:
            slow = time.monotonic() - began >= SLOW_SECONDS
            self._mark(each, EndpointState.UNREACHABLE, error.reason, error)
            each.admitted = False
            connection.forget()
            each.quiet_until = time.monotonic() + (QUIET_SECONDS if slow else 0)
            self._forget_shared()
            raise
        each.milliseconds = round((time.monotonic() - began) * 1000)
        return answer

    def _answer(self, each: Endpoint, ask: Callable[[ChainConnection], _T]) -> _T | None:
        """What one endpoint answers; None when it does not."""
        try:
            return self._timed(each, ask)
        except ChainUnavailableError:
            return None

    def _probe(self, each: Endpoint) -> None:
        """Find out whether an endpoint may be used: reach, chain, code, newest block, its age."""
        try:
            head = self._timed(each, lambda _: each.probe.block())
            if not each.admitted:
                self._admit(each.connection)
            if not each.admitted or time.monotonic() - each.syncing_asked > SYNCING_SECONDS:
                self._ask_syncing(each)
            each.admitted = True
        except ChainUnavailableError as error:
            each.head = None
            if each.state is not EndpointState.UNREACHABLE:
                self._mark(each, EndpointState.UNREACHABLE, error.reason, error)
            return
        except VerificationError as error:
            each.head = None
            self._mark(each, EndpointState.REFUSED, error.sentence(), error)
            each.quiet_until = time.monotonic() + QUIET_SECONDS
            return
        each.head = head
        limit, age = self._rules.stale_after_seconds, int(self._now()) - head.time
        if each.syncing is not None:
            self._mark_late(Lateness(each, head, each.syncing[1], ITSELF))
        elif limit and age > limit:
            self._mark_late(Lateness(each, head, head.number, OTHERS))
        else:
            self._mark(each, EndpointState.USABLE, "", None)

    def _ask_syncing(self, each: Endpoint) -> None:
        each.syncing = self._timed(each, lambda _: each.probe.syncing())
        each.syncing_asked = time.monotonic() if each.syncing is None else 0.0

    def _mark_late(self, late: Lateness) -> None:
        error = late.error(int(self._now()))
        self._mark(late.endpoint, EndpointState.LAGGING, error.sentence(), error)

    def _mark(
        self,
        each: Endpoint,
        state: EndpointState,
        reason: str,
        error: LedgerError | None,
    ) -> None:
        with self._lock:
            changed = each.state is not state
            if changed:
                before, each.since = each.state, self._now()
                each.state = state
            each.reason, each.error = reason, error
        if not changed or (state is EndpointState.USABLE and before is EndpointState.UNTRIED):
            return
        if state is EndpointState.USABLE:
            _log.info("endpoint", endpoint=each.name, state=state.value)
        else:
            _log.warning("endpoint", endpoint=each.name, state=state.value, reason=reason)

    def _put_aside(self, each: Endpoint, what: str) -> None:
        """It said what nobody else says about the same block."""
        self._mark(each, EndpointState.DISAGREES, f"alone with its {what}", None)
        each.quiet_until = time.monotonic() + ASIDE_SECONDS
        each.admitted = False
        self._forget_shared()

    # --- several endpoints ---

    def _usable(self) -> list[Endpoint]:
        """Whom to ask, in order."""
        if self._is_plain:
            each = self._endpoints[0]
            if not each.admitted:
                self._timed(each, self._admit)
                self._ask_syncing(each)
                each.admitted = True
            if each.syncing is not None:
                self._probe(each)
                if each.state is not EndpointState.USABLE:
                    raise self._nobody()
            if each.state is not EndpointState.USABLE:
                self._mark(each, EndpointState.USABLE, "", None)
            return [each]
        if self.quorum == 1:
            return self._heads()
        return self._group()[1]

    def _heads(self) -> list[Endpoint]:
        """Endpoints that may be used, with their newest blocks; those behind the others left out.

        Raises:
            LedgerError: there are too few.
        """
        asked = [each for each in self._endpoints if time.monotonic() >= each.quiet_until]
        for each in asked:
            self._probe(each)
        found = [each for each in asked if each.state is EndpointState.USABLE]
        if len(found) > 1:
            best = measure([each.head.number for each in found if each.head], self.quorum)
            for each in found:
                head = each.head
                if head is not None and best - head.number > self._rules.lag_blocks:
                    self._mark_late(Lateness(each, head, best, OTHERS))
            found = [each for each in found if each.state is EndpointState.USABLE]
        if len(found) < self.quorum:
            raise self._nobody()
        return found

    def _group(self) -> tuple[Block, list[Endpoint]]:
        """The newest block that enough endpoints share, and those endpoints, remembered briefly."""
        with self._lock:
            now = time.monotonic()
            if self._shared is None or now - self._shared[0] > HEAD_SECONDS:
                head, group = self._find_shared(self._heads())
                self._shared = (now, head, group)
            return self._shared[1], list(self._shared[2])

    def _find_shared(self, found: list[Endpoint]) -> tuple[Block, list[Endpoint]]:
        heads = {id(each): each.head for each in found if each.head is not None}
        numbers = sorted((head.number for head in heads.values()), reverse=True)
        newest = numbers[self.quorum - 1]
        for number in range(newest, max(-1, newest - self._rules.reorg_depth - 1), -1):
            by_hash: dict[str, list[tuple[Endpoint, Block]]] = {}
            for each in found:
                head = heads[id(each)]
                if head.number < number:
                    continue
                block = head
                if head.number != number:
                    asked = self._answer(each, _asks_block(number))
                    if asked is None:
                        continue
                    block = asked
                by_hash.setdefault(block.hash, []).append((each, block))
            if not by_hash:
                break
            most = max(by_hash.values(), key=len)
            if len(most) >= self.quorum:
                self._judge_the_others(found, [each for each, _ in most], number)
                return most[0][1], [each for each, _ in most]
        raise self._disagreement(found, f"block {max(0, newest - self._rules.reorg_depth)}")

    def _judge_the_others(self, found: list[Endpoint], group: list[Endpoint], number: int) -> None:
        """Put aside who is on another chain even below where short forks may be."""
        others = [
            each
            for each in found
            if each not in group and each.head is not None and each.head.number >= number
        ]
        if not others:
            return
        deep = max(0, number - self._rules.reorg_depth)
        shared = self._answer(group[0], lambda one: one.block(deep))
        for each in others:
            theirs = self._answer(each, lambda one: one.block(deep))
            if shared is not None and theirs is not None and theirs.hash != shared.hash:
                self._put_aside(each, f"block {deep}")

    def _agree(self, ask: Callable[[ChainConnection, str | None], _T], what: str) -> _T:
        """What enough endpoints answer alike; ``ask`` gets the hash of the shared newest block."""
        if self.quorum == 1:
            return self._any(lambda each: ask(each, None))
        answers: list[tuple[Endpoint, _T]] = []
        for _ in range(2):  # twice: the chain may have moved between two questions
            head, group = self._group()
            answers, missing = [], None
            for each in group:
                try:
                    answer = self._timed(each, _pinned(ask, head.hash))
                except BlockMissingError as error:
                    missing = error
                    continue
                except ChainUnavailableError:
                    continue
                answers.append((each, answer))
                if self._enough(answers, answer, what):
                    return answer
            self._forget_shared()
        if len(answers) < self.quorum:
            raise missing or self._nobody()
        raise self._disagreement([each for each, _ in answers], what)

    def _enough(self, answers: list[tuple[Endpoint, _T]], answer: _T, what: str) -> bool:
        """Whether enough said this; then whoever said something else is put aside."""
        if sum(said == answer for _, said in answers) < self.quorum:
            return False
        for each, said in answers:
            if said != answer:
                self._put_aside(each, what)
        return True

    def _forget_shared(self) -> None:
        with self._lock:
            self._shared = None

    def _disagreement(self, among: list[Endpoint], what: str) -> EndpointsDisagreeError:
        """Too few to tell who is wrong: all are named, none is believed."""
        for each in among:
            self._mark(each, EndpointState.DISAGREES, f"others have another {what}", None)
        names = ", ".join(each.name for each in among)
        return EndpointsDisagreeError(endpoints=names, what=what)

    def _each(self, ask: Callable[[ChainConnection], _T]) -> list[_T]:
        """What every usable endpoint answers; at least one answer."""
        found = [self._answer(each, ask) for each in self._usable()]
        given = [answer for answer in found if answer is not None]
        if not given:
            raise self._nobody()
        return given

    def _any(self, ask: Callable[[ChainConnection], _T]) -> _T:
        """What the first usable endpoint that answers says."""
        last: ChainUnavailableError | None = None
        for each in self._usable():
            try:
                return self._timed(each, ask)
            except ChainUnavailableError as error:
                last = error
        raise last or self._nobody()

    def _nobody(self) -> LedgerError:
        """Why too few endpoints can be used, ready to be raised."""
        return why_too_few(self._endpoints, self.quorum)


@dataclass(frozen=True, slots=True)
class _Reverted:
    """A revert as an answer that can be compared."""

    data: bytes


def _pinned(
    ask: Callable[[ChainConnection, str | None], _T], block_hash: str
) -> Callable[[ChainConnection], _T]:
    return lambda each: ask(each, block_hash)


def _asks_block(number: int) -> Callable[[ChainConnection], Block]:
    return lambda each: each.block(number)
