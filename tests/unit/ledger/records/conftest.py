"""A bureau's node over a temporary directory, and contribution files as bureaus write them."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric, uscc

from ledger.chain.deployment import Manifest
from ledger.chain.finality import Finality
from ledger.config import NodeSettings
from ledger.evidence.encoding import LogId
from ledger.keys.key_store import KeyStore, officer_key_name
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.recording.context import BureauTools, NodeContext
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.store.database import Database
from ledger.store.tiles import TileStore

LOG = LogId(1)
HEADINGS = {
    "identity_number": "公民身份号码",
    "name": "姓名",
    "employer_code": "统一社会信用代码",
    "employer_name": "单位名称",
    "scheme": "险种",
    "contribution_type": "缴费类型",
    "period": "费款所属期",
    "base": "缴费基数",
    "unit_amount": "单位缴费",
    "person_amount": "个人缴费",
    "paid_on": "到账日期",
    "amount": "发放金额",
    "line": "发放类型",
    "reason": "补发原因",
    "supplement_period": "补发所属期",
    "decision_reference": "核定文号",
    "payee_bank": "开户银行",
    "payee_account": "银行账号",
    "died_on": "死亡日期",
    "reported_on": "申报日期",
    "source": "信息来源",
}


class FixedClock:
    """Stands on 2026-09-15 09:00 in Beijing."""

    def now(self) -> datetime:
        return datetime(2026, 9, 15, 1, 0, tzinfo=UTC)

    def today(self) -> date:
        return date(2026, 9, 15)


class SeededRandom:
    """A stream of bytes that is the same in each run."""

    def __init__(self) -> None:
        self._count = 0

    def bytes(self, length: int) -> bytes:
        self._count += 1
        return hashlib.shake_128(f"records-{self._count}".encode()).digest(length)


@pytest.fixture
def today() -> date:
    return FixedClock().today()


@pytest.fixture
def identity():
    """Valid identity numbers by sequence; the check character is python-stdnum's."""

    def make(sequence: int, born: str = "19700101") -> str:
        body = f"110105{born}{sequence:03d}"
        number = body + ric.calc_check_digit(body + "0")
        assert ric.is_valid(number)
        return number

    return make


@pytest.fixture
def employer() -> str:
    """A credit code that python-stdnum calls valid."""
    code = "91340100MA2TXK3T"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(sign, 36) for w, sign in zip(weights, code[8:16], strict=True))
    code += "0123456789X"[-total % 11]
    assert code[-1] != "X"
    code += uscc.calc_check_digit(code)
    assert uscc.is_valid(code)
    return code


@pytest.fixture
def contribution(identity, employer):
    """One good line; fields may be overridden. 16 % and 8 % of 8,000 yuan."""

    def make(sequence: int = 1, **changes: str) -> dict[str, str]:
        line = {
            "identity_number": identity(sequence),
            "name": f"参保人{sequence}",
            "employer_code": employer,
            "employer_name": "合肥示范制造有限公司",
            "scheme": "企业职工基本养老保险",
            "contribution_type": "正常缴费",
            "period": "202607",
            "base": "8000.00",
            "unit_amount": "1280.00",
            "person_amount": "640.00",
            "paid_on": "2026-07-15",
        }
        return line | changes

    return make


@pytest.fixture
def payout(identity):
    def make(sequence: int = 1, **changes: str) -> dict[str, str]:
        line = {
            "identity_number": identity(sequence, "19600101"),
            "name": f"退休人{sequence}",
            "scheme": "企业职工基本养老保险",
            "period": "202608",
            "amount": "3215.40",
            "line": "正常发放",
            "reason": "",
            "supplement_period": "",
            "decision_reference": "合人社养核〔2020〕118号",
            "paid_on": "2026-08-15",
            "payee_bank": "示范银行",
            "payee_account": "6217000012345678",
        }
        return line | changes

    return make


@pytest.fixture
def death(identity):
    def make(sequence: int = 1, **changes: str) -> dict[str, str]:
        line = {
            "identity_number": identity(sequence, "19400101"),
            "name": f"故者{sequence}",
            "died_on": "2026-06-30",
            "reported_on": "2026-07-20",
            "source": "民政",
        }
        return line | changes

    return make


@pytest.fixture
def write_csv(tmp_path: Path):
    """Writes lines as a CSV file with Chinese headings."""

    def write(
        lines: list[dict[str, str]],
        *,
        name: str = "file.csv",
        encoding: str = "utf-8",
        headings: dict[str, str] | None = None,
    ) -> Path:
        named = HEADINGS | (headings or {})
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([named[column] for column in lines[0]])
        writer.writerows(list(line.values()) for line in lines)
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write


class EveryOfficer:
    """Stands in for the registry of a chain that is not there: whoever has a key is enrolled."""

    def is_officer(self, _log_id: int, _address: str) -> bool:
        return True


@pytest.fixture(scope="session")
def officers(tmp_path_factory) -> KeyStore:
    """The keys of the officers ``one``, ``two`` and ``three``."""
    store = KeyStore.create(
        tmp_path_factory.mktemp("officers") / "keys", "a passphrase", scrypt_log2_n=14
    )
    for name in ("one", "two", "three"):
        store.generate_secp256k1(officer_key_name(name))
    return store


@pytest.fixture
def make_node(tmp_path: Path, officers: KeyStore):
    """Opens a bureau's node without a chain; everything else is real."""
    opened: list[Any] = []

    def make(name: str = "node", minimum_lines: int = 3, url: str | None = None) -> NodeContext:
        directory = tmp_path / name
        (directory / "keys").mkdir(parents=True)
        url = url or f"sqlite:///{directory / 'data.sqlite'}"
        database = Database(url)
        database.migrate()
        random = SeededRandom()
        person_keys = PersonKeys.open(directory / "keys" / "persons.sqlite", bytes(32), random)
        pseudonyms = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
        opened.extend([database, person_keys])
        return NodeContext(
            directory=directory,
            settings=NodeSettings(
                role="bureau",
                name_zh="合肥",
                name_en="Hefei",
                region="340100",
                pool=34,
                log_id=LOG,
                database_url=url,
                host="127.0.0.1",
                port=0,
                rpc_urls=(),
            ),
            manifest=Manifest(
                network="embedded",
                chain_id=31415,
                rpc_urls=(),
                contracts={},
                finality=Finality(),
                offset_seconds=0,
                as_of="2026-09-15",
                minimum_lines=minimum_lines,
                governance={},
            ),
            clock=FixedClock(),
            random=random,
            database=database,
            keys=officers,
            chain=EveryOfficer(),  # type: ignore[arg-type]
            tools=BureauTools(
                person_keys,
                pseudonyms,
                EntryWriter(LOG, person_keys, pseudonyms, random),
                RecordReader(LOG, person_keys),
                tiles=TileStore(directory / "log"),
            ),
        )

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def node(make_node) -> NodeContext:
    return make_node()
