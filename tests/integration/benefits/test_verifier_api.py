"""The verifier's JSON routes of a served node."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from api.error_table import problem_of, status_of
from api.verifier.routes import (
    MAX_REQUEST_BYTES,
    TrustExports,
    check_proof,
    prove_route,
    verifier_routes,
)
from ledger.errors import ChainUnavailableError, LedgerError, NotPermittedError
from ledger.evidence.bundle import ProofBundle, StandingStatement
from ledger.evidence.checkpoint import Note, verify_ed25519
from ledger.evidence.tlog_proof import TlogProof
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import Outcome
from ledger.following.feeds import FeedClient
from ledger.recording.proofs import prove_entry
from ledger.recording.trust import export_trust

HEFEI = 2
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def context(alliance):
    return alliance.context(HEFEI)


@pytest.fixture(scope="module")
def leaf(alliance):
    indices = alliance.pay(HEFEI, alliance.woman(), 202601, 202602)
    alliance.settle()
    return indices[0]


@pytest.fixture(scope="module")
def bundle(context, leaf):
    return prove_entry(context, leaf, standing_source=FeedClient().standing)


@pytest.fixture(scope="module")
def client(context):
    with httpx.Client(base_url=context.settings.endpoint, trust_env=False, timeout=20) as opened:
        yield opened


def post(client, **body):
    return client.post("/api/verify", json=body)


def unreachable(context):
    """The same node whose chain endpoint does not answer."""
    gone = type(context.chain.gateway)(context.manifest, NOBODY)
    chain = type(context.chain)(SimpleNamespace(gateway=gone))
    return replace(context, settings=replace(context.settings, rpc_urls=(NOBODY,)), chain=chain)


class TestVerifyRoute:
    @pytest.mark.parametrize("form", [lambda text: text, json.loads])
    def test_a_proof_is_checked_as_text_and_as_object(self, client, bundle, form):
        answer = post(client, bundle=form(bundle.to_json()))
        assert answer.status_code == 200
        verdict = answer.json()
        assert (verdict["was_recorded"], verdict["still_stands"]) == ("valid", "valid")
        assert verdict["trust_given"] is False
        names = [check["name"] for check in verdict["checks"]]
        assert names[0] == "bundle-shape"
        assert len(names) == 11
        assert all(check["title_zh"] and check["zh"] and check["en"] for check in verdict["checks"])

    def test_a_changed_amount_is_named(self, client, bundle):
        changed = json.loads(bundle.to_json())
        changed["record"]["amount_fen"] += 1
        verdict = post(client, bundle=changed).json()
        assert (verdict["was_recorded"], verdict["still_stands"]) == ("invalid", "invalid")
        wrong = {check["name"] for check in verdict["checks"] if check["outcome"] == "invalid"}
        assert wrong == {"record-matches-head", "commitment"}
        assert verdict["reasons_zh"]

    def test_the_callers_own_trust_file_counts(self, client, bundle, context):
        own = export_trust(context)
        stranger = replace(own, cosigners=(), contracts={})
        verdict = post(client, bundle=bundle.to_json(), trust=json.loads(stranger.to_json())).json()
        assert verdict["was_recorded"] == "undetermined"
        assert verdict["trust_given"] is True
        assert set(verdict["missing"]) >= {"cosignature", "anchor"}

    def test_what_is_no_proof_is_undetermined_and_says_why(self, client):
        verdict = post(client, bundle="hello").json()
        assert verdict["was_recorded"] == "undetermined"
        assert verdict["missing"] == ["bundle-shape"]

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"bundle": 1}', b'{"bundle": "", "more": 1}', b"\xff"]
    )
    def test_a_malformed_request_is_refused_without_repeating_it(self, client, body):
        answer = client.post("/api/verify", content=body)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:anxu:problem:encoding"

    def test_a_trust_file_that_cannot_be_read_is_refused(self, client, bundle):
        answer = post(client, bundle=bundle.to_json(), trust="{}")
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:anxu:problem:malformed-trust-file"

    def test_a_body_beyond_the_limit_is_refused(self, client):
        answer = client.post("/api/verify", content=b"x" * (MAX_REQUEST_BYTES + 1))
        assert answer.status_code == 422
        chunks = (b"x" * 65_536 for _ in range(MAX_REQUEST_BYTES // 65_536 + 2))
        with contextlib.suppress(httpx.WriteError):  # the server may close before all is sent
            assert client.post("/api/verify", content=chunks).status_code == 422

    def test_a_supervisors_node_checks_too(self, alliance, bundle):
        endpoint = alliance.supervisor.context.settings.endpoint
        answer = httpx.post(f"{endpoint}/api/verify", json={"bundle": bundle.to_json()})
        assert answer.json()["still_stands"] == "valid"

    def test_the_description_of_the_interface_can_be_built(self, context):
        app = FastAPI()
        app.include_router(verifier_routes(context))
        assert "/api/verify" in app.openapi()["paths"]


class TestWithoutChain:
    def test_the_last_trust_file_serves_while_the_chain_is_away(self, context, bundle):
        away = unreachable(context)
        exports = TrustExports(away)
        with pytest.raises(ChainUnavailableError):
            exports.current()
        exports._known = (0.0, export_trust(context))
        own = tuple(line for line in bundle.note.signatures if "/supervisor/" not in line.name)
        bare = replace(bundle, note=Note(bundle.note.text, own), standing=None)
        opened, verdict = check_proof(away, exports, bare.to_json(), None)
        assert opened == bare
        assert verdict.was_recorded is Outcome.UNDETERMINED
        opened, verdict = check_proof(away, exports, bundle.to_json(), None)
        assert verdict.was_recorded is Outcome.VALID

    def test_a_proof_is_made_without_a_statement(self, context, leaf):
        made = prove_entry(unreachable(context), leaf, standing_source=FeedClient().standing)
        assert made.standing is None


class TestTrustRoute:
    def test_the_file_is_the_export(self, client, context):
        answer = client.get("/api/trust")
        assert answer.status_code == 200
        assert TrustFile.from_json(answer.content) == export_trust(context)
        assert "anxu-trust.json" in answer.headers["content-disposition"]


class TestStandingRoute:
    def test_a_statement_holds_for_its_leaf(self, alliance, leaf):
        context = alliance.supervisor.context
        url = f"{context.settings.endpoint}/supervision/standing/{HEFEI}/{leaf}"
        statement = StandingStatement.from_object(httpx.get(url).json())
        digest = statement.standing(HEFEI, leaf).digest()
        key = context.keys.public_key("cosigner")
        verify_ed25519(key, statement.signature, digest, what="statement")

    @pytest.mark.parametrize(("path", "status"), [("77/0", 404), ("2/999999", 503), ("2/x", 422)])
    def test_what_it_cannot_say_is_refused(self, alliance, path, status):
        endpoint = alliance.supervisor.context.settings.endpoint
        assert httpx.get(f"{endpoint}/supervision/standing/{path}").status_code == status


class TestProveRoute:
    @pytest.fixture
    def get(self, context, leaf):
        def may_open(index: int) -> None:
            if index != leaf:
                raise NotPermittedError(action="this record", needed="its own session")

        app = FastAPI()
        app.include_router(prove_route(context, may_open, FeedClient().standing))

        @app.exception_handler(LedgerError)
        async def refused(_request, error):
            return JSONResponse(problem_of(error, "1"), status_code=status_of(error))

        async def send(path):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as asking:
                return await asking.get(path)

        return lambda path: asyncio.run(send(path))

    def test_who_may_open_it_carries_the_file_away(self, get, bundle, leaf):
        answer = get(f"/api/prove/{leaf}")
        assert answer.status_code == 200
        got = ProofBundle.from_json(answer.content)
        assert (got.leaf, got.opening) == (bundle.leaf, bundle.opening)
        assert answer.headers["cache-control"] == "no-store"

    def test_who_may_not_gets_nothing(self, get, leaf):
        assert get(f"/api/prove/{leaf + 1}").status_code == 403
        assert get(f"/api/prove/{leaf + 1}/text").status_code == 403

    def test_the_public_part_comes_as_text_too(self, get, bundle, leaf):
        answer = get(f"/api/prove/{leaf}/text")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"].endswith('.tlog-proof"')
        proof = TlogProof.parse(answer.content)
        assert (proof.leaf, proof.index) == (bundle.leaf, leaf)
        assert proof.verify_inclusion().origin == bundle.body.origin
