// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {IConflicts} from "./interfaces/IConflicts.sol";
import {Leaf} from "./libraries/Leaf.sol";
import {LogId} from "./types/LogId.sol";

/// @title Conflicts
/// @notice Checks the proof that two payouts exclude each other and keeps what became of them.
contract Conflicts is IConflicts {
    IBureaus private immutable _bureaus;
    ICheckpoints private immutable _checkpoints;
    uint64 private _count;
    mapping(uint64 conflictId => Conflict) private _conflicts;
    mapping(uint64 conflictId => Answer[]) private _answers;
    /// @dev By the digest of the ordered pair of leaves.
    mapping(bytes32 pair => uint64 conflictId) private _conflictOfPair;

    constructor(IBureaus bureaus, ICheckpoints checkpoints) {
        _bureaus = bureaus;
        _checkpoints = checkpoints;
    }

    /// @inheritdoc IConflicts
    function prove(
        bytes8 head,
        bytes32 handle,
        LeafProof calldata a,
        LeafProof calldata b
    ) external returns (uint64 conflictId) {
        if (!Leaf.isExclusivePayout(head)) revert ConflictsHeadInvalid(head);
        if (a.log == b.log && a.index == b.index) revert ConflictsSameLeaf(a.log, a.index);
        (LeafProof calldata first, LeafProof calldata second) = _isOrdered(
            a.log,
            a.index,
            b.log,
            b.index
        )
            ? (a, b)
            : (b, a);
        bytes32 pair = _pairOf(first.log, first.index, second.log, second.index);
        if (_conflictOfPair[pair] != 0) revert ConflictsAlreadyProven(_conflictOfPair[pair]);
        bytes32 tag = Leaf.exclusiveTag(head, handle);
        _checkpoints.requireIncluded(
            first.log,
            first.size,
            first.index,
            tag,
            first.seal,
            first.path
        );
        _checkpoints.requireIncluded(
            second.log,
            second.size,
            second.index,
            tag,
            second.seal,
            second.path
        );
        conflictId = ++_count;
        _conflictOfPair[pair] = conflictId;
        Conflict storage proven = _conflicts[conflictId];
        proven.state = ConflictState.Open;
        proven.firstLog = first.log;
        proven.firstIndex = first.index;
        proven.secondLog = second.log;
        proven.secondIndex = second.index;
        proven.provenAt = uint64(block.timestamp);
        proven.prover = msg.sender;
        proven.head = head;
        proven.handle = handle;
        proven.tag = tag;
        emit ConflictProven(
            conflictId,
            first.log,
            second.log,
            first.index,
            second.index,
            head,
            handle,
            tag
        );
    }

    /// @inheritdoc IConflicts
    function answer(uint64 conflictId, bytes32 documentDigest) external {
        Conflict storage proven = _requireKnown(conflictId);
        if (proven.state == ConflictState.Closed) revert ConflictsState(conflictId, proven.state);
        LogId log = proven.firstLog;
        if (!_bureaus.isPublisher(log, msg.sender)) {
            log = proven.secondLog;
            if (!_bureaus.isPublisher(log, msg.sender))
                revert ConflictsNotParty(conflictId, msg.sender);
        }
        _answers[conflictId].push(
            Answer({log: log, answeredAt: uint64(block.timestamp), documentDigest: documentDigest})
        );
        emit ConflictAnswered(conflictId, log, documentDigest);
    }

    /// @inheritdoc IConflicts
    function closeByReversal(uint64 conflictId, uint8 which, LeafProof calldata reversal) external {
        Conflict storage proven = _requireKnown(conflictId);
        if (proven.state != ConflictState.Open) revert ConflictsState(conflictId, proven.state);
        if (which > 1) revert ConflictsLeafChoice(which);
        LogId log = which == 0 ? proven.firstLog : proven.secondLog;
        uint64 index = which == 0 ? proven.firstIndex : proven.secondIndex;
        if (reversal.log != log || reversal.index <= index) {
            revert ConflictsReversalMisplaced(log, index, reversal.log, reversal.index);
        }
        bytes32 tag = Leaf.reversalTag(log, index);
        _checkpoints.requireIncluded(
            log,
            reversal.size,
            reversal.index,
            tag,
            reversal.seal,
            reversal.path
        );
        proven.state = ConflictState.Reversed;
        proven.reversedLeaf = which;
        proven.decidedAt = uint64(block.timestamp);
        emit ConflictReversed(conflictId, log, index, reversal.index);
    }

    /// @inheritdoc IConflicts
    function close(uint64 conflictId, uint8 outcome, bytes32 documentDigest) external {
        if (!_bureaus.isSupervisor(msg.sender)) revert ConflictsNotSupervisor(msg.sender);
        Conflict storage proven = _requireKnown(conflictId);
        if (proven.state == ConflictState.Closed) revert ConflictsState(conflictId, proven.state);
        if (outcome == 0 || documentDigest == 0) revert ConflictsFindingMissing(conflictId);
        proven.state = ConflictState.Closed;
        proven.outcome = outcome;
        proven.decidedAt = uint64(block.timestamp);
        proven.documentDigest = documentDigest;
        emit ConflictClosed(conflictId, outcome, documentDigest);
    }

    /// @inheritdoc IConflicts
    function conflict(uint64 conflictId) external view returns (Conflict memory) {
        return _requireKnown(conflictId);
    }

    /// @inheritdoc IConflicts
    function conflictIdOf(
        LogId oneLog,
        uint64 oneIndex,
        LogId otherLog,
        uint64 otherIndex
    ) external view returns (uint64) {
        if (_isOrdered(oneLog, oneIndex, otherLog, otherIndex)) {
            return _conflictOfPair[_pairOf(oneLog, oneIndex, otherLog, otherIndex)];
        }
        return _conflictOfPair[_pairOf(otherLog, otherIndex, oneLog, oneIndex)];
    }

    /// @inheritdoc IConflicts
    function count() external view returns (uint64) {
        return _count;
    }

    /// @inheritdoc IConflicts
    function answerCount(uint64 conflictId) external view returns (uint256) {
        return _answers[conflictId].length;
    }

    /// @inheritdoc IConflicts
    function answerByIndex(uint64 conflictId, uint256 index) external view returns (Answer memory) {
        uint256 length = _answers[conflictId].length;
        if (index >= length) revert ConflictsIndexOutOfRange(index, length);
        return _answers[conflictId][index];
    }

    function _requireKnown(uint64 conflictId) private view returns (Conflict storage proven) {
        proven = _conflicts[conflictId];
        if (proven.state == ConflictState.None) revert ConflictsUnknown(conflictId);
    }

    function _isOrdered(
        LogId oneLog,
        uint64 oneIndex,
        LogId otherLog,
        uint64 otherIndex
    ) private pure returns (bool) {
        if (oneLog == otherLog) return oneIndex < otherIndex;
        return LogId.unwrap(oneLog) < LogId.unwrap(otherLog);
    }

    function _pairOf(
        LogId firstLog,
        uint64 firstIndex,
        LogId secondLog,
        uint64 secondIndex
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(firstLog, firstIndex, secondLog, secondIndex));
    }
}
