"""What a node serves of its log: to anybody, to supervisors, and how it refuses."""

from __future__ import annotations

import base64
from dataclasses import replace

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.errors import LedgerError
from ledger.evidence.checkpoint import (
    VerifierKey,
    open_checkpoint,
    parse_cosignature_line,
    verify_ed25519,
)
from ledger.evidence.encoding import ENTRY_BYTES, Entry, leaf_hash
from ledger.evidence.merkle import MerkleTree
from ledger.evidence.tiles import parse_entry_bundle, supervision_bundle_text
from ledger.node import Node
from ledger.recording.context import cosigner_name
from ledger.recording.peers import request_headers

IMMUTABLE = "public, max-age=31536000, immutable"
SIZE = 300


@pytest.fixture(scope="module", autouse=True)
def _facts(network, make):
    people = [network.identity() for _ in range(SIZE)]
    make.record(network.context("hefei"), *[make.payment(person, 202608) for person in people])
    network.settle()


@pytest.fixture
def bureau(network):
    return network.context("hefei")


@pytest.fixture
def get(bureau):
    """Ask Hefei's node over HTTP, unsigned unless headers say otherwise."""
    with httpx.Client(base_url=bureau.settings.endpoint, trust_env=False) as client:
        yield lambda path, headers=None: client.get(path, headers=headers)


@pytest.fixture
def signed(network, bureau):
    """The header fields with which a node signs a request to Hefei."""

    def headers(name: str, path: str, clock=None) -> dict[str, str]:
        context = network.context(name)
        if clock is not None:
            context = replace(context, clock=clock)
        return request_headers(context, "GET", bureau.settings.endpoint + path, b"")

    return headers


def require_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:anxu:problem:{code}"
    assert problem["status"] == status
    for name in ("detail", "remedy"):
        assert problem[name].isascii()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in problem[f"{name}_zh"])
    assert len(problem["reference"]) == 8
    return problem


class TestPublicLog:
    def test_the_checkpoint_is_signed_by_the_log_and_cosigned(self, network, bureau, get):
        answer = get("/log/checkpoint")
        assert answer.headers["cache-control"] == "no-cache"
        (own,) = [item for item in bureau.chain.bureaus() if item.log_id == bureau.log_id]
        body = open_checkpoint(
            answer.text, bureau.origin, [VerifierKey.log(bureau.origin, own.log_key)]
        )
        assert body.size == SIZE
        (supervisor,) = bureau.chain.supervisors()
        name = cosigner_name(bureau.manifest.chain_id, supervisor.account)
        key = VerifierKey.cosigner(name, supervisor.cosigner_key)
        line = answer.text.rstrip("\n").split("\n")[-1]
        parse_cosignature_line(line, key, body)
        assert get(f"/log/checkpoint/{SIZE}").text == answer.text

    def test_leaves_from_the_bundles_give_its_root(self, bureau, get):
        bundles = [get("/log/tile/entries/000"), get("/log/tile/entries/001.p/44")]
        assert {answer.headers["cache-control"] for answer in bundles} == {IMMUTABLE}
        assert {answer.headers["content-type"] for answer in bundles} == {
            "application/octet-stream"
        }
        leaves = [
            leaf
            for answer, width in zip(bundles, (256, 44), strict=True)
            for leaf in parse_entry_bundle(answer.content, width)
        ]
        with bureau.read() as view:
            assert MerkleTree(map(leaf_hash, leaves)).root() == view.log.checkpoint(SIZE).root

    def test_the_content_types_are_those_of_the_specification(self, get):
        """c2sp.org/tlog-tiles: a checkpoint is text, a tile is bytes; neither is guessed at."""
        answer = get("/log/checkpoint")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert get("/log/tile/1/000.p/1").headers["content-type"] == "application/octet-stream"

    def test_the_keys_of_log_and_cosigner_are_shown_as_notes_name_them(self, network, bureau, get):
        answer = get("/log/vkey")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        own = VerifierKey.parse(answer.text.removesuffix("\n"))
        assert open_checkpoint(get("/log/checkpoint").text, bureau.origin, [own]).size == SIZE
        endpoint = network.context("supervisor").settings.endpoint
        shown = httpx.get(f"{endpoint}/supervision/vkey", trust_env=False).text
        (supervisor,) = bureau.chain.supervisors()
        name = cosigner_name(bureau.manifest.chain_id, supervisor.account)
        assert shown == VerifierKey.cosigner(name, supervisor.cosigner_key).format() + "\n"

    @pytest.mark.parametrize("path", ["0/000", "0/001.p/44", "1/000.p/1"])
    def test_hash_tiles_never_change(self, get, path):
        answer = get(f"/log/tile/{path}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == IMMUTABLE
        assert len(answer.content) % 32 == 0

    @pytest.mark.parametrize("path", ["0/002", "0/001.p/45", "entries/001", "2/000.p/1"])
    def test_a_tile_that_is_not_there_is_not_found(self, get, path):
        require_problem(get(f"/log/tile/{path}"), 404, "not-found")

    @pytest.mark.parametrize(
        "path", ["0/1", "0/000.p/256", "0/000.p/0", "x/000", "0/..%2f..%2fnode.json", "%2e%2e/node.json", "0/x000/000", "64/000"]
    )  # fmt: skip
    def test_another_spelling_is_no_tile(self, get, path):
        answer = get(f"/log/tile/{path}")
        assert answer.status_code in {400, 404}
        assert b"database_url" not in answer.content

    @pytest.mark.parametrize("size", ["0", "7", str(10**12)])
    def test_a_size_that_was_never_signed_is_not_found(self, get, size):
        require_problem(get(f"/log/checkpoint/{size}"), 404, "not-found")

    @pytest.mark.parametrize("size", ["abc-someones-name", "-1", "9" * 40, "1.5"])
    def test_what_is_no_size_is_refused_and_not_repeated(self, get, size):
        answer = get(f"/log/checkpoint/{size}")
        require_problem(answer, 422, "encoding")
        assert size not in answer.text

    def test_an_empty_log_has_no_checkpoint(self, network):
        endpoint = network.context("suzhou").settings.endpoint
        require_problem(httpx.get(f"{endpoint}/log/checkpoint", trust_env=False), 404, "not-found")


class TestEntryFeed:
    PATH = "/supervision/entries/000"

    def test_a_supervisor_gets_entries_signed_by_the_log(self, bureau, get, signed):
        answer = get(self.PATH, signed("supervisor", self.PATH))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        text = supervision_bundle_text(bureau.origin, 0, 256, answer.content)
        (own,) = [item for item in bureau.chain.bureaus() if item.log_id == bureau.log_id]
        verify_ed25519(own.log_key, answer.headers["anxu-bundle-signature"], text, what="it")
        first = Entry.parse(answer.content[:ENTRY_BYTES])
        with bureau.read() as view:
            assert first == view.log.entry(0).entry

    def test_nobody_else_does(self, get, signed):
        require_problem(get(self.PATH), 400, "missing-signature")
        require_problem(get(self.PATH, signed("nanjing", self.PATH)), 403, "not-permitted")
        require_problem(get(self.PATH, signed("hefei", self.PATH)), 403, "not-permitted")

    def test_a_request_that_was_heard_before_is_refused(self, get, signed):
        headers = signed("supervisor", self.PATH)
        assert get(self.PATH, headers).status_code == 200
        require_problem(get(self.PATH, headers), 400, "replayed-request")

    def test_a_signature_for_another_path_or_node_is_refused(self, network, get, signed):
        other = "/supervision/entries/001.p/44"
        answer = get(other, signed("supervisor", self.PATH))
        require_problem(answer, 400, "invalid-signature")
        elsewhere = network.context("suzhou").settings.endpoint
        answer = httpx.get(
            elsewhere + self.PATH, headers=signed("supervisor", self.PATH), trust_env=False
        )
        require_problem(answer, 400, "invalid-signature")

    def test_each_changed_bit_of_the_signature_is_refused(self, get, signed):
        for place in (0, 31, 32, 63):
            headers = signed("supervisor", self.PATH)
            label, _, rest = headers["Signature"].partition(":")
            raw = bytearray(base64.b64decode(rest.rstrip(":")))
            raw[place] ^= 1
            headers["Signature"] = f"{label}:{base64.b64encode(raw).decode()}:"
            require_problem(get(self.PATH, headers), 400, "invalid-signature")

    def test_an_old_request_is_refused(self, bureau, get, signed):
        from ledger.ports import SystemClock

        old = SystemClock(bureau.manifest.offset_seconds - 3_600)
        answer = get(self.PATH, signed("supervisor", self.PATH, old))
        require_problem(answer, 400, "signature-expired")

    @pytest.mark.parametrize("path", ["002", "001.p/45", "001"])
    def test_nothing_beyond_the_signed_checkpoint_is_shown(self, get, signed, path):
        path = f"/supervision/entries/{path}"
        require_problem(get(path, signed("supervisor", path)), 404, "not-found")


class TestCosignatures:
    def test_a_supervisor_shows_its_lines_to_anybody(self, network, bureau):
        endpoint = network.context("supervisor").settings.endpoint
        answer = httpx.get(f"{endpoint}/supervision/cosignatures/3/{SIZE}", trust_env=False)
        assert answer.headers["cache-control"] == IMMUTABLE
        with bureau.read() as view:
            assert view.log.cosignatures(SIZE) == [answer.text]

    def test_it_shows_the_notes_that_a_log_showed_it(self, network, bureau):
        endpoint = network.context("supervisor").settings.endpoint
        shown = httpx.get(f"{endpoint}/supervision/notes/3/{SIZE}", trust_env=False).text
        assert shown.partition("\n\n")[0] == f"anxu/31415/3\n{SIZE}\n" + shown.split("\n")[2]
        with bureau.read() as view:
            assert shown.startswith(view.log.checkpoint(SIZE).note)
        answer = httpx.get(f"{endpoint}/supervision/notes/3/7", trust_env=False)
        require_problem(answer, 404, "not-found")

    @pytest.mark.parametrize("place", ["3/7", "9/300"])
    def test_what_it_never_signed_is_not_found(self, network, place):
        endpoint = network.context("supervisor").settings.endpoint
        answer = httpx.get(f"{endpoint}/supervision/cosignatures/{place}", trust_env=False)
        require_problem(answer, 404, "not-found")

    @pytest.mark.parametrize("what", ["cosignatures", "standing"])
    @pytest.mark.parametrize("place", [f"{2**40}/7", f"3/{10**30}", "-1/1", "x/1"])
    def test_what_is_no_number_of_ours_is_refused(self, network, what, place):
        endpoint = network.context("supervisor").settings.endpoint
        answer = httpx.get(f"{endpoint}/supervision/{what}/{place}", trust_env=False)
        require_problem(answer, 422, "encoding")

    def test_a_bureau_shows_no_supervisors_rooms_and_the_other_way_round(self, network, get):
        require_problem(get("/supervision/cosignatures/3/300"), 404, "not-found")
        endpoint = network.context("supervisor").settings.endpoint
        require_problem(httpx.get(f"{endpoint}/log/checkpoint", trust_env=False), 404, "not-found")


class TestHealth:
    def test_a_node_that_has_everything_is_ready(self, bureau, get):
        assert get("/health").json() == {"status": "ok"}
        answer = get("/ready")
        assert answer.status_code == 200
        report = answer.json()
        assert (report["status"], report["log_id"], report["chain"]) == ("ok", 3, "ok")

    def test_a_node_without_its_chain_says_so(self, network, bureau):
        from ledger.chain.bindings import Bindings
        from ledger.chain.gateway import ChainGateway
        from ledger.chain.registry import Registry

        node = network.nodes["hefei"]
        for manifest, url, code in (
            (bureau.manifest, "http://127.0.0.1:1", "chain-unavailable"),
            (replace(bureau.manifest, chain_id=1), None, "wrong-chain"),
        ):
            lost = replace(bureau, chain=Registry(Bindings(ChainGateway(manifest, url))))
            answer = TestClient(create_app(Node(lost, node.feeds))).get("/ready")
            assert answer.status_code == 503
            assert (answer.json()["chain"], answer.json()["status"]) == (code, "degraded")

    def test_a_job_that_stopped_is_seen(self, network, get):
        worker = network.nodes["hefei"].worker
        worker.stopped["publish"] = "invariant-broken"
        try:
            answer = get("/ready")
        finally:
            worker.stopped.clear()
        assert answer.status_code == 503
        assert answer.json()["stopped"] == {"publish": "invariant-broken"}


class TestProblems:
    @pytest.fixture
    def client(self, network, bureau):
        app = create_app(network.nodes["hefei"])

        @app.get("/broken")
        def broken() -> None:
            raise RuntimeError("320106196001010011 张三")

        @app.get("/typed/{number}")
        def typed(number: int) -> int:
            return number

        with TestClient(app, raise_server_exceptions=False) as client:
            yield client

    def test_a_fault_of_ours_says_nothing_of_what_was_in_it(self, client):
        answer = client.get("/broken")
        require_problem(answer, 500, LedgerError.code)
        assert "3201" not in answer.text
        assert "RuntimeError" not in answer.text

    def test_malformed_input_is_named_by_its_place_and_not_repeated(self, client):
        answer = client.get("/typed/320106196001010011X")
        problem = require_problem(answer, 422, "encoding")
        assert "path.number" in problem["detail"]
        assert "3201" not in answer.text

    @pytest.mark.parametrize("path", ["/nowhere/320106196001010011", "/log/nothing"])
    def test_an_address_nobody_serves_is_a_problem_too(self, client, path):
        answer = client.get(path)
        require_problem(answer, 404, "not-found")
        assert "3201" not in answer.text

    def test_a_method_nobody_serves_is_refused(self, client):
        answer = client.delete("/health")
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("path", ["/health", "/log/checkpoint", "/nowhere", "/broken"])
    def test_every_answer_carries_the_browsers_orders(self, client, path):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in {"same-origin", "no-referrer"}
