"""A chain in memory: what a call uses, and the way back."""

import pytest
from devnet.scratch import ScratchChain

STORES_ONE = bytes.fromhex("6001600055600060006000f000")
"""Runtime code written as creation code: stores 1 at slot 0, and creates an empty contract."""


@pytest.fixture(scope="module")
def chain():
    return ScratchChain()


def test_a_plain_payment_uses_what_the_rules_say(chain):
    landed = chain.send(chain.accounts[0], chain.accounts[1], b"")
    assert (landed.gas, landed.contract) == (21_000, None)


def test_a_creation_has_an_address_and_going_back_forgets_it(chain):
    before = chain.snapshot()
    first = chain.send(chain.accounts[0], None, STORES_ONE)
    chain.go_back(before)
    again = chain.send(chain.accounts[0], None, STORES_ONE)
    assert first == again
    assert first.contract is not None
    assert first.gas > 21_000 + 32_000 + 20_000  # creation, and a slot written for the first time


def test_a_call_that_is_undone_says_so(chain):
    with pytest.raises(RuntimeError, match="undone"):
        chain.send(chain.accounts[0], None, bytes.fromhex("60006000fd"))
