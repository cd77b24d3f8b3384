"""Since when the chain cannot be used, as every process of the node knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from ledger.store.tables.chain import chain_contact, chain_memory
from ledger.store.times import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class ChainOutage:
    """The chain cannot be used: since when, and why (an error's code and sentences)."""

    since: datetime
    code: str
    sentence_zh: str
    sentence_en: str


class ContactRepository:
    """Whether the chain can be used, and what it answered last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def outage(self) -> ChainOutage | None:
        """The outage that goes on; None while the chain can be used."""
        row = self._connection.execute(select(chain_contact)).mappings().one_or_none()
        if row is None or row["failing_since"] is None:
            return None
        return ChainOutage(
            from_micros(row["failing_since"]), row["code"], row["sentence_zh"], row["sentence_en"]
        )

    def note(self, outage: ChainOutage | None) -> None:
        """Keep that the chain cannot be used, or that it can again."""
        self._connection.execute(delete(chain_contact))
        if outage is not None:
            self._connection.execute(
                insert(chain_contact).values(
                    id=1,
                    failing_since=to_micros(outage.since),
                    code=outage.code,
                    sentence_zh=outage.sentence_zh,
                    sentence_en=outage.sentence_en,
                )
            )

    def memory(self) -> dict[str, bytes]:
        """What contracts answered last, by read."""
        rows = self._connection.execute(select(chain_memory.c.key, chain_memory.c.answer))
        return {row[0]: bytes(row[1]) for row in rows}

    def remember(self, answers: Mapping[str, bytes]) -> None:
        """Keep answers in place of earlier ones to the same reads."""
        for key, answer in sorted(answers.items()):
            self._connection.execute(delete(chain_memory).where(chain_memory.c.key == key))
            self._connection.execute(insert(chain_memory).values(key=key, answer=answer))
