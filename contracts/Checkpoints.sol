// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {Leaf} from "./libraries/Leaf.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";
import {LogId} from "./types/LogId.sol";

/// @title Checkpoints
/// @notice Accepts a checkpoint only with a proof that the log it belongs to grew and did not
/// change.
/// @dev Suspension is not asked for here: what a log recorded must be anchored whoever is at fault.
contract Checkpoints is ICheckpoints, Multicall {
    /// @dev Where a log stands, in one slot: leaves in its newest checkpoint, and how many
    /// checkpoints it has.
    struct Newest {
        uint64 size;
        uint64 count;
    }

    /// @dev All that is known of a checkpoint but its root, in one slot.
    struct Publication {
        uint64 size;
        uint64 time;
        uint64 blockNumber;
        uint64 number;
    }

    IBureaus private immutable _bureaus;
    uint64 private _total;
    mapping(LogId log => Newest) private _newest;
    /// @dev By place in the order of publication, from zero; ascending in size.
    mapping(LogId log => mapping(uint256 place => Publication)) private _publications;
    /// @dev Never zero for a size that was published.
    mapping(LogId log => mapping(uint64 size => bytes32 root)) private _roots;
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
        if (root == 0) revert CheckpointsRootMissing(log, size);
        Newest storage newest = _newest[log];
        (uint64 before, uint64 place) = (newest.size, newest.count);
        if (size <= before) revert CheckpointsNotGrown(log, before, size);
        mapping(uint64 size => bytes32 root) storage roots = _roots[log];
        if (place == 0) _requireFirst(log, size, root, consistencyProof);
        else MerkleLog.requireConsistent(before, roots[before], size, root, consistencyProof);
        uint64 number = ++_total;
        roots[size] = root;
        Publication storage publication = _publications[log][place];
        // Field by field: the compiler then writes each slot once.
        publication.size = size;
        publication.time = uint64(block.timestamp);
        publication.blockNumber = uint64(block.number);
        publication.number = number;
        newest.size = size;
        newest.count = place + 1;
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
        bytes32 root = _roots[log][size];
        // Without a root the size was never published: nothing is known of it.
        if (root == 0) return Checkpoint({root: 0, time: 0, blockNumber: 0, number: 0});
        Publication memory found = _covering(log, size - 1, _newest[log].count);
        return
            Checkpoint({
                root: root,
                time: found.time,
                blockNumber: found.blockNumber,
                number: found.number
            });
    }

    /// @inheritdoc ICheckpoints
    function latest(
        LogId log
    ) external view returns (uint64 size, bytes32 root, uint64 time, uint64 number) {
        uint64 published = _newest[log].count;
        if (published == 0) return (0, 0, 0, 0);
        Publication memory newest = _publications[log][published - 1];
        return (newest.size, _roots[log][newest.size], newest.time, newest.number);
    }

    /// @inheritdoc ICheckpoints
    function count(LogId log) external view returns (uint256) {
        return _newest[log].count;
    }

    /// @inheritdoc ICheckpoints
    function total() external view returns (uint64) {
        return _total;
    }

    /// @inheritdoc ICheckpoints
    function sizeByIndex(LogId log, uint256 index) external view returns (uint64) {
        uint256 published = _newest[log].count;
        if (index >= published) revert CheckpointsIndexOutOfRange(index, published);
        return _publications[log][index].size;
    }

    /// @inheritdoc ICheckpoints
    function position(LogId log, uint64 index) external view returns (uint64 number, uint64 size) {
        LogId origin = _bureaus.originOf(log, index);
        Newest memory newest = _newest[origin];
        if (index >= newest.size) revert CheckpointsLeafNotCovered(origin, index, newest.size);
        Publication memory first = _covering(origin, index, newest.count);
        return (first.number, first.size);
    }

    /// @inheritdoc ICheckpoints
    function keptLeaf(LogId log, uint64 index) external view returns (KeptLeaf memory) {
        return _kept[log][index];
    }

    /// @inheritdoc ICheckpoints
    function requirePublished(LogId log, uint64 size) external view {
        _requireRoot(log, size);
    }

    /// @inheritdoc ICheckpoints
    function latestSize(LogId log) public view returns (uint64) {
        return _newest[log].size;
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
        MerkleLog.requireIncluded(
            index,
            size,
            Leaf.hash(tag, seal),
            proof,
            _requireRoot(log, size)
        );
    }

    /// @dev A log's first checkpoint: nothing comes before it, or what it inherits does.
    function _requireFirst(
        LogId log,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistencyProof
    ) private view {
        (LogId predecessor, uint64 inherited) = _bureaus.predecessorOf(log);
        bytes32 older = inherited == 0 ? bytes32(0) : _requireRoot(predecessor, inherited);
        if (size != inherited) {
            MerkleLog.requireConsistent(inherited, older, size, root, consistencyProof);
        } else if (root != older || consistencyProof.length != 0) {
            revert CheckpointsNotInherited(log, predecessor, size, root);
        }
    }

    function _requireRoot(LogId log, uint64 size) private view returns (bytes32 root) {
        root = _roots[log][size];
        if (root == 0) revert CheckpointsSizeUnknown(log, size);
    }

    /// @dev The first of a log's checkpoints whose size exceeds `index`, one of which does.
    function _covering(
        LogId log,
        uint64 index,
        uint256 published
    ) private view returns (Publication memory) {
        mapping(uint256 place => Publication) storage publications = _publications[log];
        // Halve until one is left.
        uint256 low = 0;
        uint256 high = published - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (publications[middle].size > index) high = middle;
            else low = middle + 1;
        }
        return publications[low];
    }
}
