"""Releases of policy parameters: two officers sign the tables' digest, the log keeps it.

A release is an operation in the bureau's own log, and the checkpoint over any later decision covers
it too. In force is the newest release that was not taken back. Decisions name it, and are refused
while the tables that the program carries are not the ones in force.

Source: rules j (what must be verified before it may decide); 社会保险经办条例 art. 37, 38.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.errors import ParametersNotReleasedError
from ledger.evidence.encoding import LeafIndex, LogId, canonical_json
from ledger.policy.kinds import InsuranceClass, Kind
from ledger.policy.periods import period_of
from ledger.policy.releases import carried_release, release_manifest
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.recording.officers import sign_by_two
from ledger.store.unit_of_work import Rooms

OPERATION: Final = "RELEASE_POLICY"
ACTION: Final = "a release of policy parameters"
_SOURCE: Final = "policy-release"


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it stands in the log; ``already_released`` says that nothing was added."""

    digest: str
    leaf_index: LeafIndex
    released_at: datetime
    maker: str
    checker: str
    already_released: bool = True

    def reference(self, log_id: LogId) -> dict[str, Any]:
        """How a decision names it: the digest of the tables, and the entry that released them."""
        return {"digest": self.digest, "log": int(log_id), "index": int(self.leaf_index)}


def release_policy(context: NodeContext, maker: str, checker: str) -> Release:
    """Put the tables that this program carries in force, under two officers' signatures.

    Releasing what is in force already changes nothing.

    Args:
        context: an open bureau's node.
        maker: the officer who releases, by the name of the key.
        checker: the other officer, who has compared the tables with their documents.

    Raises:
        SameOfficerError: both officers are one.
        NotPermittedError: an officer has no key here or is not enrolled, or this is no bureau.
    """
    bureau = context.bureau
    with context.read() as view:
        known = release_in_force(context, view)
    if known is not None and known.digest == carried_release():
        return known
    body: dict[str, Any] = {
        "operation": OPERATION,
        "release": carried_release(),
        "tables": release_manifest()["tables"],
        "supersedes": known.digest if known is not None else None,
        "maker": maker,
        "checker": checker,
    }
    digest = hashlib.sha256(canonical_json(body)).digest()
    signed = sign_by_two(context, digest, maker, checker, ACTION)
    today = period_of(context.clock.today())
    signatures = {"signatures": [item.to_json() for item in signed]}
    fact = Fact(Kind.OPERATION, InsuranceClass.NONE, today, 0, body | signatures)
    entries = bureau.writer.prepare([fact])
    now = context.clock.now()
    with context.write() as work:
        (index,) = work.log.append(entries, source_key=_SOURCE, recorded_at=now)
        work.commit()
    return Release(carried_release(), LeafIndex(index), now, maker, checker, already_released=False)


def release_in_force(context: NodeContext, view: Rooms) -> Release | None:
    """The newest release that was not taken back; None before the first."""
    stored = view.log.of_source(_SOURCE)
    gone = view.log.reversed_among([entry.index for entry in stored])
    live = [entry for entry in stored if entry.index not in gone]
    if not live:
        return None
    opened = context.bureau.reader.open(live[-1], view.log)
    return Release(
        digest=opened.record["release"],
        leaf_index=LeafIndex(live[-1].index),
        released_at=live[-1].recorded_at,
        maker=opened.record["maker"],
        checker=opened.record["checker"],
    )


def require_release(context: NodeContext, view: Rooms) -> Release:
    """The release in force, when it is the one of the tables that this program carries.

    Raises:
        ParametersNotReleasedError: nothing was released yet, or other tables were.
    """
    found = release_in_force(context, view)
    if found is None or found.digest != carried_release():
        raise ParametersNotReleasedError(
            carried=carried_release(), in_force=found.digest if found is not None else "-"
        )
    return found
