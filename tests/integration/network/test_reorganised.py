"""A node whose chain replaced final blocks: what stands still, what goes on, and how a person lets it go on."""

from __future__ import annotations

import json

import httpx
import pytest

from ledger.errors import DeepReorganisationError
from ledger.store.outbox import FINAL, STUCK
from scripts.cli.main import run

CODE = DeepReorganisationError.code


@pytest.fixture
def replaced(network, make):
    """Hefei has anchored a payment, and the chain has replaced the block it stands in."""
    context = network.context("hefei")
    make.record(context, make.payment(network.identity(), 202607))
    network.settle()
    with context.read() as view:
        last = view.log.last_checkpoint(final=True)
    assert last is not None
    with context.write() as work:
        work.finality.add_reorganisation(
            last.block - 1, last.block, "0x" + "aa" * 32, "0x" + "bb" * 32, context.clock.now()
        )
        work.commit()
    yield context
    with context.write() as work:
        found = work.finality.open_reorganisation()
        if found is not None:
            work.finality.decide(found.id, "test", "over", context.clock.now())
        work.commit()
    network.settle()


def say(capsys, *command: object) -> tuple[int, dict]:
    capsys.readouterr()
    status = run([*map(str, command), "--json"])
    return status, json.loads(capsys.readouterr().out)


class TestReplacedBlocks:
    def test_what_trusts_the_chain_stands_still_and_recording_goes_on(
        self, network, replaced, make
    ):
        worker = network.nodes["hefei"].worker
        worker.drain()
        trusting = {"finality", "publish", "send", "follow", "release", "transfers"}
        assert {name for name, code in worker.stopped.items() if code == CODE} >= trusting
        make.record(replaced, make.payment(network.identity(), 202608), source="meanwhile")
        worker.drain()
        with replaced.read() as view:
            size = view.log.head().size
            signed = view.log.last_checkpoint()
        assert signed is not None
        assert signed.size < size

    def test_health_page_and_every_page_say_so(self, network, replaced):
        network.nodes["hefei"].worker.drain()
        endpoint = replaced.settings.endpoint
        ready = httpx.get(f"{endpoint}/ready")
        assert ready.status_code == 503
        assert ready.json()["final_blocks_replaced"] is True
        assert ready.json()["stopped"]["publish"] == CODE
        told = httpx.get(f"{endpoint}/chain", headers={"accept": "text/html"}).text
        assert "anxu outbox accept-chain" in told
        page = httpx.get(
            f"{endpoint}/", headers={"accept": "text/html"}, follow_redirects=True
        ).text
        assert "链被改写，上链与支付暂停" in page

    def test_a_person_sees_and_decides_it_and_everything_lands_once(
        self, network, replaced, capsys
    ):
        directory = replaced.directory
        with replaced.read() as view:
            checkpoint = view.log.last_checkpoint(final=True)
            before = view.outbox.find(f"checkpoint/{checkpoint.size}")
        signer = replaced.keys.secp256k1("publisher").address
        nonce = replaced.chain.gateway.nonce_of(signer)
        status, listed = say(capsys, "outbox", "list", "--node", directory)
        assert status == 1
        assert listed["reorganisation"]["block"] == checkpoint.block
        status, decided = say(
            capsys, "outbox", "accept-chain", "--node", directory,
            "--by", "duty officer", "--reason", "one validator was restored from a backup",
        )  # fmt: skip
        assert status == 0
        assert decided["fork_block"] == checkpoint.block - 1
        with replaced.read() as view:
            assert view.log.last_checkpoint(final=True) != checkpoint
        network.settle()
        with replaced.read() as view:
            after = view.outbox.find(f"checkpoint/{checkpoint.size}")
            assert (after.state, after.transaction_hash) == (FINAL, before.transaction_hash)
            assert view.log.checkpoint(checkpoint.size).number == checkpoint.number
        assert replaced.chain.gateway.nonce_of(signer) == nonce

    def test_followers_check_a_checkpoint_again(self, network, make):
        context = network.context("supervisor")
        make.record(network.context("suzhou"), make.payment(network.identity(), 202607))
        network.settle()
        with context.write() as work:
            [log] = [each for each in work.following.logs() if each.log_id == 2]
            known = work.following.last_checkpoint(2)
            work.following.forget_checkpoints_above(known.block - 1)
            assert work.following.last_checkpoint(2) != known
            work.commit()
        network.settle()
        with context.read() as view:
            again = view.following.last_checkpoint(2)
            assert (again.size, again.root, again.number) == (known.size, known.root, known.number)
            [after] = [each for each in view.following.logs() if each.log_id == 2]
        assert (after.head, after.state) == (log.head, "CURRENT")


class TestStuckMessages:
    def test_health_says_it_and_a_person_lets_it_go_on(self, network, make, capsys):
        context = network.context("nanjing")
        make.record(context, make.payment(network.identity(), 202607))
        node = network.nodes["nanjing"]
        network.settle()
        with context.write() as work:
            message = work.outbox.all()[-1]
            work.outbox.update(message.id, state=STUCK, last_error="no money for gas")
            work.commit()
        ready = httpx.get(f"{context.settings.endpoint}/ready")
        assert ready.status_code == 503
        assert ready.json()["messages_for_a_person"] == 1
        told = httpx.get(f"{context.settings.endpoint}/chain", headers={"accept": "text/html"}).text
        assert "有链上消息等人处理" in told
        status, listed = say(capsys, "outbox", "list", "--node", context.directory)
        assert status == 1
        [shown] = listed["messages"]
        assert (shown["state"], shown["error"]) == ("STUCK", "no money for gas")
        status, one = say(capsys, "outbox", "show", shown["key"], "--node", context.directory)
        assert status == 0
        assert [each["transaction"] for each in one["versions"]] == [message.transaction_hash]
        status, done = say(capsys, "outbox", "retry", shown["id"], "--node", context.directory)
        assert (status, done["retried"]) == (0, [shown["key"]])
        node.worker.drain()
        status, _ = say(capsys, "outbox", "list", "--node", context.directory)
        assert status == 0
        assert say(capsys, "outbox", "retry", "--all", "--node", context.directory)[0] == 1
        assert say(capsys, "outbox", "show", "nobody", "--node", context.directory)[0] == 1
