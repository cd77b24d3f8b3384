"""What a case keeps under the person's key: person, letter, package, overlaps, refusal."""

from __future__ import annotations

import json
from typing import Any, Final

from ledger.evidence.encoding import SALT_BYTES, Subject
from ledger.keys.sealing import RecordSealer
from ledger.recording.context import NodeContext
from ledger.transfers.model import CaseContent, CaseId, Person
from ledger.transfers.papers import (
    Reader,
    letter_json,
    package_json,
    parse_letter,
    parse_package,
    parse_refusal,
    refusal_json,
)

_CASE_LABEL: Final = b"anxu-transfer-case/1|"
_MESSAGE_LABEL: Final = b"anxu-transfer-message/1|"


class Vault:
    """Seals and opens one person's case contents.

    Build it before the unit of work: the person's key becomes durable outside the database first.
    """

    def __init__(self, context: NodeContext, subject: Subject) -> None:
        keys = context.bureau.person_keys.get_or_create_many([subject])
        self._sealer = RecordSealer(keys[subject])
        self._random = context.random

    def seal(self, case_id: CaseId, content: CaseContent) -> bytes:
        """The content as it is stored."""
        return self._seal(_CASE_LABEL, case_id, _content_json(case_id, content))

    def open(self, case_id: CaseId, sealed: bytes) -> CaseContent:
        """The content of a case. Raises SealedContentError."""
        return _parse_content(self._open(_CASE_LABEL, case_id, sealed))

    def seal_message(self, message_key: str, message: dict[str, Any]) -> bytes:
        """A message of ours as it is stored until it can be sealed to its receiver."""
        return self._seal(_MESSAGE_LABEL, message_key, message)

    def open_message(self, message_key: str, sealed: bytes) -> dict[str, Any]:
        """A stored message of ours. Raises SealedContentError."""
        return self._open(_MESSAGE_LABEL, message_key, sealed)

    def _seal(self, label: bytes, name: str, value: dict[str, Any]) -> bytes:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        salt = self._random.bytes(SALT_BYTES)
        return self._sealer.seal(content, salt, label + name.encode())

    def _open(self, label: bytes, name: str, sealed: bytes) -> dict[str, Any]:
        content, _ = self._sealer.open(sealed, label + name.encode())
        value: dict[str, Any] = json.loads(content)
        return value


def _content_json(case_id: CaseId, content: CaseContent) -> dict[str, Any]:
    letter, package, refusal = content.letter, content.package, content.refusal
    return {
        "identity_number": content.person.identity_number,
        "name": content.person.name,
        "letter": letter_json(letter) if letter is not None else None,
        "package": package_json(package) if package is not None else None,
        "overlaps": list(content.overlaps),
        "refusal": refusal_json(case_id, refusal) if refusal is not None else None,
    }


def _parse_content(value: dict[str, Any]) -> CaseContent:
    reader = Reader(value, "case")
    letter, package, refusal = value["letter"], value["package"], value["refusal"]
    return CaseContent(
        person=Person(reader.text("identity_number"), reader.text("name")),
        letter=parse_letter(letter) if letter is not None else None,
        package=parse_package(package) if package is not None else None,
        overlaps=reader.integers("overlaps"),
        refusal=parse_refusal(refusal)[1] if refusal is not None else None,
    )
