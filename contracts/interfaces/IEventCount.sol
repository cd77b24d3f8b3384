// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IEventCount
/// @notice Lets whoever keeps a list of a contract's events prove that none is missing.
interface IEventCount {
    /// @notice How many events the contract has announced since it was deployed.
    /// @dev Those that a library announces on its own account are not counted.
    function eventCount() external view returns (uint64);
}
