"""Running a contract without a transaction: ``eth_call`` and ``eth_estimateGas``.

Written by hand and not taken from eth-tester, because there a call needs a funded sender, loses the
revert data of custom errors, and reads the clock of the last block. Between two blocks of this
chain hours may pass; a question about the newest state is therefore answered at the chain's present
second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from eth.exceptions import OutOfGas, Revert
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode as decode_abi
from eth_abi.exceptions import DecodingError
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from devnet.errors import ExecutionFailedError, ExecutionRevertedError

if TYPE_CHECKING:
    from eth.abc import BlockHeaderAPI, ComputationAPI

    from devnet.chain import LocalChain

_ERROR_STRING = bytes.fromhex("08c379a0")
_CALL_STIPEND = 2_300
_ESTIMATE_TOLERANCE = 0.015
"""geth's ``estimateGasErrorRatio``: how far an estimate may lie above the least gas that works."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What to run: ``to`` empty creates a contract, ``gas`` ``None`` takes the block's limit."""

    sender: Address
    to: Address
    value: int
    data: bytes
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class CallContext:
    """The block to run on: ``header`` names the state; ``is_newest`` lets the clock run on."""

    header: BlockHeaderAPI
    is_newest: bool


def call(chain: LocalChain, request: CallRequest, context: CallContext) -> bytes:
    """What the call returns; nothing is kept.

    Raises:
        ExecutionRevertedError: with the revert bytes.
        ExecutionFailedError: it ran out of gas, or cannot run at all.
    """
    computation = _run(chain, request, context)
    _raise_if_failed(computation)
    return bytes(computation.output)


def estimate_gas(chain: LocalChain, request: CallRequest, context: CallContext) -> int:
    """Gas that a transaction like this needs, at most 1.5 % above the least that works.

    Raises:
        ExecutionRevertedError: it would revert whatever the gas.
        ExecutionFailedError: the block's limit, or the gas given, is not enough.
    """
    most = min(request.gas or context.header.gas_limit, context.header.gas_limit)
    computation = _run(chain, replace(request, gas=most), context)
    if isinstance(computation.error if computation.is_error else None, OutOfGas):
        raise ExecutionFailedError(f"gas required exceeds allowance ({most})")
    _raise_if_failed(computation)
    used = most - computation.get_gas_remaining()
    if _works(chain, request, context, used):
        return used
    too_little = used
    roomy = (used + computation.get_gas_refund() + _CALL_STIPEND) * 64 // 63
    if roomy < most and _works(chain, request, context, roomy):
        most = roomy
    while too_little + 1 < most and (most - too_little) / most > _ESTIMATE_TOLERANCE:
        middle = (too_little + most) // 2
        if _works(chain, request, context, middle):
            most = middle
        else:
            too_little = middle
    return most


def _works(chain: LocalChain, request: CallRequest, context: CallContext, gas: int) -> bool:
    return not _run(chain, replace(request, gas=gas), context).is_error


def _run(chain: LocalChain, request: CallRequest, context: CallContext) -> ComputationAPI:
    limit = context.header.gas_limit
    gas = limit if request.gas is None else min(request.gas, limit)
    changes = {"base_fee_per_gas": 0}
    if context.is_newest:
        changes["timestamp"] = max(context.header.timestamp, chain.seconds())
    vm = chain.evm.get_vm(context.header.copy(**changes))
    unsigned = vm.create_unsigned_transaction(
        nonce=vm.state.get_nonce(request.sender),
        gas_price=0,
        gas=gas,
        to=request.to,
        value=request.value,
        data=request.data,
    )
    if unsigned.intrinsic_gas > gas:
        raise ExecutionFailedError(
            f"intrinsic gas too low: have {gas}, want {unsigned.intrinsic_gas}"
        )
    try:
        # py-evm types the stand-in loosely; it answers everything a signed transaction does
        return vm.state.apply_transaction(
            SpoofTransaction(unsigned, from_=request.sender)  # type: ignore[arg-type]
        )
    except ValidationError as error:
        raise ExecutionFailedError("insufficient funds for transfer") from error


def _raise_if_failed(computation: ComputationAPI) -> None:
    if not computation.is_error:
        return
    error = computation.error
    if isinstance(error, Revert):
        output = bytes(computation.output)
        reason = _reason_in(output)
        message = "execution reverted" if reason is None else f"execution reverted: {reason}"
        raise ExecutionRevertedError(message, data="0x" + output.hex())
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__)
    raise ExecutionFailedError(words.lower())


def _reason_in(output: bytes) -> str | None:
    if output[:4] != _ERROR_STRING:
        return None
    try:
        (reason,) = decode_abi(["string"], output[4:])
    except DecodingError:
        return None
    return str(reason)
