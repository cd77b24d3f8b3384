// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEventCount} from "../interfaces/IEventCount.sol";

/// @title EventCount
/// @notice Counts what a contract announces, in one storage slot: 5,000 gas in a transaction's first
/// event, 200 in each further one.
abstract contract EventCount is IEventCount {
    uint64 private _announced;

    /// @inheritdoc IEventCount
    function eventCount() external view returns (uint64) {
        return _announced;
    }

    /// @dev To be called once for every event.
    function _countEvent() internal {
        ++_announced;
    }
}
