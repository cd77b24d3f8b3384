"""``anxu chain``: the contracts that bureaus and supervisors share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.config import LAG_BLOCKS
from ledger.errors import SettingsError
from scripts.cli.chain_checks import (
    RpcUrlsOption,
    index_document,
    rebuild_index,
    show_index,
    verify_code,
)
from scripts.cli.command import command, group
from scripts.cli.nodes import opened
from scripts.cli.options import finality_of
from scripts.cli.output import Output
from scripts.cli.supervisor_cards import (
    CardsOption,
    DelayOption,
    ThresholdOption,
    card,
    read_cards,
)

if TYPE_CHECKING:
    from ledger.chain.bindings import Bindings, BureauOnChain
    from ledger.chain.deployment import Manifest

ManifestOption = Annotated[
    Path,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="The deployment manifest (部署清单).",
    ),
]
DevnetOption = Annotated[
    Path | None,
    typer.Option(
        "--devnet",
        metavar="DIR",
        help="The directory of a running embedded chain; gives address, clock and date "
        "(内嵌链目录).",
    ),
]


SupervisorOption = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        help="The first supervisor's node directory; its keys are made if missing (监管节点目录).",
    ),
]
RpcOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rpc",
        metavar="URL",
        help="The chain's JSON-RPC address; once for each endpoint, the first one deploys, all are "
        "checked and written (链接口地址).",
    ),
]
LagBlocksOption = Annotated[
    int,
    typer.Option(
        help="How many blocks an endpoint may be behind the others (落后块数).",
        min=0,
    ),
]
StaleOption = Annotated[
    int,
    typer.Option(
        help="How old an endpoint's newest block may be, in seconds; 0 where blocks are made on "
        "demand (最新块时限).",
        min=0,
    ),
]
NameZhOption = Annotated[
    str,
    typer.Option(
        help="The supervisor's name in Chinese (监管机构名称).",
    ),
]
NameEnOption = Annotated[
    str,
    typer.Option(
        help="The supervisor's name in English (监管机构英文名称).",
    ),
]
MinimumLinesOption = Annotated[
    int,
    typer.Option(
        help="The fewest lines that the chain shows as one total (合计最少笔数).",
        min=1,
    ),
]
NetworkOption = Annotated[
    str | None,
    typer.Option(
        help="What the network is called; 'embedded' with --devnet (网络名称).",
    ),
]
ConfirmationsOption = Annotated[
    int,
    typer.Option(
        help="How many blocks must follow before one is final (确认块数).",
        min=0,
    ),
]
ValidatorsOption = Annotated[
    int,
    typer.Option(
        help="Validators of a proof-of-authority network: a block is final once more than half of "
        "them have built on it (验证节点数).",
        min=0,
    ),
]
SignersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--validator",
        metavar="ADDRESS",
        help="A validator's address; once for each, or none (验证节点地址).",
    ),
]
ReorgDepthOption = Annotated[
    int,
    typer.Option(
        help="Blocks nearer than this to the newest are never final, whatever the rule (重组深度).",
        min=0,
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "chain", "Deploy the contracts, look at the chain (合约与链).")
    command(app, "card")(card)
    command(app, "deploy")(deploy)
    command(app, "status")(status)
    command(app, "verify")(verify)
    command(app, "rebuild-index")(rebuild_index)


def deploy(
    out: Output,
    *,
    manifest: ManifestOption,
    supervisor_directory: SupervisorOption,
    rpc: RpcOption = None,
    devnet: DevnetOption = None,
    name_zh: NameZhOption = "基金监管局",
    name_en: NameEnOption = "Fund supervision bureau",
    host: Annotated[
        str,
        typer.Option(
            help="Where other nodes find the supervisor (监管节点主机).",
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The supervisor's port (监管节点端口).")] = 8400,
    minimum_lines: MinimumLinesOption = 10,
    network: NetworkOption = None,
    confirmations: ConfirmationsOption = 0,
    validators: ValidatorsOption = 0,
    signers: SignersOption = None,
    reorg_depth: ReorgDepthOption = 0,
    supervisors: CardsOption = None,
    threshold: ThresholdOption = 1,
    delay_seconds: DelayOption = 0,
    lag_blocks: LagBlocksOption = LAG_BLOCKS,
    stale_after_seconds: StaleOption = 0,
) -> None:
    """Deploy all contracts, name the supervisors, write the manifest (部署合约).

    A manifest that is there already is kept, and a deployment that broke off goes on where it
    stopped, so the command can be repeated after a crash. One supervisor and no delay are for a
    demonstration.
    """
    from ledger.birth import NewNode, deploy_network

    rpc_urls, offset_seconds, as_of = _endpoints(rpc, devnet)
    known = manifest.exists()
    supervisor = NewNode("supervisor", name_zh, name_en, "", 0, host, port)
    deployed = deploy_network(
        manifest,
        rpc_urls,
        supervisor_directory,
        supervisor,
        minimum_lines=minimum_lines,
        network=network or ("embedded" if devnet is not None else "network"),
        finality=finality_of(confirmations, validators, signers or (), reorg_depth),
        offset_seconds=offset_seconds,
        as_of=as_of,
        others=read_cards(supervisors or ()),
        threshold=threshold,
        delay_seconds=delay_seconds,
        lag_blocks=lag_blocks,
        stale_after_seconds=stale_after_seconds,
        report=lambda text: print(text, file=sys.stderr, flush=True),
    )
    if known:
        out.note(
            ("清单已存在，未重新部署。", "The manifest is there already; nothing was deployed.")
        )
    document = deployed.to_json() | {"manifest": manifest, "already_deployed": known}
    out.result(document, lambda: _show_contracts(out, deployed))


def _endpoints(rpc: list[str] | None, devnet: Path | None) -> tuple[list[str], int, str | None]:
    """The chain's addresses, the shift of its clock and the day a demonstration stands on."""
    if devnet is not None:
        from devnet.directory import running_endpoint

        endpoint = running_endpoint(devnet)
        if endpoint is None:
            raise SettingsError(setting="--devnet", reason="no chain runs there; 'anxu devnet up'")
        return rpc or [endpoint.rpc_url], endpoint.offset_seconds, endpoint.as_of
    if not rpc:
        raise SettingsError(setting="--rpc", reason="give it, or --devnet")
    return rpc, 0, None


def status(
    out: Output,
    *,
    manifest: ManifestOption,
    rpc: RpcUrlsOption = None,
    node: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Show how far this node's event index is, too (节点目录).",
        ),
    ] = None,
) -> None:
    """Check the deployed code against the manifest and show who takes part (链上状态)."""
    from ledger.chain.bindings import Bindings
    from ledger.chain.deployment import Manifest
    from ledger.chain.gateway import ChainGateway

    loaded = Manifest.load(manifest)
    gateway = ChainGateway(loaded, rpc)
    gateway.verify()
    chain = Bindings(gateway)
    latest = gateway.latest_block()
    bureaus = [_bureau_document(chain, bureau) for bureau in chain.bureaus()]
    supervisors = [
        {"account": item.account, "name": item.name, "endpoint": item.endpoint}
        for item in chain.supervisors()
    ]
    document = {
        "chain_id": loaded.chain_id,
        "network": loaded.network,
        "rpc_url": gateway.endpoint,
        "block": latest.number,
        "block_time": latest.time,
        "final_block": gateway.final_block(),
        "contracts_match": True,
        "minimum_lines": loaded.minimum_lines,
        "as_of": loaded.as_of,
        "bureaus": bureaus,
        "supervisors": supervisors,
        "endpoints": [
            {
                "endpoint": each.endpoint,
                "state": each.state.value,
                "reason": each.reason,
                "block": each.block,
            }
            for each in gateway.health()
        ],
    }
    if node is None:
        out.result(document, lambda: _show_status(out, document))
        return
    with opened(node) as opened_node, opened_node.context.read() as view:
        cursor = view.events.cursor()

    def show() -> None:
        _show_status(out, document)
        show_index(out, cursor)

    out.result(document | {"index": index_document(cursor)}, show)


def verify(out: Output, *, manifest: ManifestOption, rpc: RpcUrlsOption = None) -> int:
    """Compare every contract's code with the manifest and with this software (核对合约代码).

    Reads only. Asks every endpoint of the manifest. Exit 0 when every contract is the same
    everywhere, 1 when one differs; each is named.
    """
    return verify_code(out, manifest, rpc)


def _bureau_document(chain: Bindings, bureau: BureauOnChain) -> dict[str, Any]:
    checkpoint = chain.latest_checkpoint(bureau.log_id)
    return {
        "log_id": bureau.log_id,
        "name": bureau.name,
        "region": bureau.region,
        "pool": bureau.pool,
        "endpoint": bureau.endpoint,
        "suspended": bureau.suspended,
        "size": checkpoint.size if checkpoint is not None else 0,
        "checkpoint": checkpoint.number if checkpoint is not None else None,
    }


def _show_contracts(out: Output, manifest: Manifest) -> None:
    out.table(
        [("合约", "contract"), ("地址", "address"), ("区块", "block")],
        [[name, item.address, item.block] for name, item in manifest.contracts.items()],
        right=(2,),
    )


def _show_status(out: Output, document: dict[str, Any]) -> None:
    out.facts(
        [
            (("链编号", "chain id"), document["chain_id"]),
            (("最终块高", "final block"), document["final_block"]),
            (("合约代码", "contracts"), out.word(("与清单一致", "as the manifest says"))),
            (("演示日期", "as of"), document["as_of"]),
        ]
    )
    out.line()
    out.table(
        [
            ("日志", "log"),
            ("经办机构", "bureau"),
            ("区划", "region"),
            ("记录数", "leaves"),
            ("检查点", "checkpoint"),
            ("暂停", "suspended"),
        ],
        [
            [item[key] for key in ("log_id", "name", "region", "size", "checkpoint", "suspended")]
            for item in document["bureaus"]
        ],
        right=(0, 3, 4),
    )
    out.table(
        [("监管机构", "supervisor"), ("地址", "endpoint")],
        [[item["name"], item["endpoint"]] for item in document["supervisors"]],
    )
    out.table(
        [("链节点", "chain endpoint"), ("状态", "state"), ("区块", "block"), ("原因", "reason")],
        [
            [item[key] for key in ("endpoint", "state", "block", "reason")]
            for item in document["endpoints"]
        ],
        right=(2,),
    )
