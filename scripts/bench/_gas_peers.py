"""Two other ways to put digests on a chain: EAS and OpenAttestation's DocumentStore.

Both come from their npm packages, pinned in ``peers/``. EAS is compiled here from its sources for
London, with the optimizer as its authors set it; the package of DocumentStore holds no sources but
the code its authors compiled, which is taken as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import solcx
from devnet.packages import npm_packages
from devnet.scratch import ScratchChain, digest_of, encoded

from scripts.bench import Report
from scripts.compile_contracts import answering_like_native, question, with_imports

PINNED: Final = Path(__file__).parent / "peers"
EAS: Final = "@ethereum-attestation-service/eas-contracts/contracts"
STORE_FACTORY: Final = (
    "@govtechsg/document-store/src/contracts/factories/contracts/DocumentStore__factory.ts"
)
OPTIMIZER_RUNS: Final = 1_000_000
"""What the authors of EAS compile with."""
_CODE: Final = re.compile(r'const _bytecode =\s*"0x([0-9a-f]+)"')
_ZERO: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Peer:
    """A contract of others on a scratch chain, with one account that may write."""

    chain: ScratchChain
    address: str
    owner: str

    def gas_of(self, function: str, *values: Any) -> int:
        """What one call of a function, by name and types, uses; it stays in effect."""
        return self.chain.send_as(self.owner, self.address, function, values).gas


@dataclass(frozen=True, slots=True)
class Attestations:
    """EAS with a schema of one digest."""

    peer: Peer
    schema: bytes

    _DATA = "(address,uint64,bool,bytes32,bytes,uint256)"

    def attest(self, digests: list[bytes]) -> int:
        """Attest one digest, or several in one call; what it uses."""
        nobody = "0x" + "00" * 20
        values = [(nobody, 0, True, _ZERO, digest, 0) for digest in digests]
        if len(values) == 1:
            one = f"attest((bytes32,{self._DATA}))"
            return self.peer.gas_of(one, (self.schema, values[0]))
        several = f"multiAttest((bytes32,{self._DATA}[])[])"
        return self.peer.gas_of(several, [(self.schema, values)])

    def timestamp(self, digests: list[bytes]) -> int:
        """Put a time to one digest, or to several in one call; what it uses."""
        if len(digests) == 1:
            return self.peer.gas_of("timestamp(bytes32)", digests[0])
        return self.peer.gas_of("multiTimestamp(bytes32[])", digests)


@dataclass(frozen=True, slots=True)
class DocumentStore:
    """OpenAttestation's store of digests of documents."""

    peer: Peer

    def issue(self, digests: list[bytes]) -> int:
        """Issue one digest, or several in one call; what it uses."""
        if len(digests) == 1:
            return self.peer.gas_of("issue(bytes32)", digests[0])
        return self.peer.gas_of("bulkIssue(bytes32[])", digests)


def attestations(report: Report) -> Attestations:
    """Compile EAS, deploy it on a chain of its own and register a schema."""
    modules = npm_packages(PINNED, "EAS and DocumentStore", report)
    report("gas: compiling EAS")
    code = _compiled(modules)
    chain = ScratchChain()
    owner = chain.accounts[0]
    registry = _created(chain, owner, code["SchemaRegistry"])
    eas = _created(chain, owner, code["EAS"] + encoded("(address)", [registry]))
    text, nobody = "bytes32 digest", "0x" + "00" * 20
    chain.send_as(owner, registry, "register(string,address,bool)", [text, nobody, True])
    packed = text.encode() + bytes(20) + b"\x01"
    return Attestations(Peer(chain, eas, owner), digest_of(packed))


def document_store(report: Report) -> DocumentStore:
    """Deploy the code that the authors of DocumentStore compiled, on a chain of its own."""
    modules = npm_packages(PINNED, "EAS and DocumentStore", report)
    found = _CODE.search((modules / STORE_FACTORY).read_text("utf-8"))
    assert found is not None, "the pinned package holds the code"
    chain = ScratchChain()
    owner = chain.accounts[0]
    arguments = encoded("(string,address)", ["measured", owner])
    address = _created(chain, owner, bytes.fromhex(found[1]) + arguments)
    return DocumentStore(Peer(chain, address, owner))


def _created(chain: ScratchChain, owner: str, code: bytes) -> str:
    address = chain.send(owner, None, code).contract
    assert address is not None, "a creation that landed has an address"
    return address


def _compiled(modules: Path) -> dict[str, bytes]:
    """The code that creates EAS and its registry, by contract."""
    wanted = {name: f"{EAS}/{name}.sol" for name in ("EAS", "SchemaRegistry")}
    texts = {source: (modules / source).read_text("utf-8") for source in wanted.values()}
    settings = {
        "optimizer": {"enabled": True, "runs": OPTIMIZER_RUNS},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    }
    answer = solcx.compile_standard(
        question(with_imports(texts, modules), settings), solc_binary=answering_like_native(modules)
    )
    return {
        name: bytes.fromhex(answer["contracts"][source][name]["evm"]["bytecode"]["object"])
        for name, source in wanted.items()
    }
