// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title ICheckpoints
/// @notice Keeps every checkpoint of every log, for good. A log can grow, never change.
/// @dev Sees roots, never records.
interface ICheckpoints {
    /// @notice One published checkpoint.
    /// @param root root of the tree of that size
    /// @param time block time of its publication, seconds since 1970
    /// @param blockNumber block of its publication
    /// @param number its place among the checkpoints of all logs, from 1; zero means never
    /// published
    struct Checkpoint {
        bytes32 root;
        uint64 time;
        uint64 blockNumber;
        uint64 number;
    }

    /// @notice A leaf that is kept on chain by itself.
    /// @param size size of the checkpoint it was proven under
    /// @param keptAt block time at which it was kept; zero means it was not
    struct KeptLeaf {
        bytes32 tag;
        bytes32 seal;
        uint64 size;
        uint64 keptAt;
    }

    /// @notice A log has a new checkpoint.
    event CheckpointPublished(LogId indexed log, uint64 indexed size, bytes32 root, uint64 number);
    /// @notice A leaf is kept on chain by itself.
    event LeafKept(LogId indexed log, uint64 indexed index, bytes32 tag, bytes32 seal, uint64 size);

    /// @notice Only the log's own publisher may do this.
    error CheckpointsNotPublisher(LogId log, address caller);
    /// @notice The new checkpoint is not larger than the last one.
    error CheckpointsNotGrown(LogId log, uint64 latestSize, uint64 size);
    /// @notice A root of zero is no root of a tree.
    error CheckpointsRootMissing(LogId log, uint64 size);
    /// @notice The log never published a checkpoint of this size.
    error CheckpointsSizeUnknown(LogId log, uint64 size);
    /// @notice Nothing stands at this place of a log's list.
    error CheckpointsIndexOutOfRange(uint256 index, uint256 count);
    /// @notice No checkpoint of the log covers this leaf yet.
    error CheckpointsLeafNotCovered(LogId log, uint64 index, uint64 latestSize);
    /// @notice A successor's first checkpoint of the inherited size is the inherited one.
    error CheckpointsNotInherited(LogId log, LogId predecessor, uint64 size, bytes32 root);
    /// @notice The leaf is kept already.
    error CheckpointsLeafAlreadyKept(LogId log, uint64 index);

    /// @notice Publishes a log's next checkpoint.
    /// @param size leaves in the tree, more than in the last checkpoint
    /// @param root root of that tree
    /// @param consistencyProof RFC 9162 proof from the last checkpoint; empty for the first. The
    /// first of a successor is proven from the checkpoint that it inherits
    function publish(
        LogId log,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistencyProof
    ) external;

    /// @notice Keeps one leaf on chain by itself, for a record that somebody will rely on for
    /// decades. Open to anyone.
    function keepLeaf(
        LogId log,
        uint64 size,
        uint64 index,
        bytes32 tag,
        bytes32 seal,
        bytes32[] calldata proof
    ) external;

    /// @notice The checkpoint of a size; its number is zero if there was none.
    function checkpoint(LogId log, uint64 size) external view returns (Checkpoint memory);

    /// @notice A log's newest checkpoint; all zero before its first.
    function latest(
        LogId log
    ) external view returns (uint64 size, bytes32 root, uint64 time, uint64 number);

    /// @notice The size of a log's newest checkpoint; zero before its first.
    function latestSize(LogId log) external view returns (uint64);

    /// @notice How many checkpoints a log has.
    function count(LogId log) external view returns (uint256);

    /// @notice How many checkpoints all logs have; the newest has this number.
    function total() external view returns (uint64);

    /// @notice The size of a log's checkpoint in the order they came, from zero.
    function sizeByIndex(LogId log, uint256 index) external view returns (uint64);

    /// @notice The position of a leaf: the first checkpoint that covers it. An inherited leaf keeps
    /// the position that it had in the log it was first recorded in.
    /// @return number of that checkpoint over all logs, the first half of a position (the leaf's
    /// index is the other)
    /// @return size of that checkpoint
    function position(LogId log, uint64 index) external view returns (uint64 number, uint64 size);

    /// @notice Refuses unless the leaf is in the published tree of that size.
    function requireIncluded(
        LogId log,
        uint64 size,
        uint64 index,
        bytes32 tag,
        bytes32 seal,
        bytes32[] calldata proof
    ) external view;

    /// @notice Refuses unless the log published a checkpoint of this size.
    /// @dev Put before the naming of a successor, so that it inherits something there is.
    function requirePublished(LogId log, uint64 size) external view;

    /// @notice The leaf that is kept for this place; its `keptAt` is zero if there is none.
    function keptLeaf(LogId log, uint64 index) external view returns (KeptLeaf memory);
}
