"""What a follower takes, and what it refuses from a feed that can be corrupted on purpose."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest

import ledger.following.follower
from ledger.errors import PeerUnavailableError, SplitViewError
from ledger.evidence.checkpoint import CheckpointBody, Note, sign_checkpoint
from ledger.evidence.encoding import ENTRY_BYTES
from ledger.evidence.tiles import supervision_bundle_text
from ledger.following.feeds import FeedClient
from ledger.following.follower import BEHIND, CURRENT, INCONSISTENT, UNREACHABLE, Follower
from ledger.following.split_views import NoteWatch
from ledger.recording.peers import request_headers
from ledger.store.database import Database
from ledger.supervision.service import examine, note_inconsistent_logs

SUZHOU, HEFEI = 2, 3


@pytest.fixture(scope="module", autouse=True)
def _facts(network, make):
    """Suzhou has 300 leaves under two checkpoints, Hefei 5 under one; a test may add to them."""
    people = [network.identity() for _ in range(300)]
    facts = [make.payment(person, 202608) for person in people]
    make.record(network.context("suzhou"), *facts[:200])
    network.settle()
    make.record(network.context("suzhou"), *facts[200:])
    make.record(network.context("hefei"), *facts[:5])
    network.settle()


class Feeds(FeedClient):
    """Hands out what the real feeds hand out, changed by what a test puts in."""

    def __init__(self, context) -> None:
        super().__init__(lambda method, url, body: request_headers(context, method, url, body))
        self.leaves = lambda endpoint, content: content
        self.entries = lambda endpoint, path, content, signature: (content, signature)

    def entry_bundle(self, endpoint: str, path: str) -> bytes:
        return self.leaves(endpoint, super().entry_bundle(endpoint, path))

    def supervision_bundle(self, endpoint: str, path: str) -> tuple[bytes, str]:
        return self.entries(endpoint, path, *super().supervision_bundle(endpoint, path))


@pytest.fixture(params=["supervisor", "nanjing"])
def fresh(request, network, tmp_path):
    """A supervisor, and a bureau, that have followed nobody yet."""
    database = Database(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    database.migrate()
    yield replace(network.context(request.param), database=database)
    database.close()


@pytest.fixture
def supervisor(network, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'supervisor.sqlite'}")
    database.migrate()
    yield replace(network.context("supervisor"), database=database)
    database.close()


def follow(context, feeds: FeedClient, steps: int = 40) -> int:
    follower = Follower(context, feeds)
    for count in range(steps):
        if not follower.step():
            return count
    raise AssertionError("it never came to rest")


def state(context, log: int):
    with context.read() as view:
        known = view.following.log(log)
    return known.state, known.head.size


def endpoint_of(network, name: str) -> str:
    return network.context(name).settings.endpoint


def whole(network, name: str) -> int:
    """How many leaves the log itself has by now, all of them under a checkpoint."""
    with network.context(name).read() as view:
        size = view.log.head().size
        assert view.log.last_checkpoint(final=True).size == size
    return size


class TestFollowing:
    def test_it_takes_every_leaf_and_a_supervisor_cosigns(self, network, fresh):
        follow(fresh, Feeds(fresh))
        size = whole(network, "suzhou")
        assert state(fresh, SUZHOU) == (CURRENT, size)
        assert state(fresh, HEFEI) == (CURRENT, whole(network, "hefei"))
        source = network.context("suzhou")
        with fresh.read() as view, source.read() as truth:
            assert view.following.leaves(SUZHOU, 0, size) == truth.log.leaves(0, size)
            checkpoints = [view.following.checkpoint(SUZHOU, size) for size in (200, 300)]
            assert [item.root for item in checkpoints] == [
                truth.log.checkpoint(size).root for size in (200, 300)
            ]
            entries = [item.entry for item in view.following.entries(SUZHOU, 0, size)]
            supervises = fresh.settings.role == "supervisor"
            assert entries == (
                [item.entry for item in truth.log.entries(0, size)] if supervises else []
            )
            assert all((item.cosignature is not None) is supervises for item in checkpoints)

    def test_nobody_follows_itself(self, network, fresh):
        follow(fresh, Feeds(fresh))
        with fresh.read() as view:
            assert view.following.log(int(fresh.log_id)) is None

    @pytest.mark.parametrize("leaves_a_step", [1, 7, 99, 256])
    def test_a_long_catch_up_goes_in_several_steps(
        self, network, fresh, monkeypatch, leaves_a_step
    ):
        if leaves_a_step == 1:
            monkeypatch.setattr(ledger.following.follower, "LEAVES_A_STEP", 29)
        else:
            monkeypatch.setattr(ledger.following.follower, "LEAVES_A_STEP", leaves_a_step)
        steps = follow(fresh, Feeds(fresh), steps=400)
        size = whole(network, "suzhou")
        assert steps >= size // max(leaves_a_step, 29)
        assert state(fresh, SUZHOU) == (CURRENT, size)

    def test_leaves_without_a_confirmed_root_make_no_alert(
        self, network, supervisor, make, monkeypatch
    ):
        """The first part of a long catch-up is kept before its root is known."""
        follow(supervisor, Feeds(supervisor))
        monkeypatch.setattr(ledger.following.follower, "LEAVES_A_STEP", 3)
        person = network.identity()
        others = [make.payment(network.identity(), 202607) for _ in range(6)]
        make.record(network.context("suzhou"), make.payment(person, 202607), *others)
        network.settle("suzhou")
        make.record(network.context("hefei"), make.payment(person, 202607))
        network.settle("hefei")
        follower = Follower(supervisor, Feeds(supervisor))
        follower.step()
        with supervisor.read() as view:
            part = (
                view.following.log(SUZHOU).head.size - view.following.last_checkpoint(SUZHOU).size
            )
        assert part == 3
        while examine(supervisor):
            pass
        with supervisor.read() as view:
            assert not [alert for alert in view.alerts.all() if alert["period"] == 202607]
        follow(supervisor, Feeds(supervisor))
        while examine(supervisor):
            pass
        with supervisor.read() as view:
            assert sum(alert["period"] == 202607 for alert in view.alerts.all()) == 1
        network.settle()


class TestRefusals:
    def test_a_wrong_leaf_makes_the_log_inconsistent_for_good(self, network, fresh):
        feeds = Feeds(fresh)

        def corrupt(endpoint: str, content: bytes) -> bytes:
            if endpoint != endpoint_of(network, "suzhou"):
                return content
            return content[:40] + bytes([content[40] ^ 1]) + content[41:]

        feeds.leaves = corrupt
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (INCONSISTENT, 0)
        assert state(fresh, HEFEI)[0] == CURRENT
        follow(fresh, Feeds(fresh))
        assert state(fresh, SUZHOU) == (INCONSISTENT, 0)
        with fresh.read() as view:
            assert view.following.last_checkpoint(SUZHOU) is None
            assert view.following.leaves(SUZHOU, 0, 9) == []

    def test_a_root_that_does_not_come_out_in_a_later_part_is_never_current(
        self, network, fresh, monkeypatch
    ):
        monkeypatch.setattr(ledger.following.follower, "LEAVES_A_STEP", 150)
        if fresh.settings.role == "supervisor":
            return  # its entries tell the wrong leaf before the root does
        feeds = Feeds(fresh)
        feeds.leaves = lambda _endpoint, content: content[:40] + b"\0\0" + content[42:]
        follow(fresh, feeds)
        assert state(fresh, SUZHOU)[0] == INCONSISTENT
        with fresh.read() as view:
            assert view.following.checkpoint_count(SUZHOU) == 0

    @pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: c + b"\0", lambda _: b"<html>"])
    def test_a_bundle_of_another_shape_is_refused(self, fresh, damage):
        feeds = Feeds(fresh)
        feeds.leaves = lambda _endpoint, content: damage(content)
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (INCONSISTENT, 0)

    def test_a_wrong_entry_under_the_right_signature_is_refused(self, network, supervisor):
        source = network.context("suzhou")
        feeds = Feeds(supervisor)

        def forge(endpoint: str, path: str, content: bytes, signature: str) -> tuple[bytes, str]:
            if endpoint != endpoint_of(network, "suzhou"):
                return content, signature
            amount = ENTRY_BYTES - 33
            content = content[:amount] + bytes([content[amount] ^ 1]) + content[amount + 1 :]
            width = len(content) // ENTRY_BYTES
            text = supervision_bundle_text(source.origin, 0, width, content)
            return content, base64.b64encode(source.keys.ed25519("log").sign(text)).decode()

        feeds.entries = forge
        follow(supervisor, feeds)
        assert state(supervisor, SUZHOU) == (INCONSISTENT, 0)
        with supervisor.read() as view:
            assert view.following.entries(SUZHOU, 0, 9) == []
            assert view.following.last_checkpoint(SUZHOU) is None

    @pytest.mark.parametrize(
        "signature", ["", "AAAA", "no base64", base64.b64encode(bytes(64)).decode()]
    )
    def test_a_bundle_under_another_signature_is_not_taken_and_asked_for_again(
        self, supervisor, signature
    ):
        feeds = Feeds(supervisor)
        feeds.entries = lambda _endpoint, _path, content, _signature: (content, signature)
        follow(supervisor, feeds)
        assert (state(supervisor, SUZHOU), state(supervisor, HEFEI)) == (
            (UNREACHABLE, 0), (UNREACHABLE, 0),
        )  # fmt: skip
        follow(supervisor, Feeds(supervisor))
        assert state(supervisor, SUZHOU)[0] == CURRENT

    def test_a_signature_for_another_bundle_does_not_hold(self, network, supervisor):
        source = network.context("suzhou")
        feeds = Feeds(supervisor)

        def elsewhere(_endpoint, _path, content, _signature):
            text = supervision_bundle_text(source.origin, 7, len(content) // ENTRY_BYTES, content)
            return content, base64.b64encode(source.keys.ed25519("log").sign(text)).decode()

        feeds.entries = elsewhere
        follow(supervisor, feeds)
        assert state(supervisor, SUZHOU) == (UNREACHABLE, 0)

    def test_a_peer_out_of_reach_holds_nobody_up_and_is_asked_again(self, network, fresh):
        feeds = Feeds(fresh)

        def gone(endpoint: str, content: bytes) -> bytes:
            if endpoint == endpoint_of(network, "suzhou"):
                raise PeerUnavailableError(peer="p", reason="ConnectError")
            return content

        feeds.leaves = gone
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (UNREACHABLE, 0)
        assert state(fresh, HEFEI)[0] == CURRENT
        follow(fresh, Feeds(fresh))
        assert state(fresh, SUZHOU)[0] == CURRENT


class TestFeedClient:
    @pytest.mark.parametrize(
        "endpoint", ["http://127.0.0.1:1", "http://[", "http://host:99999999", "no url", ""]
    )
    def test_whatever_endpoint_is_registered_it_is_only_unavailable(self, endpoint):
        client = FeedClient()
        with pytest.raises(PeerUnavailableError):
            client.entry_bundle(endpoint, "tile/entries/000")
        client.close()

    def test_states_are_words_the_pages_know(self):
        assert {CURRENT, BEHIND, UNREACHABLE, INCONSISTENT} == {
            "CURRENT", "BEHIND", "UNREACHABLE", "INCONSISTENT",
        }  # fmt: skip


class Notes(Feeds):
    """Shows Suzhou's checkpoints as a test makes them; every other log's are its own."""

    def __init__(self, context) -> None:
        super().__init__(context)
        self.shown = lambda size: None

    def checkpoint(self, endpoint: str, size: int | None = None) -> str | None:
        note = self.shown(size) if endpoint == self.endpoint else None
        return note or super().checkpoint(endpoint, size)


class TestSplitView:
    """A log with two roots for one size: both notes are kept, nobody signs on, a person is called."""

    @pytest.fixture
    def forged(self, network):
        """A checkpoint of Suzhou, signed with its own key or another, over another root."""
        context = network.context("suzhou")

        def note(size, word="x", origin=context.origin, signer=None):
            root = hashlib.sha256(word.encode()).digest()
            body = CheckpointBody(origin, size, root)
            return sign_checkpoint(body, origin, signer or context.keys.ed25519("log"))

        return note

    @pytest.fixture
    def feeds(self, network, fresh):
        feeds = Notes(fresh)
        feeds.endpoint = network.context("suzhou").settings.endpoint
        return feeds

    @staticmethod
    def kept(context, size):
        with context.read() as view:
            return view.following.notes(SUZHOU, size), view.following.checkpoint(SUZHOU, size)

    def test_honest_notes_are_kept_and_change_nothing(self, network, fresh, feeds):
        size = whole(network, "suzhou")
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (CURRENT, size)
        notes, checkpoint = self.kept(fresh, size)
        assert [note.root for note in notes] == [checkpoint.root]
        assert notes[0].note.startswith(f"anxu/31415/2\n{size}\n")

    def test_a_note_beside_the_chains_root_is_kept_with_it_and_stops_all(
        self, network, fresh, feeds, forged
    ):
        wrong = forged(200)
        feeds.shown = lambda size: wrong if size == 200 else None
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (INCONSISTENT, 0)
        with fresh.read() as view:
            assert view.following.log(SUZHOU).last_error == "split-view"
        notes, checkpoint = self.kept(fresh, 200)
        assert checkpoint is None  # nothing of it was taken in, nor cosigned
        texts = {note.note for note in notes}
        onchain = fresh.chain.checkpoint(SUZHOU, 200).root
        assert texts == {wrong, CheckpointBody("anxu/31415/2", 200, onchain).format()}
        feeds.shown = lambda size: None
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (INCONSISTENT, 0)
        assert state(fresh, HEFEI) == (CURRENT, whole(network, "hefei"))

    def test_two_notes_that_no_chain_has_seen_are_enough(self, fresh, feeds, forged):
        shown = [forged(10**6, "one"), forged(10**6, "two")]
        bureau = fresh.chain.bureau(SUZHOU)
        watch = NoteWatch(fresh, feeds)
        feeds.shown = lambda size: shown[0]
        watch.look(bureau)
        watch.look(bureau)
        feeds.shown = lambda size: shown[1]
        with pytest.raises(SplitViewError) as found:
            watch.look(bureau)
        assert (found.value.origin, found.value.size) == ("anxu/31415/2", 10**6)
        assert found.value.first_root == hashlib.sha256(b"one").hexdigest()
        assert found.value.second_root == hashlib.sha256(b"two").hexdigest()
        assert {note.note for note in self.kept(fresh, 10**6)[0]} == set(shown)

    def test_a_note_of_a_size_taken_in_before_is_compared_too(self, network, fresh, feeds, forged):
        follow(fresh, feeds)
        size = whole(network, "suzhou")
        wrong = forged(size)
        feeds.shown = lambda size: wrong if size is None else None
        follower = Follower(fresh, feeds)
        follower.step()
        assert state(fresh, SUZHOU) == (INCONSISTENT, size)
        notes, checkpoint = self.kept(fresh, size)
        assert {note.root for note in notes} == {
            checkpoint.root,
            CheckpointBody.parse(Note.parse(wrong).text).root,
        }

    @pytest.mark.parametrize("damage", ["key", "origin", "tail", "text"])
    def test_what_the_log_did_not_sign_is_no_evidence(self, network, fresh, feeds, forged, damage):
        other, size = network.context("hefei").keys.ed25519("log"), whole(network, "suzhou")
        wrong = {
            "key": forged(size, signer=other),
            "origin": forged(size, origin="anxu/31415/3"),
            "tail": forged(size) + "x",
            "text": "no note",
        }[damage]
        feeds.shown = lambda size: wrong
        follow(fresh, feeds)
        assert state(fresh, SUZHOU) == (CURRENT, size)
        assert wrong not in {note.note for note in self.kept(fresh, size)[0]}

    def test_a_feed_that_shows_nothing_is_no_evidence(self, network, fresh):
        class Silent(Feeds):
            def checkpoint(self, endpoint, size=None):
                raise PeerUnavailableError(peer="x", reason="silent")

        follow(fresh, Silent(fresh))
        assert state(fresh, SUZHOU) == (CURRENT, whole(network, "suzhou"))

    def test_a_supervisor_is_alerted_and_signs_no_more(self, network, supervisor, forged):
        feeds = Notes(supervisor)
        feeds.endpoint = network.context("suzhou").settings.endpoint
        wrong = forged(300)
        feeds.shown = lambda size: wrong if size == 300 else None
        follow(supervisor, feeds)
        assert state(supervisor, SUZHOU) == (INCONSISTENT, 200)
        assert note_inconsistent_logs(supervisor)
        assert not note_inconsistent_logs(supervisor)
        with supervisor.read() as view:
            (alert,) = [row for row in view.alerts.all() if row["rule"] == "log-inconsistent"]
            assert view.following.checkpoint(SUZHOU, 300) is None
        assert alert["evidence"] == {"log": SUZHOU, "leaves": [], "reason": "split-view"}
