"""Random histories of roles: whatever is tried in whatever order, no address ever has two of them."""

from __future__ import annotations

import random
from collections import defaultdict

from eth_utils import keccak

ROLES = {"enrol": "ENROL_ROLE", "freeze": "FREEZE_ROLE", "close": "CLOSE_ROLE"}
STEPS = 90


class Registry:
    """A Bureaus of its own whose council is one member without delay, and what should be so."""

    def __init__(self, network, seed):
        self.network, self.source = network, random.Random(seed)
        accounts = network.web3.eth.accounts
        self.member, self.first, self.people = accounts[0], accounts[1], accounts[2:9]
        self.council = network.deploy("Council", [self.member], 1, 0)
        supervisor = (self.member, b"\x01" * 32, "S", "")
        holders = ([self.first], [], [])
        self.bureaus = network.deploy("Bureaus", self.council.address, [supervisor], holders)
        self.roles = {"enrol": {self.first}, "freeze": set(), "close": set()}
        self.publishers: dict[str, int] = {}
        self.current: dict[int, str] = {}
        self.officers: defaultdict[str, set[int]] = defaultdict(set)
        self.count = 0
        self.seen: set[tuple[str, bool]] = set()

    # --- what should be allowed ---

    def oversees(self, account):
        return account == self.member or any(account in held for held in self.roles.values())

    def may_publish(self, account):
        free = account not in self.publishers
        return free and not self.oversees(account) and not self.officers[account]

    def may_approve(self, account, log):
        free = account not in self.publishers and not self.oversees(account)
        return free and log not in self.officers[account]

    def may_hold(self, role, account):
        others = set().union(*(held for name, held in self.roles.items() if name != role))
        return account not in others | self.publishers.keys() and not self.officers[account]

    # --- acts ---

    def call(self, function, *arguments, sender):
        """Whether it landed."""
        sent = self.bureaus.functions[function](*arguments).transact(
            {"from": sender, "gas": 1_500_000}
        )
        return self.network.web3.eth.get_transaction_receipt(sent)["status"] == 1

    def decide(self, function, *arguments):
        data = self.bureaus.encode_abi(function, list(arguments))
        salt = self.source.randbytes(32)
        options = {"from": self.member, "gas": 2_000_000}
        propose = self.council.functions.propose([self.bureaus.address], [data], salt)
        propose.transact(options)
        count = self.council.functions.proposalCount().call()
        made = self.council.functions.proposalByIndex(count - 1).call()
        sent = self.council.functions.executeProposal(made).transact(options)
        return self.network.web3.eth.get_transaction_receipt(sent)["status"] == 1

    def grant(self):
        role, account = self.source.choice(list(ROLES)), self.source.choice(self.people[2:])
        allowed = self.may_hold(role, account)
        assert self.decide("grantRole", keccak(text=ROLES[role]), account) == allowed
        self.seen.add(("grant", allowed))
        if allowed:
            self.roles[role].add(account)

    def revoke(self):
        role, account = self.source.choice(list(ROLES)), self.source.choice(self.people[2:])
        assert self.decide("revokeRole", keccak(text=ROLES[role]), account)
        self.roles[role].discard(account)

    def enrol(self):
        account, sender = self.source.choice([*self.people[:4], self.member]), self.sender()
        bureau = self.network.bureau(1, publisher=account, logKey=self.source.randbytes(32))
        allowed = sender in self.roles["enrol"] and self.may_publish(account)
        assert self.call("enrol", bureau, sender=sender) == allowed
        self.seen.add(("enrol", allowed))
        if allowed:
            self.count += 1
            self.publishers[account] = self.count
            self.current[self.count] = account

    def rotate(self):
        if not self.count:
            return
        log, account = self.source.randint(1, self.count), self.source.choice(self.people[:4])
        sender = self.sender()
        keys = (account, self.source.randbytes(32), b"\x02" * 32)
        allowed = sender in self.roles["enrol"] and (
            self.may_publish(account) or self.current[log] == account
        )
        assert self.call("rotateKeys", log, *keys, sender=sender) == allowed
        self.seen.add(("rotate", allowed))
        if allowed:
            self.publishers[account] = self.publishers.get(account, log)
            self.current[log] = account

    def appoint(self):
        if not self.count:
            return
        log, account = self.source.randint(1, self.count), self.source.choice(self.people)
        sender, active = self.sender(), self.source.random() < 0.7
        allowed = sender in self.roles["enrol"] and (
            self.may_approve(account, log) if active else log in self.officers[account]
        )
        assert self.call("setOfficer", log, account, active, sender=sender) == allowed
        self.seen.add(("appoint", allowed))
        if allowed:
            (self.officers[account].add if active else self.officers[account].discard)(log)

    def sender(self):
        return self.first if self.source.random() < 0.8 else self.source.choice(self.people)

    # --- what must be so ---

    def audit(self):
        read = {name: getattr(self.bureaus.functions, f"may{name.capitalize()}") for name in ROLES}
        for account in (self.member, self.first, *self.people):
            held = {name for name in ROLES if read[name](account).call()}
            assert held == {name for name, holders in self.roles.items() if account in holders}
            log = self.bureaus.functions.logIdOf(account).call()
            assert log == self.publishers.get(account, 0)
            approves = any(
                self.bureaus.functions.isOfficer(each, account).call()
                for each in range(1, self.count + 1)
            )
            assert approves == bool(self.officers[account])
            assert len(held) + bool(log) + approves <= 1
            supervises = self.bureaus.functions.isSupervisor(account).call()
            assert supervises == (account == self.member)


def test_no_address_ever_has_two_roles(network):
    registry = Registry(network, seed=1)
    acts = (registry.grant, registry.revoke, registry.enrol, registry.rotate, registry.appoint)
    for step in range(STEPS):
        registry.source.choices(acts, weights=(3, 2, 2, 2, 4))[0]()
        if step % 30 == 0:
            registry.audit()
    registry.audit()
    tried = {name for name, _ in registry.seen}
    assert registry.seen == {(name, allowed) for name in tried for allowed in (True, False)}
    assert tried == {"grant", "enrol", "rotate", "appoint"}
