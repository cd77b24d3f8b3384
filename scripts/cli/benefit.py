"""``anxu benefit``: which bureau pays a person's benefit, and contested first claims."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.acting import WAIT_SECONDS, DocumentOption, WaitOption, digest_of_file
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.identity import read_identity
from scripts.cli.nodes import opened, reading, say_what_waits, work_until
from scripts.cli.options import CheckerOption, IdentityFileOption, MakerOption, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext
    from ledger.transfers.claims import ClaimKind, Place

_STATES = {
    "NONE": ("无人登记", "claimed by nobody"),
    "OPEN": ("可提异议", "open to contest"),
    "CONTESTED": ("有异议，待裁定", "contested, to be settled"),
    "SETTLED": ("已确定", "settled"),
}

TagOption = Annotated[
    str,
    typer.Option(
        metavar="HEX",
        help="The tag on chain, instead of an identity number (链上标签).",
    ),
]
StayOption = Annotated[
    bool,
    typer.Option("--stay", help="The tag names a stay, not a benefit (标签为参保时段)."),
]


class FindingOption(StrEnum):
    """What is found about a contested claim."""

    CONFIRM = "confirm"
    GIVE = "give"


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "benefit", "Which bureau pays a person's benefit (待遇领取地).")
    command(app, "show")(show)
    command(app, "claims")(claims)
    command(app, "claim")(claim)
    command(app, "release")(release)
    command(app, "contest")(contest)
    command(app, "settle")(settle)


def show(
    out: Output,
    *,
    node: NodeOption,
    tag: TagOption = "",
    stay: StayOption = False,
    identity_file: IdentityFileOption = None,
) -> None:
    """Show who pays a benefit by the chain, and whether that can be contested (查看登记)."""
    from ledger.transfers.claims import place_of

    with reading(node) as context:
        number = _tag(out, context, tag, identity_file)
        found = place_of(context, number, _kind(stay=stay))
    _tell(out, found)


def claims(
    out: Output,
    *,
    node: NodeOption,
    all_bureaus: Annotated[
        bool, typer.Option("--all", help="Those of every bureau (全部机构).")
    ] = False,
) -> None:
    """List first claims that are contested or still can be (首次登记与异议)."""
    from ledger.transfers.claims import unsettled_claims

    with reading(node) as context:
        own = context.settings.role == "bureau" and not all_bureaus
        found = unsettled_claims(context, context.log_id if own else None)
    out.result(
        [_document(place) for place in found],
        lambda: out.table(
            [
                ("标签", "tag"),
                ("种类", "kind"),
                ("状态", "state"),
                ("登记日志", "log"),
                ("异议日志", "contester"),
                ("异议期至", "contestable through"),
            ],
            [
                [
                    "0x" + place.tag.hex(),
                    place.kind.name,
                    out.word(_STATES[place.state.name]),
                    place.log_id,
                    place.contester,
                    place.contestable_through,
                ]
                for place in found
            ],
        ),
    )


def claim(
    out: Output,
    *,
    node: NodeOption,
    maker: MakerOption,
    checker: CheckerOption,
    from_log: Annotated[
        int | None,
        typer.Option(
            "--from",
            metavar="LOG",
            min=1,
            help="The bureau that offers it; without, this is the first claim (移交机构日志编号).",
        ),
    ] = None,
    identity_file: IdentityFileOption = None,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Take the payment of a person's benefit on (登记为待遇发放地).

    A first claim can be contested for ten working days. The identity number is asked for, or read
    from a file or standard input.
    """
    from ledger.transfers.officers import Officers
    from ledger.transfers.service import claim_benefit

    def act(context: NodeContext, number: bytes) -> bool:
        return claim_benefit(context, number, from_log, Officers(maker, checker))

    return _act(out, node, "", identity_file, act, _pays, wait)


def release(
    out: Output,
    *,
    node: NodeOption,
    maker: MakerOption,
    checker: CheckerOption,
    to_log: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="LOG",
            min=1,
            help="The bureau that shall pay from now on; this one pays until it takes over. "
            "Without, the benefit has ended (接收机构日志编号).",
        ),
    ] = None,
    identity_file: IdentityFileOption = None,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Offer a benefit to another bureau, or stop paying one that ended (移交或终止发放)."""
    from ledger.transfers.officers import Officers
    from ledger.transfers.service import release_benefit

    def act(context: NodeContext, number: bytes) -> bool:
        return release_benefit(context, number, to_log, Officers(maker, checker))

    def landed(context: NodeContext, place: Place) -> bool:
        offered = to_log is not None and place.offered_to == to_log
        return offered or place.log_id != context.log_id

    return _act(out, node, "", identity_file, act, landed, wait)


def contest(
    out: Output,
    *,
    node: NodeOption,
    document: DocumentOption,
    maker: MakerOption,
    checker: CheckerOption,
    tag: TagOption = "",
    stay: StayOption = False,
    identity_file: IdentityFileOption = None,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Say that another bureau's first claim is wrong; two supervisors decide (提出异议).

    Nobody's pension stops: who is recorded pays on until then.
    """
    from ledger.transfers.officers import Officers
    from ledger.transfers.service import contest_claim

    digest, kind = digest_of_file(document), _kind(stay=stay)

    def act(context: NodeContext, number: bytes) -> bool:
        return contest_claim(context, kind, number, digest, Officers(maker, checker))

    def landed(context: NodeContext, place: Place) -> bool:
        return place.contester == context.log_id

    return _act(out, node, tag, identity_file, act, landed, wait, stay=stay)


def settle(
    out: Output,
    *,
    node: NodeOption,
    tag: Annotated[str, typer.Option(metavar="HEX", help="The tag on chain (链上标签).")],
    finding: Annotated[
        FindingOption,
        typer.Option(help="Confirm the claim, or give it to the contester (维持或改归异议方)."),
    ],
    document: DocumentOption,
    stay: StayOption = False,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Vote on a contested claim; a second supervisor's like vote settles it (裁定异议)."""
    from ledger.transfers.claims import Finding
    from ledger.transfers.service import settle_claim

    digest, kind = digest_of_file(document), _kind(stay=stay)
    wanted = Finding.CONFIRM if finding is FindingOption.CONFIRM else Finding.GIVE_TO_CONTESTER

    def act(context: NodeContext, number: bytes) -> bool:
        return settle_claim(context, kind, number, wanted, digest)

    def landed(context: NodeContext, place: Place) -> bool:
        signer = context.keys.secp256k1("supervisor").address
        votes = {place.confirm_vote, place.give_vote}
        return place.state.name != "CONTESTED" or signer in votes

    return _act(out, node, tag, None, act, landed, wait, stay=stay, role="supervisor")


def _act(
    out: Output,
    node: Path,
    tag: str,
    identity_file: Path | None,
    act: Callable[[NodeContext, bytes], bool],
    landed: Callable[[NodeContext, Place], bool],
    wait: float,
    *,
    stay: bool = False,
    role: str = "bureau",
) -> int:
    """Do something about a place and wait until the chain shows it."""
    from ledger.transfers.claims import place_of

    kind = _kind(stay=stay)
    with opened(node, role) as opened_node:
        context = opened_node.context
        number = _tag(out, context, tag, identity_file)
        act(context, number)
        done = work_until(
            opened_node, lambda: landed(context, place_of(context, number, kind)), wait
        )
        if not done:
            say_what_waits(out, opened_node)
        found = place_of(context, number, kind)
    _tell(out, found)
    return 0 if done or wait == 0 else REFUSED


def _pays(context: NodeContext, place: Place) -> bool:
    return place.log_id == context.log_id


def _tag(out: Output, context: NodeContext, tag: str, identity_file: Path | None) -> bytes:
    """The tag that was given, or that of the person whose number is read."""
    from ledger.errors import SettingsError
    from ledger.transfers.claims import tag_of_person

    if not tag:
        return tag_of_person(context, read_identity(out, identity_file))
    try:
        number = bytes.fromhex(tag.removeprefix("0x"))
    except ValueError:
        number = b""
    if len(number) != 32:  # noqa: PLR2004  # a tag is a SHA-256
        raise SettingsError(setting="--tag", reason="it must be 64 hex digits")
    return number


def _kind(*, stay: bool) -> ClaimKind:
    from ledger.transfers.claims import ClaimKind

    return ClaimKind.STAY if stay else ClaimKind.BENEFIT


def _document(place: Place) -> dict[str, Any]:
    return {
        "tag": "0x" + place.tag.hex(),
        "kind": place.kind.name,
        "state": place.state.name,
        "log": place.log_id,
        "contester": place.contester,
        "claimed_on": place.claimed_on,
        "contestable_through": place.contestable_through,
        "offered_to": place.offered_to,
        "confirm_vote": place.confirm_vote,
        "give_vote": place.give_vote,
        "under_way": list(place.under_way),
        "refused": [{"act": act, "reason": reason} for act, reason in place.refused],
    }


def _tell(out: Output, place: Place) -> None:
    out.result(
        _document(place),
        lambda: out.facts(
            [
                (("标签", "tag"), "0x" + place.tag.hex()),
                (("状态", "state"), out.word(_STATES[place.state.name])),
                (("发放（持有）机构日志", "log that pays (or holds)"), place.log_id),
                (("登记日", "claimed on"), place.claimed_on),
                (("异议期至", "contestable through"), place.contestable_through),
                (("异议机构日志", "contested by log"), place.contester),
                (("拟移交至日志", "offered to log"), place.offered_to),
                (("待上链", "waits for the chain"), ", ".join(place.under_way)),
                (
                    ("合约未受理", "not taken by the contract"),
                    ", ".join(act for act, _ in place.refused),
                ),
            ]
        ),
    )
