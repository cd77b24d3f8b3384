// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {IStatuses} from "./interfaces/IStatuses.sol";
import {EventCount} from "./libraries/EventCount.sol";
import {LogId} from "./types/LogId.sol";

/// @title Statuses
/// @notice One bit for each credential of a bureau: revoked or not.
/// @dev A closed bureau's bits are kept by its successor's publisher.
contract Statuses is IStatuses, EventCount, Multicall {
    uint64 private constant BITS_A_WORD = 256;

    IBureaus private immutable _bureaus;
    mapping(LogId log => mapping(uint64 word => uint256 bits)) private _words;

    constructor(IBureaus bureaus) {
        _bureaus = bureaus;
    }

    /// @inheritdoc IStatuses
    function revoke(LogId log, uint64[] calldata indices, bytes32 reasonDigest) external {
        _requireActing(log);
        _set(log, indices, true);
        _countEvent();
        emit CredentialsRevoked(log, indices, reasonDigest);
    }

    /// @inheritdoc IStatuses
    function restore(LogId log, uint64[] calldata indices, bytes32 reasonDigest) external {
        LogId acting = _requireActing(log);
        if (_bureaus.isSuspended(acting)) revert StatusesLogSuspended(acting);
        _set(log, indices, false);
        _countEvent();
        emit CredentialsRestored(log, indices, reasonDigest);
    }

    /// @inheritdoc IStatuses
    function isRevoked(LogId log, uint64 index) external view returns (bool) {
        return (_words[log][index / BITS_A_WORD] >> (index % BITS_A_WORD)) & 1 == 1;
    }

    /// @inheritdoc IStatuses
    function word(LogId log, uint64 index) external view returns (uint256) {
        return _words[log][index];
    }

    function _requireActing(LogId log) private view returns (LogId acting) {
        acting = _bureaus.actingFor(log);
        if (!_bureaus.isPublisher(acting, msg.sender)) revert StatusesNotPublisher(log, msg.sender);
    }

    function _set(LogId log, uint64[] calldata indices, bool revoked) private {
        if (indices.length == 0) revert StatusesNothingNamed(log);
        mapping(uint64 word => uint256 bits) storage words = _words[log];
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            uint256 bit = 1 << (index % BITS_A_WORD);
            uint256 bits = words[index / BITS_A_WORD];
            if ((bits & bit != 0) == revoked) revert StatusesUnchanged(log, index, revoked);
            words[index / BITS_A_WORD] = bits ^ bit;
        }
    }
}
