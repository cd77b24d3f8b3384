"""Every call of the contracts once, in an order in which each is possible, and what it uses.

Two bureaus of two pools: what the council decides is measured as the call that carries it out. A
function that the contracts have and this story does not know is an error, so that no call goes
unmeasured; what OpenZeppelin's base contracts add is left out.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from devnet.scratch import ScratchChain

from ledger.chain.artifacts import CONTRACTS, constructor_arguments, load_artifact
from ledger.chain.codec import call_data, creation_data
from ledger.evidence.encoding import LeafIndex, LogId, leaf_hash, reversal_tag
from ledger.evidence.merkle import MerkleTree
from ledger.keys.signatures import DisbursementApproval, FundsDomain, sign_approval
from ledger.keys.signers import Secp256k1Signer

FOREIGN: Final = frozenset(
    {
        "cancel", "execute", "executeBatch", "grantRole", "multicall", "onERC1155BatchReceived",
        "onERC1155Received", "onERC721Received", "renounceRole", "revokeRole", "schedule",
        "scheduleBatch", "updateDelay",
    }
)  # fmt: skip
_LEAVES: Final = 64
_DAY: Final = 86_400
_REVERSAL_AT: Final = 60
_HANDLE: Final = b"\x0a" * 32
_HEAD: Final = bytes([1, 2]) + (1).to_bytes(2, "big") + (202609).to_bytes(4, "big")


class Story:
    """A chain on which everything happens once; ``used`` holds gas by contract and function."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self._chain = ScratchChain()
        accounts = self._chain.accounts
        self._deployer, self._supervisor, self._second, self._freezer, self._closer = accounts[:5]
        self._publishers = dict(enumerate(accounts[5:9], start=1))
        self._officers = [Secp256k1Signer.from_private(bytes([number]) * 32) for number in (1, 2)]
        self._addresses: dict[str, str] = {}
        self._proposals = 0
        self._references = 0
        self._leaves = _leaves()
        self._tree = MerkleTree(leaf_hash(leaf) for leaf in self._leaves)

    def tell(self) -> dict[str, int]:
        """Let it all happen.

        Raises:
            RuntimeError: a call is refused, or a function of ours was left out.
        """
        self._deploy()
        self._enrol()
        self._anchor()
        self._collect_and_pay()
        self._transfer()
        self._claim()
        self._settle_accounts()
        self._conflict()
        self._govern()
        for contract in CONTRACTS:
            for entry in load_artifact(contract).abi:
                is_call = entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
                name = f"{contract}.{entry.get('name')}"
                if is_call and entry["name"] not in FOREIGN and name not in self.used:
                    raise RuntimeError(f"{name} was not measured")
        return self.used

    def _deploy(self) -> None:
        given = {
            "firstMembers": [self._supervisor],
            "firstThreshold": 1,
            "delaySeconds": 0,
            "supervisors": [(self._supervisor, b"\x01" * 32, "监管", "")],
            "holders": ([self._supervisor], [self._freezer], [self._closer]),
            "fewestLines": 2,
        }
        for contract in CONTRACTS:
            arguments = constructor_arguments(contract, self._addresses, given)
            landed = self._chain.send(self._deployer, None, creation_data(contract, arguments))
            assert landed.contract is not None, "a creation that landed has an address"
            self._addresses[contract] = landed.contract
            self.used[f"{contract} deployed"] = landed.gas

    def _enrol(self) -> None:
        for log, pool in ((1, 32), (2, 34), (3, 34)):
            self._call(self._supervisor, "Bureaus", "enrol", self._bureau(log, pool))
        for officer in self._officers:
            active = (1, officer.address, True)
            self._call(self._supervisor, "Bureaus", "setOfficer", *active)
        year = [(1 << 256) - 1, (1 << 109) - 1]
        for number in (2025, 2026):
            self._call(self._supervisor, "WorkCalendar", "publishYear", number, year)
        self._decide("WorkCalendar", "correctYear", 2026, [(1 << 256) - 2, (1 << 109) - 1])

    def _anchor(self) -> None:
        for size, older in ((32, 0), (_LEAVES, 32)):
            proof = list(self._tree.consistency_proof(older, size)) if older else []
            root = self._tree.root(size)
            for log in (1, 2):
                publisher = self._publishers[log]
                self._call(publisher, "Checkpoints", "publish", log, size, root, proof)
        kept = (
            1,
            _LEAVES,
            5,
            bytes([5]) * 32,
            bytes([5]) * 32,
            list(self._tree.inclusion_proof(5)),
        )
        self._call(self._supervisor, "Checkpoints", "keepLeaf", *kept)
        for function in ("revoke", "restore"):
            self._call(self._publishers[1], "Statuses", function, 1, [7], b"\x01" * 32)

    def _collect_and_pay(self) -> None:
        publisher = self._publishers[1]
        self._decide("Funds", "openBalance", 1, 3, 1_000_000, b"\x01" * 32)
        months = (202608, 202608)
        self._money("recordCollection", 0, 10, 10, 500_000, *months)
        self._money("correctCollection", 10, 12, 2, 1_000, *months)
        for source, target in ((1, 2), (2, 3)):
            moved = (source, target, 100_000, b"\x02" * 32)
            self._call(publisher, "Funds", "move", 1, self._reference(), *moved)
        batch = self._reference()
        root = b"\x07" * 32
        lines = (1, batch, 20, 30, 10, 300_000, root, 202609)
        self._call(publisher, "Funds", "proposeDisbursement", *lines)
        signed = self._signed(batch, 10, 300_000, root)
        self._call(publisher, "Funds", "approveDisbursement", batch, 10, 300_000, *signed)
        self._call(publisher, "Funds", "recordReturn", 1, self._reference(), batch, 5_000)
        self._call(self._freezer, "FundRules", "freeze", 1, b"\x01" * 32)
        self._decide("FundRules", "renewFreeze", 1, b"\x01" * 32)
        self._decide("FundRules", "unfreeze", 1, b"\x01" * 32)
        self._decide("FundRules", "setRoutes", 32, 1, [(4, 1), (1, 2), (2, 3)], 0, b"\x01" * 32)

    def _transfer(self) -> None:
        """Cases from the first bureau to the second: accepted, refused, withdrawn, overruled."""
        from_publisher, to_publisher = self._publishers[1], self._publishers[2]
        for number in range(1, 7):
            tag = number.to_bytes(32, "big")
            self._call(to_publisher, "Transfers", "request", tag, tag, 1, 2, b"\x01" * 32)
        for number in (1, 2, 5):
            case = number.to_bytes(32, "big")
            self._call(from_publisher, "Transfers", "release", case, b"\x02" * 32, b"\x03" * 32)
        for number in (1, 2):
            case = number.to_bytes(32, "big")
            self._call(to_publisher, "Transfers", "accept", case, b"\x02" * 32)
        self._call(to_publisher, "Transfers", "refuse", (3).to_bytes(32, "big"), 1, b"\x01" * 32)
        self._call(to_publisher, "Transfers", "withdraw", (4).to_bytes(32, "big"))
        cases = [(number).to_bytes(32, "big") for number in (1, 2)]
        settlement = self._reference()
        sent = (settlement, 1, 2, 200_000, cases)
        self._call(from_publisher, "Funds", "sendSettlement", *sent)
        self._call(to_publisher, "Funds", "receiveSettlement", settlement, 200_000)

    def _claim(self) -> None:
        first, second = self._publishers[1], self._publishers[2]
        tags = [bytes([9, number]) + bytes(30) for number in range(3)]
        for tag in tags:
            self._call(first, "Transfers", "claimBenefit", tag, 1)
        self._call(second, "Transfers", "contest", 1, tags[0], 2, b"\x01" * 32)
        self._call(first, "Transfers", "releaseBenefit", tags[1], 1)
        self._grow_council()
        for supervisor in (self._supervisor, self._second):
            self._call(supervisor, "Transfers", "settleClaim", 1, tags[0], 1, b"\x01" * 32)
        self._chain.wait(20 * _DAY)
        self._call(first, "Transfers", "offerBenefit", tags[2], 1, 2)
        self._call(second, "Transfers", "takeBenefit", tags[2], 1, 2)
        for supervisor in (self._supervisor, self._second):
            overdue = (5).to_bytes(32, "big")
            self._call(supervisor, "Transfers", "overrule", overdue, 0, b"\x01" * 32)

    def _settle_accounts(self) -> None:
        """More was paid than was there; the debt is paid off."""
        publisher = self._publishers[1]
        self._money("recordPaid", 40, 50, 10, 2_000_000, 202609)
        self._money("recordCollection", 12, 20, 8, 100_000, 202608, 202608)
        for source, target in ((1, 2), (2, 3)):
            moved = (source, target, 50_000, b"\x02" * 32)
            self._call(publisher, "Funds", "move", 1, self._reference(), *moved)
        owed = (1, self._reference(), 50_000, b"\x01" * 32)
        self._call(publisher, "Funds", "clearShortfall", *owed)

    def _conflict(self) -> None:
        ours, theirs = (self._proof(log, 0) for log in (1, 2))
        anyone = self._deployer
        self._call(anyone, "Conflicts", "prove", _HEAD, _HANDLE, ours, theirs)
        self._call(self._publishers[1], "Conflicts", "answer", 1, b"\x01" * 32)
        reversal = self._proof(1, _REVERSAL_AT)
        self._call(anyone, "Conflicts", "answerByReversal", 1, 0, reversal)
        self._call(anyone, "Conflicts", "closeByReversal", 1, 0, reversal)
        self._call(self._closer, "Conflicts", "close", 1, 1, b"\x01" * 32)

    def _govern(self) -> None:
        """Keys change, a bureau is suspended, one is closed and carried on, the council votes."""
        log = (3, self._publishers[4], b"\x31" * 32, b"\x32" * 32)
        self._call(self._supervisor, "Bureaus", "rotateKeys", *log)
        self._call(self._supervisor, "Bureaus", "setEndpoint", 3, "https://bureau.example")
        for function in ("suspend", "reinstate"):
            self._call(self._freezer, "Bureaus", function, 3, b"\x01" * 32)
        self._decide("Bureaus", "closeLog", 2, b"\x01" * 32)
        heir = list(self._bureau(4, 34))
        heir[3] = self._chain.accounts[9]
        self._decide("Bureaus", "nameSuccessor", 2, 32, tuple(heir))
        self._call(self._deployer, "Funds", "takeOver", 4)
        later = (self._chain.now() + 30 * _DAY, 10, 10, 10)
        self._decide("Transfers", "setTerms", later)
        second = (self._second, b"\x02" * 32, "监管二", "")
        self._decide("Bureaus", "setSupervisor", second)
        self._vote()
        self._decide("Council", "setMembers", [self._supervisor], 1)
        self._call(self._deployer, "Bureaus", "retireSupervisor", self._second)

    def _vote(self) -> None:
        """Two must agree; then one is enough again for what one proposed meanwhile."""
        self._decide("Council", "setMembers", [self._supervisor, self._second], 2)
        ids = [self._proposed("Bureaus", "closeLog", 3, bytes([n]) * 32) for n in range(3)]
        self._call(self._second, "Council", "approve", ids[0])
        self._call(self._supervisor, "Council", "objectTo", ids[0])
        back = self._proposed("Council", "setMembers", [self._supervisor, self._second], 1)
        self._call(self._second, "Council", "approve", back)
        self._call(self._deployer, "Council", "executeProposal", back)
        self._call(self._deployer, "Council", "scheduleProposal", ids[1])

    def _grow_council(self) -> None:
        self._decide("Council", "setMembers", [self._supervisor, self._second], 1)

    def _decide(self, contract: str, function: str, *arguments: Any) -> None:
        """Let the council do it; the gas of carrying it out counts as the function's."""
        made = self._proposed(contract, function, *arguments)
        used = self._call(self._deployer, "Council", "executeProposal", made)
        self.used[f"{contract}.{function}"] = used

    def _proposed(self, contract: str, function: str, *arguments: Any) -> bytes:
        self._proposals += 1
        salt = self._proposals.to_bytes(32, "big")
        targets = [self._addresses[contract]]
        payloads = [call_data(contract, function, arguments)]
        self._call(self._supervisor, "Council", "propose", targets, payloads, salt)
        question = call_data("Council", "proposalByIndex", [self._proposals - 1])
        return self._chain.read(self._addresses["Council"], question)

    def _money(self, function: str, first: int, end: int, lines: int, *rest: int) -> None:
        """A registration of leaves of the first bureau."""
        leaves = (1, self._reference(), first, end, lines, *rest)
        self._call(self._publishers[1], "Funds", function, *leaves)

    def _call(self, sender: str, contract: str, function: str, *arguments: Any) -> int:
        """Send one call; of several of one function the dearest counts."""
        data = call_data(contract, function, arguments)
        gas = self._chain.send(sender, self._addresses[contract], data).gas
        name = f"{contract}.{function}"
        self.used[name] = max(gas, self.used.get(name, 0))
        return gas

    def _signed(self, batch: bytes, lines: int, amount_fen: int, root: bytes) -> list[bytes]:
        """The approvals of both officers."""
        domain = FundsDomain(self._chain.chain_id, self._addresses["Funds"])
        approval = DisbursementApproval(batch, lines, amount_fen, root)
        return [sign_approval(officer, domain, approval) for officer in self._officers]

    def _proof(self, log: int, index: int) -> tuple[Any, ...]:
        seal = self._leaves[index][32:]
        return (log, _LEAVES, index, seal, list(self._tree.inclusion_proof(index)))

    def _reference(self) -> bytes:
        self._references += 1
        return b"\xee" + self._references.to_bytes(31, "big")

    def _bureau(self, log: int, pool: int) -> tuple[Any, ...]:
        keys = bytes([0x40 + log]) * 32, bytes([0x50 + log]) * 32
        publisher = self._publishers[log]
        return (320100, 1, pool, publisher, *keys, f"经办机构 {log}", "http://bureau.example")


def _leaves() -> list[bytes]:
    """The leaves of both bureaus: one exclusive payout, a reversal of it, the rest of no matter."""
    leaves = [bytes([index]) * 64 for index in range(_LEAVES)]
    leaves[0] = hashlib.sha256(b"\x10" + _HEAD + _HANDLE).digest() + b"\x01" * 32
    leaves[_REVERSAL_AT] = reversal_tag(LogId(1), LeafIndex(0)) + b"\x02" * 32
    return leaves
