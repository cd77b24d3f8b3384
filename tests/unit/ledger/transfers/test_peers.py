"""What another node's answer means: taken, later, or never."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest

from ledger.errors import PeerRefusedError, PeerUnavailableError
from ledger.transfers import peers
from ledger.transfers.peers import HttpPeers

PROBLEM = {
    "type": "urn:anxu:problem:record-altered", "detail": "Record 2 is not what was anchored.",
    "detail_zh": "第 2 条记录与上链存证不符。", "retryable": False,
}  # fmt: skip


@pytest.fixture
def node(monkeypatch):
    """A node whose registry knows one bureau; requests go unsigned to a made-up transport."""
    bureau = SimpleNamespace(name="南京", endpoint="http://peer.example/")
    monkeypatch.setattr(peers, "request_headers", lambda *_: {})
    return SimpleNamespace(chain=SimpleNamespace(bureau=lambda _: bureau))


def asked(node, answer):
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return HttpPeers(node, client).send(1, {"schema": "anxu-peer-message/1"})


class TestAnswers:
    def test_a_taken_message_gives_its_answer(self, node):
        assert asked(node, lambda _: httpx.Response(200, json={"state": "TAKEN"})) == {
            "state": "TAKEN"
        }

    def test_it_is_posted_to_the_bureaus_endpoint(self, node):
        seen = []

        def answer(request):
            seen.append((request.method, str(request.url)))
            return httpx.Response(200, json={})

        asked(node, answer)
        assert seen == [("POST", "http://peer.example/peer/messages")]

    def test_a_refusal_keeps_its_name_and_both_sentences(self, node):
        with pytest.raises(PeerRefusedError) as caught:
            asked(node, lambda _: httpx.Response(400, json=PROBLEM))
        error = caught.value
        assert (error.peer, error.refusal) == ("南京", "record-altered")
        assert (error.reason, error.reason_zh) == (PROBLEM["detail"], PROBLEM["detail_zh"])

    @pytest.mark.parametrize(
        ("status", "change"),
        [(503, {}), (500, {}), (409, {"retryable": True}),
         (400, {"type": "urn:anxu:problem:signature-expired"})],
        ids=["busy", "fault", "retryable", "stale signature"],
    )  # fmt: skip
    def test_what_may_pass_later_is_no_refusal(self, node, status, change):
        with pytest.raises(PeerUnavailableError):
            asked(node, lambda _: httpx.Response(status, json=PROBLEM | change))

    @pytest.mark.parametrize("content", ["", "<html>", "[]", "3"])
    def test_an_answer_that_is_no_object_is_no_answer(self, node, content):
        with pytest.raises(PeerUnavailableError):
            asked(node, lambda _: httpx.Response(200, text=content))

    def test_a_node_that_is_down_is_asked_again_later(self, node):
        def answer(_):
            raise httpx.ConnectError("refused")

        with pytest.raises(PeerUnavailableError, match="ConnectError"):
            asked(node, answer)
