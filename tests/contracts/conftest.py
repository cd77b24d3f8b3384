"""One chain in this process per test module, London rules, all contracts on it; every test starts from there."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from eth.vm.forks.london import LondonVM
from eth_abi import decode as abi_decode
from eth_account import Account
from eth_keys import keys
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import event_abi_to_log_topic, function_abi_to_4byte_selector, to_checksum_address
from web3 import EthereumTesterProvider, Web3

CHECKED_IN = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"
ARTIFACTS = Path(os.environ.get("ANXU_CONTRACT_ARTIFACTS", CHECKED_IN))
"""Other code of the same sources stands elsewhere while scripts/contract_coverage.py measures."""
MAIN = (
    "Council", "Bureaus", "WorkCalendar", "Checkpoints", "Transfers", "FundRules", "Funds", "Conflicts",
    "Statuses",
)  # fmt: skip
MINIMUM_LINES = 3
COUNCIL_DELAY_SECONDS = 3_600
COUNTING = ("Council", "WorkCalendar", "Transfers", "FundRules", "Funds", "Conflicts", "Statuses")
OPENZEPPELIN_EVENTS = (
    "CallExecuted", "CallSalt", "CallScheduled", "Cancelled", "MinDelayChange", "RoleGranted",
)  # fmt: skip
GAS = 3_000_000
BEIJING = timezone(timedelta(hours=8))
SATURDAY = 5
PUBLISHED = 40


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def digest(text: str) -> bytes:
    """Any 32 bytes, told apart by a word."""
    return sha256(text.encode())


class ReferenceTree:
    """RFC 9162 as its text reads: recursive, over all leaves, slow (sections 2.1.1, 2.1.3.1, 2.1.4.1)."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves

    def root(self, size: int | None = None) -> bytes:
        return self._hash(self.leaves[:size])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return self._path(index, self.leaves[:size])

    def consistency(self, older: int, newer: int) -> list[bytes]:
        return self._subproof(older, self.leaves[:newer], whole=True)

    def _split(self, leaves: list[bytes]) -> int:
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        return k

    def _hash(self, leaves: list[bytes]) -> bytes:
        if not leaves:
            return sha256()
        if len(leaves) == 1:
            return sha256(b"\x00", leaves[0])
        k = self._split(leaves)
        return sha256(b"\x01", self._hash(leaves[:k]), self._hash(leaves[k:]))

    def _path(self, m: int, leaves: list[bytes]) -> list[bytes]:
        if len(leaves) == 1:
            return []
        k = self._split(leaves)
        if m < k:
            return [*self._path(m, leaves[:k]), self._hash(leaves[k:])]
        return [*self._path(m - k, leaves[k:]), self._hash(leaves[:k])]

    def _subproof(self, m: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
        if m == len(leaves):
            return [] if whole else [self._hash(leaves)]
        k = self._split(leaves)
        if m <= k:
            return [*self._subproof(m, leaves[:k], whole=whole), self._hash(leaves[k:])]
        return [*self._subproof(m - k, leaves[k:], whole=False), self._hash(leaves[:k])]


def payout_head(class_: int = 1, period: int = 202609, kind: int = 2, version: int = 1) -> bytes:
    return bytes([version, kind]) + class_.to_bytes(2, "big") + period.to_bytes(4, "big")


class Refusal:
    """A custom error as it was raised; equal to its name and values in order."""

    def __init__(self, name: str, values: tuple[Any, ...]) -> None:
        self.name = name
        self.values = values

    def __eq__(self, other: object) -> bool:
        return (self.name, *self.values) == other

    def __hash__(self) -> int:
        return hash((self.name, *self.values))

    def __repr__(self) -> str:
        return f"{self.name}{self.values}"


class Network:
    """The contracts and everybody who takes part, with short ways to call and to be refused."""

    def __init__(self) -> None:
        backend = PyEVMBackend(vm_configuration=((0, LondonVM),))
        self.tester = EthereumTester(backend=backend)
        self.web3 = Web3(EthereumTesterProvider(self.tester))
        accounts = self.web3.eth.accounts
        self.deployer, self.supervisor, self.second_supervisor = accounts[:3]
        self.publishers = dict(enumerate(accounts[3:7], start=1))
        self.freezer, self.closer, self.outsider = accounts[7:10]
        self.officers = {
            number: Account.from_key(bytes([number]) * 32) for number in (11, 12, 13, 21)
        }
        self.artifacts = {
            path.stem: json.loads(path.read_text("utf-8")) for path in ARTIFACTS.rglob("*.json")
        }
        self.errors = {
            function_abi_to_4byte_selector(item): item
            for artifact in self.artifacts.values()
            for item in artifact["abi"]
            if item["type"] == "error"
        }
        self.contracts: dict[str, Any] = {}
        self.gas: dict[str, int] = {}
        self.counting: dict[str, Any] = {}
        self.counted: dict[str, int] = {}
        self.counted_block = 0

    def born(self, name: str, **given: Any) -> Any:
        """Deploy with what its constructor takes: contracts that stand, the rest by name."""
        arguments = []
        abi = self.artifacts[name]["abi"]
        for item in next((each["inputs"] for each in abi if each["type"] == "constructor"), []):
            contract = item["internalType"].removeprefix("contract I")
            known = contract != item["internalType"]
            arguments.append(self.contracts[contract].address if known else given[item["name"]])
        return self.deploy(name, *arguments)

    def deploy(self, name: str, *arguments: Any) -> Any:
        artifact = self.artifacts[name]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        sent = factory.constructor(*arguments).transact({"from": self.deployer, "gas": 8_000_000})
        receipt = self.web3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1
        self.gas[f"deploy {name}"] = receipt["gasUsed"]
        contract = self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])
        self.contracts[name] = contract
        return contract

    def refused_deployment(self, name: str, *arguments: Any) -> Refusal:
        artifact = self.artifacts[name]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        data = factory.constructor(*arguments).data_in_transaction
        return self._refusal({"from": self.deployer, "data": data, "to": ""})

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.contracts[contract].functions[function](*arguments).call()

    def named(self, contract: str, function: str, *arguments: Any) -> dict[str, Any]:
        """A struct that a read function answers, by field name."""
        values = self.read(contract, function, *arguments)
        (output,) = next(
            item["outputs"]
            for item in self.artifacts[contract]["abi"]
            if item.get("name") == function
        )
        return dict(zip([part["name"] for part in output["components"]], values, strict=True))

    def send(self, contract: str, function: str, *arguments: Any, sender: str) -> list[Any]:
        """Send a call that must land; returns its events as (name, values by field)."""
        call = self.contracts[contract].functions[function](*arguments)
        sent = call.transact({"from": sender, "gas": GAS})
        receipt = self.web3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1
        self.gas[f"{contract}.{function}"] = receipt["gasUsed"]
        by_address = {each.address: name for name, each in self.contracts.items()}
        return [self._event(by_address[line["address"]], line) for line in receipt["logs"]]

    def refused(self, contract: str, function: str, *arguments: Any, sender: str) -> Refusal:
        """The custom error with which a call is refused; reading functions take any sender."""
        target = self.contracts[contract]
        data = target.encode_abi(function, list(arguments))
        return self._refusal({"from": sender, "to": target.address, "data": data})

    def refused_payment(self, to: str, wei: int, sender: str) -> Refusal:
        """The custom error with which a contract refuses money."""
        return self._refusal({"from": sender, "to": to, "value": wei, "data": "0x"})

    def _refusal(self, call: dict[str, Any]) -> Refusal:
        try:
            self.tester.call({**call, "gas": GAS if call["to"] else 8_000_000})
        except TransactionFailed as error:
            data = ast.literal_eval(str(error).removeprefix("execution reverted: "))
            entry = self.errors[data[:4]]
            kinds = [item["type"] for item in entry["inputs"]]
            values = abi_decode(kinds, data[4:])
            shown = [
                to_checksum_address(value) if kind == "address" else value
                for kind, value in zip(kinds, values, strict=True)
            ]
            return Refusal(entry["name"], tuple(shown))
        pytest.fail("the call was not refused")

    def _event(self, contract: str, line: Any) -> tuple[str, dict[str, Any]]:
        for item in self.artifacts[contract]["abi"]:
            if item["type"] == "event" and event_abi_to_log_topic(item) == bytes(line["topics"][0]):
                event = self.contracts[contract].events[item["name"]]().process_log(line)
                return item["name"], dict(event["args"])
        pytest.fail("an event of another contract")

    def announced(self, first_block: int) -> dict[str, int]:
        """How many events of its own each contract that counts them has from a block on."""
        own = {
            (contract.address, event_abi_to_log_topic(item)): name
            for name, contract in self.counting.items()
            for item in self.artifacts[name]["abi"]
            if item["type"] == "event" and item["name"] not in OPENZEPPELIN_EVENTS
        }
        lines = self.web3.eth.get_logs({"fromBlock": first_block})
        found = [own.get((line["address"], bytes(line["topics"][0]))) for line in lines]
        return {name: found.count(name) for name in COUNTING}

    @property
    def now(self) -> int:
        """The time of the block in which the next call would run."""
        return int(self.web3.eth.get_block("pending")["timestamp"])

    @property
    def last_time(self) -> int:
        return int(self.web3.eth.get_block("latest")["timestamp"])

    @property
    def year(self) -> int:
        """The year in Beijing in which the next call would run."""
        return self.beijing_day(self.now).year

    def wait(self, seconds: int) -> None:
        self.tester.time_travel(self.now + seconds)

    def travel(self, time: int) -> None:
        """Let the last block, which reads see, stand at ``time``."""
        self.tester.time_travel(time + 1)

    @staticmethod
    def beijing_day(time: int) -> date:
        return datetime.fromtimestamp(time, UTC).astimezone(BEIJING).date()

    @classmethod
    def end_of_term(cls, start: int, working_days: int) -> int:
        """The second after the last of so many weekdays after the day of ``start``, in Beijing."""
        day = cls.beijing_day(start)
        while working_days:
            day += timedelta(days=1)
            working_days -= day.weekday() < SATURDAY
        after = datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)
        return int(after.timestamp())

    def publish_weekdays(self, years: int) -> None:
        """Publish so many years from now on in which every Monday to Friday is a working day."""
        for year in range(self.year, self.year + years):
            day, bits = date(year, 1, 1), 0
            while day.year == year:
                bits |= (day.weekday() < SATURDAY) << (day.timetuple().tm_yday - 1)
                day += timedelta(days=1)
            words = [bits & (2**256 - 1), bits >> 256]
            self.send("WorkCalendar", "publishYear", year, words, sender=self.supervisor)

    def bureau(self, number: int, **changes: Any) -> tuple[Any, ...]:
        """What a bureau is enrolled with, told apart by its number."""
        fields = {
            "region": {1: 320100, 2: 320500, 3: 340100}.get(number, 440100),
            "agencyFamily": 1,
            "pool": {1: 32, 2: 32, 3: 34}.get(number, 44),
            "publisher": self.publishers[number],
            "logKey": digest(f"log key {number}"),
            "sealingKeyDigest": digest(f"sealing key {number}"),
            "name": f"经办机构 {number}",
            "endpoint": f"http://bureau-{number}.example",
        }
        return tuple((fields | changes).values())

    def decide(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Let the council carry out calls (contract, function, arguments …).

        Returns the events of the contracts called, in order.
        """
        ready = self._decided(calls)
        function = self.contracts["Council"].functions.executeProposal(ready)
        sent = function.transact({"from": self.outsider, "gas": GAS})
        receipt = self.web3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1
        by_address = {each.address: name for name, each in self.contracts.items()}
        lines = [line for line in receipt["logs"] if by_address[line["address"]] != "Council"]
        return [self._event(by_address[line["address"]], line) for line in lines]

    def refused_council(self, contract: str, function: str, *arguments: Any) -> Refusal:
        """The custom error with which a contract refuses what the council decided."""
        ready = self._decided([(contract, function, *arguments)])
        return self.refused("Council", "executeProposal", ready, sender=self.outsider)

    def _decided(self, calls: Sequence[tuple[Any, ...]]) -> bytes:
        """Propose, approve and wait."""
        targets = [self.contracts[call[0]].address for call in calls]
        payloads = [self.contracts[call[0]].encode_abi(call[1], list(call[2:])) for call in calls]
        salt = self.read("Council", "proposalCount").to_bytes(32, "big")
        self.send("Council", "propose", targets, payloads, salt, sender=self.supervisor)
        made = self.read("Council", "proposalByIndex", self.read("Council", "proposalCount") - 1)
        self.send("Council", "approve", made, sender=self.second_supervisor)
        self.wait(COUNCIL_DELAY_SECONDS)
        return bytes(made)

    def grow(self, log: int, tree: ReferenceTree, older: int, newer: int) -> list[Any]:
        """Publish a log's next checkpoint with its proof."""
        proof = tree.consistency(older, newer) if older else []
        return self.send(
            "Checkpoints",
            "publish",
            log,
            newer,
            tree.root(newer),
            proof,
            sender=self.publishers[log],
        )


@pytest.fixture(scope="module")
def deployed() -> tuple[Network, int]:
    network = Network()
    supervisors = [
        (network.supervisor, digest("cosigner 1"), "监管一", "http://supervisor-1.example"),
        (network.second_supervisor, digest("cosigner 2"), "监管二", ""),
    ]
    given = {
        "firstMembers": [network.supervisor, network.second_supervisor],
        "firstThreshold": 2,
        "delaySeconds": COUNCIL_DELAY_SECONDS,
        "supervisors": supervisors,
        "holders": ([network.supervisor], [network.freezer], [network.closer]),
        "fewestLines": MINIMUM_LINES,
    }
    for name in MAIN:
        network.born(name, **given)
    network.deploy("EvidenceHarness")
    for number in (1, 2, 3):
        network.send("Bureaus", "enrol", network.bureau(number), sender=network.supervisor)
    for number, log in ((11, 1), (12, 1), (21, 2)):
        officer = network.officers[number].address
        network.send("Bureaus", "setOfficer", log, officer, True, sender=network.supervisor)
    network.counting = {name: network.contracts[name] for name in COUNTING}
    network.counted = network.announced(0)
    network.counted_block = network.web3.eth.block_number
    return network, network.tester.take_snapshot()


@pytest.fixture
def network(deployed: tuple[Network, int]) -> Iterator[Network]:
    opened, snapshot = deployed
    yield opened
    # Whatever a test did: a contract that counts its events has counted every one.
    since = opened.announced(opened.counted_block + 1)
    for name, contract in opened.counting.items():
        counted = contract.functions.eventCount().call()
        assert counted == opened.counted[name] + since[name], name
    opened.tester.revert_to_snapshot(snapshot)


@pytest.fixture(scope="session")
def reference_tree() -> type[ReferenceTree]:
    return ReferenceTree


@pytest.fixture(scope="session")
def tree() -> ReferenceTree:
    """A log of forty leaves that several suites publish parts of."""
    return ReferenceTree([digest(f"tag {i}") + digest(f"seal {i}") for i in range(PUBLISHED)])


@pytest.fixture(scope="session")
def make_digest() -> Any:
    return digest


@pytest.fixture(scope="session")
def make_head() -> Any:
    return payout_head


@pytest.fixture(scope="session")
def sign() -> Any:
    """Signs 32 bytes as r | s | v; ``twin`` gives the second spelling, with the large s."""

    def signature(account: Any, message: bytes, *, twin: bool = False) -> bytes:
        made = keys.PrivateKey(bytes(account.key)).sign_msg_hash(message)
        r, s, v = made.r, made.s, made.v
        if twin:
            order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
            s, v = order - s, 1 - v
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v + 27])

    return signature
