// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {Leaf} from "./libraries/Leaf.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";
import {LogId} from "./types/LogId.sol";

/// @title Checkpoints
/// @notice Accepts a checkpoint only with a proof that the log it belongs to grew and did not
/// change.
/// @dev Suspension is not asked for here: what a log recorded must be anchored whoever is at fault.
contract Checkpoints is ICheckpoints {
    IBureaus private immutable _bureaus;
    uint64 private _total;
    /// @dev Ascending; the last one is the newest checkpoint's.
    mapping(LogId log => uint64[]) private _sizes;
    mapping(LogId log => mapping(uint64 size => Checkpoint)) private _checkpoints;
    mapping(LogId log => mapping(uint64 index => KeptLeaf)) private _kept;

    constructor(IBureaus bureaus) {
        _bureaus = bureaus;
    }

    /// @inheritdoc ICheckpoints
    function publish(
        LogId log,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistencyProof
    ) external {
        if (!_bureaus.isPublisher(log, msg.sender)) revert CheckpointsNotPublisher(log, msg.sender);
        uint64 before = latestSize(log);
        if (size <= before) revert CheckpointsNotGrown(log, before, size);
        MerkleLog.requireConsistent(
            before,
            _checkpoints[log][before].root,
            size,
            root,
            consistencyProof
        );
        uint64 number = ++_total;
        _sizes[log].push(size);
        _checkpoints[log][size] = Checkpoint({
            root: root,
            time: uint64(block.timestamp),
            blockNumber: uint64(block.number),
            number: number
        });
        emit CheckpointPublished(log, size, root, number);
    }

    /// @inheritdoc ICheckpoints
    function keepLeaf(
        LogId log,
        uint64 size,
        uint64 index,
        bytes32 tag,
        bytes32 seal,
        bytes32[] calldata proof
    ) external {
        if (_kept[log][index].keptAt != 0) revert CheckpointsLeafAlreadyKept(log, index);
        requireIncluded(log, size, index, tag, seal, proof);
        _kept[log][index] = KeptLeaf({
            tag: tag,
            seal: seal,
            size: size,
            keptAt: uint64(block.timestamp)
        });
        emit LeafKept(log, index, tag, seal, size);
    }

    /// @inheritdoc ICheckpoints
    function checkpoint(LogId log, uint64 size) external view returns (Checkpoint memory) {
        return _checkpoints[log][size];
    }

    /// @inheritdoc ICheckpoints
    function latest(
        LogId log
    ) external view returns (uint64 size, bytes32 root, uint64 time, uint64 number) {
        size = latestSize(log);
        Checkpoint storage newest = _checkpoints[log][size];
        return (size, newest.root, newest.time, newest.number);
    }

    /// @inheritdoc ICheckpoints
    function count(LogId log) external view returns (uint256) {
        return _sizes[log].length;
    }

    /// @inheritdoc ICheckpoints
    function total() external view returns (uint64) {
        return _total;
    }

    /// @inheritdoc ICheckpoints
    function sizeByIndex(LogId log, uint256 index) external view returns (uint64) {
        uint256 length = _sizes[log].length;
        if (index >= length) revert CheckpointsIndexOutOfRange(index, length);
        return _sizes[log][index];
    }

    /// @inheritdoc ICheckpoints
    function position(LogId log, uint64 index) external view returns (uint64 number, uint64 size) {
        uint64 newest = latestSize(log);
        if (index >= newest) revert CheckpointsLeafNotCovered(log, index, newest);
        // The first size above `index`: halve until one is left.
        uint64[] storage sizes = _sizes[log];
        uint256 low = 0;
        uint256 high = sizes.length - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (sizes[middle] > index) high = middle;
            else low = middle + 1;
        }
        size = sizes[low];
        number = _checkpoints[log][size].number;
    }

    /// @inheritdoc ICheckpoints
    function keptLeaf(LogId log, uint64 index) external view returns (KeptLeaf memory) {
        return _kept[log][index];
    }

    /// @inheritdoc ICheckpoints
    function latestSize(LogId log) public view returns (uint64) {
        uint256 length = _sizes[log].length;
        return length == 0 ? 0 : _sizes[log][length - 1];
    }

    /// @inheritdoc ICheckpoints
    function requireIncluded(
        LogId log,
        uint64 size,
        uint64 index,
        bytes32 tag,
        bytes32 seal,
        bytes32[] calldata proof
    ) public view {
        Checkpoint storage under = _checkpoints[log][size];
        if (under.number == 0) revert CheckpointsSizeUnknown(log, size);
        MerkleLog.requireIncluded(index, size, Leaf.hash(tag, seal), proof, under.root);
    }
}
