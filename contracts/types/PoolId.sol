// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title PoolId
/// @notice Names the pool a fund belongs to: the first two digits of the region code for the
/// employee pension (the province pools it), larger numbers where a city still pools by itself.
/// Zero names none.
type PoolId is uint16;

using {equals as ==, differs as !=} for PoolId global;

function equals(PoolId left, PoolId right) pure returns (bool) {
    return PoolId.unwrap(left) == PoolId.unwrap(right);
}

function differs(PoolId left, PoolId right) pure returns (bool) {
    return PoolId.unwrap(left) != PoolId.unwrap(right);
}
