"""The papers of a case as JSON and back: contact letter, figures, sheet, package, refusal.

Whatever does not follow its schema is refused by the part that is wrong; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from ledger.errors import EncodingError, LengthError, PackageShapeError
from ledger.evidence.encoding import (
    Head,
    LeafIndex,
    LogId,
    canonical_json,
    commitment_of,
)
from ledger.policy.transfer import Scope
from ledger.transfers.figures import figures_json
from ledger.transfers.model import (
    Approval,
    CaseId,
    Figures,
    Initiative,
    Letter,
    Package,
    PackageRecord,
    Person,
    Refusal,
    Sheet,
    TransferReason,
    YearFigures,
)

LETTER_SCHEMA: Final = "anxu-contact-letter/1"
PACKAGE_SCHEMA: Final = "anxu-transfer-package/1"
REFUSAL_SCHEMA: Final = "anxu-transfer-refusal/1"
FIGURES_SCHEMA: Final = "anxu-figures/1"

_DIGEST_BYTES: Final = 32
_KEY_BYTES: Final = 32

Word = TypeVar("Word", bound=StrEnum)


class Reader:
    """Reads the fields of one JSON object and refuses what is missing or of another type."""

    def __init__(self, value: Any, part: str) -> None:
        if not isinstance(value, Mapping):
            raise PackageShapeError(part=part, reason="it is not an object")
        self._value = value
        self._part = part

    def text(self, field: str) -> str:
        """A string."""
        value = self._value.get(field)
        if not isinstance(value, str):
            raise self._wrong(field, "is not text")
        return value

    def integer(self, field: str, *, least: int = 0) -> int:
        """A whole number, not below ``least``."""
        value = self._value.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(field, "is not a whole number in its range")
        return value

    def data(self, field: str, length: int | None = None) -> bytes:
        """Bytes in hex, of ``length`` if that is given."""
        return self._hex(self.text(field), field, length)

    def day(self, field: str) -> date:
        """A date as ISO 8601."""
        try:
            return date.fromisoformat(self.text(field))
        except ValueError as error:
            raise self._wrong(field, "is not a date") from error

    def word(self, field: str, kind: type[Word]) -> Word:
        """One word of a fixed list."""
        try:
            return kind(self.text(field))
        except ValueError as error:
            raise self._wrong(field, "is not a known word") from error

    def items(self, field: str) -> list[Any]:
        """A list."""
        value = self._value.get(field)
        if not isinstance(value, list):
            raise self._wrong(field, "is not a list")
        return value

    def objects(self, field: str) -> list[Reader]:
        """A list of objects."""
        return [
            Reader(item, f"{self._part} {field} {position}")
            for position, item in enumerate(self.items(field), 1)
        ]

    def integers(self, field: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        values = self.items(field)
        if any(not isinstance(value, int) or isinstance(value, bool) for value in values):
            raise self._wrong(field, "holds something else than whole numbers")
        return tuple(values)

    def digests(self, field: str) -> tuple[bytes, ...]:
        """A list of 32-byte values in hex."""
        values = self.items(field)
        if any(not isinstance(value, str) for value in values):
            raise self._wrong(field, "holds something else than hex")
        return tuple(self._hex(value, field, _DIGEST_BYTES) for value in values)

    def inner(self, field: str) -> Reader:
        """An object inside this one."""
        return Reader(self._value.get(field), f"{self._part} {field}")

    def mapping(self, field: str) -> dict[str, Any]:
        """An object inside this one, as it is."""
        value = self._value.get(field)
        if not isinstance(value, dict):
            raise self._wrong(field, "is not an object")
        return value

    def require_schema(self, schema: str) -> None:
        """Refuse another schema or version."""
        if self.text("schema") != schema:
            raise self._wrong("schema", f"is not {schema}")

    def _hex(self, text: str, field: str, length: int | None) -> bytes:
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            raise self._wrong(field, "is not hex") from error
        if length is not None and len(value) != length:
            raise self._wrong(field, f"is not {length} bytes long")
        return value

    def _wrong(self, field: str, reason: str) -> PackageShapeError:
        return PackageShapeError(part=self._part, reason=f"{field} {reason}")


# --- contact letter -------------------------------------------------------------------------------


def letter_body(letter: Letter) -> dict[str, Any]:
    """What two officers sign: the letter without its salt and signatures."""
    return {
        "schema": LETTER_SCHEMA,
        "case_id": letter.case_id,
        "from_log": letter.from_log,
        "to_log": letter.to_log,
        "class": letter.class_,
        "stay": letter.stay,
        "identity_number": letter.person.identity_number,
        "name": letter.person.name,
        "reason": letter.reason.value,
        "initiative": letter.initiative.value,
        "first_paid_period": letter.first_paid_period,
        "issued_on": letter.issued_on.isoformat(),
        "sealing_key": letter.sealing_key.hex(),
    }


def letter_digest(letter: Letter) -> bytes:
    """The digest of the letter that stands on chain and that its officers sign."""
    return commitment_of(canonical_json(letter_body(letter)), letter.salt)


def letter_json(letter: Letter) -> dict[str, Any]:
    """The whole letter as it is sent."""
    return {
        **letter_body(letter),
        "salt": letter.salt.hex(),
        "approvals": [approval_json(approval) for approval in letter.approvals],
    }


def parse_letter(value: Any) -> Letter:
    """The letter in this JSON. Raises PackageShapeError."""
    reader = Reader(value, "letter")
    reader.require_schema(LETTER_SCHEMA)
    return Letter(
        case_id=parse_case_id(reader.text("case_id")),
        from_log=LogId(reader.integer("from_log", least=1)),
        to_log=LogId(reader.integer("to_log", least=1)),
        class_=reader.integer("class"),
        stay=reader.integer("stay", least=1),
        person=Person(reader.text("identity_number"), reader.text("name")),
        reason=reader.word("reason", TransferReason),
        initiative=reader.word("initiative", Initiative),
        first_paid_period=reader.integer("first_paid_period"),
        issued_on=reader.day("issued_on"),
        sealing_key=reader.data("sealing_key", _KEY_BYTES),
        salt=reader.data("salt", _DIGEST_BYTES),
        approvals=tuple(_approval(item) for item in reader.objects("approvals")),
    )


def parse_case_id(text: str) -> CaseId:
    """A case number, 0x and 64 hex digits. Raises PackageShapeError."""
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise PackageShapeError(part="case number", reason="it is not hex") from error
    if len(data) != _DIGEST_BYTES or text != "0x" + data.hex():
        raise PackageShapeError(part="case number", reason="it is not 0x and 64 hex digits")
    return CaseId(text)


# --- sheet and package ----------------------------------------------------------------------------


def approval_json(approval: Approval) -> dict[str, str]:
    """One officer's signature as JSON."""
    return {
        "officer": approval.officer,
        "address": approval.address,
        "signature": approval.signature.hex(),
    }


def _approval(reader: Reader) -> Approval:
    return Approval(reader.text("officer"), reader.text("address"), reader.data("signature"))


def parse_figures(value: Any) -> Figures:
    """The figures in this JSON. Raises PackageShapeError."""
    reader = Reader(value, "figures")
    reader.require_schema(FIGURES_SCHEMA)
    return Figures(
        case_id=parse_case_id(reader.text("case_id")),
        class_=reader.integer("class"),
        from_log=LogId(reader.integer("from_log", least=1)),
        to_log=LogId(reader.integer("to_log", least=1)),
        stay=reader.integer("stay", least=1),
        scope=reader.word("scope", Scope),
        years=tuple(_year(row) for row in reader.objects("years")),
        interest_through=reader.integer("interest_through"),
        account_fen=reader.integer("account_fen"),
        pool_fen=reader.integer("pool_fen"),
        fund_fen=reader.integer("fund_fen"),
        interest_open_years=reader.integers("interest_open_years"),
        records=reader.integer("records"),
        records_root=reader.data("records_root", _DIGEST_BYTES),
    )


def _year(reader: Reader) -> YearFigures:
    return YearFigures(
        year=reader.integer("year"),
        months=reader.integer("months"),
        from_period=reader.integer("from_period"),
        to_period=reader.integer("to_period"),
        base_fen=reader.integer("base_fen"),
        account_fen=reader.integer("account_fen"),
        pool_fen=reader.integer("pool_fen"),
    )


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """The information sheet as JSON."""
    return {
        "issued_on": sheet.issued_on.isoformat(),
        "insured_from": sheet.insured_from,
        "insured_to": sheet.insured_to,
        "figures": figures_json(sheet.figures),
        "figures_salt": sheet.figures_salt.hex(),
        "overlaps": list(sheet.overlaps),
        "approvals": [approval_json(approval) for approval in sheet.approvals],
    }


def _sheet(reader: Reader) -> Sheet:
    return Sheet(
        issued_on=reader.day("issued_on"),
        insured_from=reader.integer("insured_from"),
        insured_to=reader.integer("insured_to"),
        figures=parse_figures(reader.mapping("figures")),
        figures_salt=reader.data("figures_salt", _DIGEST_BYTES),
        overlaps=reader.integers("overlaps"),
        approvals=tuple(_approval(item) for item in reader.objects("approvals")),
    )


def package_json(package: Package) -> dict[str, Any]:
    """The package in clear, before it is sealed."""
    return {
        "schema": PACKAGE_SCHEMA,
        "case_id": package.case_id,
        "size": package.size,
        "root": package.root.hex(),
        "sheet": sheet_json(package.sheet),
        "records": [_record_json(record) for record in package.records],
        "moved_before": list(package.moved_before),
    }


def parse_package(value: Any) -> Package:
    """The package in this JSON. Raises PackageShapeError."""
    reader = Reader(value, "package")
    reader.require_schema(PACKAGE_SCHEMA)
    return Package(
        case_id=parse_case_id(reader.text("case_id")),
        size=reader.integer("size"),
        root=reader.data("root", _DIGEST_BYTES),
        sheet=_sheet(reader.inner("sheet")),
        records=tuple(
            _record(item, position) for position, item in enumerate(reader.objects("records"), 1)
        ),
        moved_before=tuple(LeafIndex(index) for index in reader.integers("moved_before")),
    )


def _record_json(record: PackageRecord) -> dict[str, Any]:
    return {
        "leaf_index": record.leaf_index,
        "head": record.head.pack().hex(),
        "handle": record.handle.hex(),
        "salt": record.salt.hex(),
        "record": dict(record.record),
        "proof": [sibling.hex() for sibling in record.proof],
    }


def _record(reader: Reader, position: int) -> PackageRecord:
    try:
        head = Head.parse(reader.data("head"))
    except (EncodingError, LengthError) as error:
        raise PackageShapeError(
            part=f"record {position}", reason="its head is malformed"
        ) from error
    return PackageRecord(
        leaf_index=LeafIndex(reader.integer("leaf_index")),
        head=head,
        handle=reader.data("handle", _DIGEST_BYTES),
        salt=reader.data("salt", _DIGEST_BYTES),
        record=reader.mapping("record"),
        proof=reader.digests("proof"),
    )


# --- refusal --------------------------------------------------------------------------------------


def refusal_body(case_id: CaseId, refusal: Refusal) -> dict[str, Any]:
    """The refusal without its salt."""
    return {
        "schema": REFUSAL_SCHEMA,
        "case_id": case_id,
        "code": refusal.code,
        "zh": refusal.zh,
        "en": refusal.en,
    }


def refusal_digest(case_id: CaseId, refusal: Refusal) -> bytes:
    """The digest that stands on chain beside the code."""
    return commitment_of(canonical_json(refusal_body(case_id, refusal)), refusal.salt)


def refusal_json(case_id: CaseId, refusal: Refusal) -> dict[str, Any]:
    """The refusal as it is sent."""
    return {**refusal_body(case_id, refusal), "salt": refusal.salt.hex()}


def parse_refusal(value: Any) -> tuple[CaseId, Refusal]:
    """The refusal in this JSON and the case it ends. Raises PackageShapeError."""
    reader = Reader(value, "refusal")
    reader.require_schema(REFUSAL_SCHEMA)
    refusal = Refusal(
        code=reader.integer("code", least=1),
        zh=reader.text("zh"),
        en=reader.text("en"),
        salt=reader.data("salt", _DIGEST_BYTES),
    )
    return parse_case_id(reader.text("case_id")), refusal
