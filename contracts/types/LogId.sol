// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title LogId
/// @notice Names one agency's log; given in order of enrolment from 1, zero names none.
/// @dev A type of its own, so that a log cannot be handed over where a pool, a region or an index
/// is meant.
type LogId is uint32;

using {equals as ==, differs as !=} for LogId global;

function equals(LogId left, LogId right) pure returns (bool) {
    return LogId.unwrap(left) == LogId.unwrap(right);
}

function differs(LogId left, LogId right) pure returns (bool) {
    return LogId.unwrap(left) != LogId.unwrap(right);
}
