"""``anxu chain verify`` and ``rebuild-index``: is it our code, is our index complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.nodes import opened
from scripts.cli.options import NodeOption
from scripts.cli.output import Output, Words

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.chain.code_check import EndpointCheck
    from ledger.chain.gateway import ChainGateway
    from ledger.store.events import IndexCursor

_WORDS: dict[str, Words] = {
    "same": ("一致", "same"),
    "other": ("不一致", "other code"),
    "none": ("没有代码", "no code"),
}
RpcUrlsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rpc",
        metavar="URL",
        help="Ask this address instead of the manifest's; may be repeated (改用此接口地址).",
    ),
]


def verify_code(out: Output, manifest_file: Path, rpc: list[str] | None) -> int:
    """Compare every contract's code at every endpoint; 0 when all is the same, else 1."""
    from ledger.chain.code_check import check_code
    from ledger.chain.deployment import Manifest

    manifest = Manifest.load(manifest_file)
    checks = [check_code(manifest, url) for url in rpc or manifest.rpc_urls]
    holds = bool(checks) and all(check.holds for check in checks)
    document = {
        "holds": holds,
        "network": manifest.network,
        "chain_id": manifest.chain_id,
        "endpoints": [_endpoint_document(check) for check in checks],
    }
    out.result(document, lambda: _show_checks(out, checks, holds=holds))
    return 0 if holds else 1


def _endpoint_document(check: EndpointCheck) -> dict[str, Any]:
    return {
        "endpoint": check.endpoint,
        "holds": check.holds,
        "chain_id": check.chain_id,
        "block": check.block,
        "contracts": [
            {
                "contract": each.contract,
                "address": each.address,
                "code_hash": each.code_hash,
                "manifest": each.manifest.value,
                "artifact": each.artifact.value,
            }
            for each in check.contracts
        ],
    }


def _show_checks(out: Output, checks: list[EndpointCheck], *, holds: bool) -> None:
    for check in checks:
        out.facts(
            [
                (("链节点", "endpoint"), check.endpoint),
                (("链编号", "chain id"), check.chain_id),
                (("应为", "expected"), check.expected_chain_id),
                (("区块", "block"), check.block),
            ]
        )
        out.line()
        out.table(
            [
                ("合约", "contract"),
                ("地址", "address"),
                ("与清单", "as the manifest says"),
                ("与本软件", "as this software was built"),
            ],
            [
                [each.contract, each.address, out.word(_WORDS[each.manifest.value]),
                 out.word(_WORDS[each.artifact.value])]
                for each in check.contracts
            ],
        )  # fmt: skip
        out.line()
    out.line(
        out.word(
            ("各合约代码均一致。", "Every contract's code is what it shall be.")
            if holds
            else (
                "有不一致之处，请勿使用该部署。",
                "Something differs; do not use this deployment.",
            )
        )
    )


def rebuild_index(out: Output, *, node: NodeOption) -> int:
    """Read all events again from the first block on, and prove them complete (重建事件索引).

    The index is emptied first; reading and recording go on meanwhile, what waits for the chain
    waits. A running node goes on with the new index by itself. Exit 1 when it does not add up to
    contract storage: the difference is named.
    """
    from ledger.chain.event_index import EventIndex, trouble_of
    from ledger.errors import CorruptionError

    with opened(node) as opened_node:
        context = opened_node.context
        index = EventIndex(context.database, context.log_id, context.chain.gateway)
        try:
            count = index.rebuild()
        except CorruptionError as error:
            out.note((error.sentence("zh"), error.sentence("en")))
            out.note((error.advice("zh"), error.advice("en")))
        with context.read() as view:
            cursor, count = view.events.cursor(), view.events.count()
    document = {"events": count, "index": index_document(cursor)}
    out.result(document, lambda: show_index(out, cursor))
    return 1 if cursor is not None and trouble_of(cursor) is not None else 0


def index_document(cursor: IndexCursor | None) -> dict[str, Any] | None:
    """How far an index is, for JSON."""
    if cursor is None:
        return None
    return {
        "block": cursor.block,
        "block_hash": cursor.block_hash,
        "final_block": cursor.final_block,
        "lag_blocks": cursor.lag_blocks,
        "lag_seconds": cursor.lag_seconds,
        "checked_block": cursor.checked_block,
        "trouble": dict(cursor.trouble) if cursor.trouble is not None else None,
    }


def show_index(out: Output, cursor: IndexCursor | None) -> None:
    """How far an index is, for people."""
    from ledger.chain.event_index import trouble_of

    if cursor is None:
        out.line(out.word(("索引尚未开始。", "The index has not begun.")))
        return
    trouble = trouble_of(cursor)
    out.facts(
        [
            (("已索引至区块", "indexed up to block"), cursor.block),
            (("最终区块", "final block"), cursor.final_block),
            (("落后区块", "blocks behind"), cursor.lag_blocks),
            (("落后秒数", "seconds behind"), cursor.lag_seconds),
            (("核对至区块", "compared with storage at block"), cursor.checked_block),
            (
                ("状态", "state"),
                out.word(("正常", "complete"))
                if trouble is None
                else trouble.sentence(out.language),
            ),
        ]
    )


def check_at_start(out: Output, gateway: ChainGateway) -> None:
    """Say which endpoints cannot be used and why, before a node begins to work.

    A chain out of reach, or one that stands still for everybody, keeps no node from starting:
    reading, checking and recording need none.

    Raises:
        WrongChainError, ContractCodeError: the endpoints serve another network than the manifest's.
        BehindAtStartError: endpoints that are provably behind leave too few.
    """
    try:
        failure = gateway.require_current()
    finally:
        for each in gateway.health():
            if each.error is not None:
                zh = f"链节点 {each.endpoint}：{each.error.sentence('zh')}{each.error.advice('zh')}"
                en = f"Chain endpoint {each.endpoint}: {each.error}"
                out.note((zh, en))
            elif each.reason:
                out.note(
                    (f"链节点 {each.endpoint}：{each.reason}", f"{each.endpoint}: {each.reason}")
                )
    if failure is not None:
        out.note(
            (
                f"{failure.sentence('zh')}先在无链状态下运行：查看、核对、导入照常，恢复后自动补上。",
                (
                    f"{failure.sentence()} The node starts without a chain: reading, checking and "
                    "importing go on, the rest follows by itself."
                ),
            )
        )
