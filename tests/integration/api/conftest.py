"""Two bureaus and a supervisor with imported files, and visitors who sign in over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth.sessions import Persona, write_personas
from api.web.parts import Role
from ledger.benefits.rules import parse_category
from ledger.benefits.service import decide_eligibility
from ledger.funds.accounts import move_funds
from ledger.funds.model import Account
from ledger.funds.payouts import import_payouts, propose_batch
from ledger.recording.releases import release_policy
from ledger.records.deaths import import_deaths
from ledger.records.service import import_contributions
from ledger.transfers.model import TransferReason
from ledger.transfers.service import Application, request_transfer
from scripts.demo_data import generate, planted
from scripts.demo_data.planted import Planted

HTML = {"accept": "text/html,application/xhtml+xml"}
PORTRAIT = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Visitor:
    """Somebody with a browser on one node."""

    node: str
    http: httpx.Client
    key: str = ""

    def token(self, path: str = "/sign-in") -> str:
        """The form token of this session, as a page shows it."""
        found = PORTRAIT.search(self.http.get(path).text)
        assert found is not None
        return found[1]

    def sign_in(self, key: str, next_path: str = "/") -> httpx.Response:
        self.key = key
        return self.post("/sign-in", persona=key, next=next_path)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.http.post(path, data={"csrf_token": self.token(), **fields})


@dataclass
class Town:
    """The network with its data, and what was planted in it."""

    network: Any
    planted: Planted
    batches: dict[str, str]
    case_id: str
    visitors: list[Visitor] = field(default_factory=list)

    def context(self, name: str) -> Any:
        return self.network.context(name)

    def visitor(self, node: str, key: str = "", language: str = "zh") -> Visitor:
        """A browser of its own, signed in when a key is given."""
        headers = HTML | {"accept-language": language}
        http = httpx.Client(
            base_url=self.context(node).settings.endpoint, headers=headers, trust_env=False,
            timeout=60,
        )  # fmt: skip
        found = Visitor(node, http)
        self.visitors.append(found)
        if key:
            assert found.sign_in(key).status_code == 303
        return found

    def identity_numbers(self) -> set[str]:
        """Everybody's, as the files have them."""
        cases = (*self.planted.must_find, *self.planted.must_not_flag, self.planted.held)
        return {
            *(item.identity_number for item in cases),
            *(item.identity_number for item in self.planted.proofs),
            *(item.identity_number for item in self.planted.transfers),
        }

    def names(self) -> set[str]:
        cases = (*self.planted.must_find, self.planted.held, *self.planted.proofs)
        return {item.name for item in (*cases, *self.planted.transfers)}


@pytest.fixture
def browse():
    """Opens a browser of its own on a node, signed in when a key is given."""
    opened = []

    def at(context: Any, key: str = "", language: str = "zh") -> Visitor:
        headers = HTML | {"accept-language": language}
        endpoint = context.settings.endpoint
        http = httpx.Client(base_url=endpoint, headers=headers, trust_env=False, timeout=60)
        visitor = Visitor(endpoint, http)
        opened.append(http)
        if key:
            assert visitor.sign_in(key).status_code == 303
        return visitor

    yield at
    for http in opened:
        http.close()


def _import(context, directory: Path, files) -> None:
    mapping = directory / files.mapping if files.mapping else None
    for relative in (*files.baseline, *files.contributions):
        import_contributions(context, directory / relative, mapping)
    total = files.contribution_total_fen
    move_funds(context, "a", Account.TREASURY, Account.FISCAL, total, "归集")
    move_funds(context, "b", Account.FISCAL, Account.EXPENDITURE, total // 2, "拨付")


def _personas(context, made: Planted) -> list[Persona]:
    def person(key: str, item: Any) -> Persona:
        subject = context.bureau.writer.subject_of(item.identity_number)
        return Persona(key, Role.PERSON, item.name, "Somebody", "看", "looks", subject)

    moving = next(item for item in made.transfers if item.case == planted.TRANSFER)
    return [
        person("eligible", made.proofs[0]),
        person("short", made.proofs[1]),
        person("moving", moving),
        person("held", made.held),
    ]


OFFICERS = [
    Persona("officer-maker", Role.OFFICER, "周敏", "Zhou Min", "经办", "makes"),
    Persona("officer-checker", Role.OFFICER, "何伟", "He Wei", "复核", "checks"),
]


@pytest.fixture(scope="module")
def town(network, tmp_path_factory):
    """Histories and payments are in, a batch waits for its check, a transfer for its release."""
    directory = tmp_path_factory.mktemp("files")
    made = generate(directory, 1, scale="small")
    slugs = {files.slug: files for files in made.bureaus}
    for name in ("nanjing", "hefei"):
        _import(network.context(name), directory, slugs[name])
    network.settle()
    for name in ("nanjing", "hefei"):
        context, files = network.context(name), slugs[name]
        mapping = directory / files.mapping if files.mapping else None
        import_deaths(context, directory / files.deaths, mapping)
        import_payouts(context, directory / files.payouts_paid, mapping)
    network.settle()
    nanjing, hefei = network.context("nanjing"), network.context("hefei")
    release_policy(nanjing, "officer-maker", "officer-checker")
    for item in made.proofs:
        category = parse_category(item.category)
        decide_eligibility(
            nanjing, item.identity_number, category, "officer-maker", "officer-checker"
        )
    moving = next(
        item
        for item in made.transfers
        if item.case == planted.TRANSFER and item.from_region == "340100"
    )
    case = request_transfer(
        nanjing, moving.identity_number, hefei.log_id,
        Application(TransferReason.NON_HUKOU_UNDER_AGE, hukou_region="320100"),
    )  # fmt: skip
    batches = {}
    for name in ("hefei", "nanjing"):
        files = slugs[name]
        mapping = directory / files.mapping if files.mapping else None
        report = propose_batch(network.context(name), directory / files.payouts_next, mapping)
        batches[name] = report.batch_id
        network.settle()
    write_personas(nanjing.directory, [*OFFICERS, *_personas(nanjing, made)])
    write_personas(hefei.directory, OFFICERS)
    supervisor = Persona("supervisor", Role.SUPERVISOR, "郑岩", "Zheng Yan", "监管", "supervises")
    write_personas(network.context("supervisor").directory, [supervisor])
    built = Town(network, made, batches, case.case_id)
    yield built
    for visitor in built.visitors:
        visitor.http.close()
