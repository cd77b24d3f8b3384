// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leaf} from "../libraries/Leaf.sol";
import {MerkleLog} from "../libraries/MerkleLog.sol";
import {LogId} from "../types/LogId.sol";

/// @title EvidenceHarness
/// @notice Opens the internal libraries to tests; never deployed anywhere else.
contract EvidenceHarness {
    function requireIncluded(
        uint64 index,
        uint64 size,
        bytes32 leafHash,
        bytes32[] calldata proof,
        bytes32 root
    ) external view {
        MerkleLog.requireIncluded(index, size, leafHash, proof, root);
    }

    function requireConsistent(
        uint64 olderSize,
        bytes32 olderRoot,
        uint64 newerSize,
        bytes32 newerRoot,
        bytes32[] calldata proof
    ) external view {
        MerkleLog.requireConsistent(olderSize, olderRoot, newerSize, newerRoot, proof);
    }

    function isExclusivePayout(bytes8 head) external pure returns (bool) {
        return Leaf.isExclusivePayout(head);
    }

    function exclusiveTag(bytes8 head, bytes32 handle) external pure returns (bytes32) {
        return Leaf.exclusiveTag(head, handle);
    }

    function reversalTag(LogId log, uint64 index) external pure returns (bytes32) {
        return Leaf.reversalTag(log, index);
    }

    function hashOf(bytes32 tag, bytes32 seal) external pure returns (bytes32) {
        return Leaf.hash(tag, seal);
    }
}
