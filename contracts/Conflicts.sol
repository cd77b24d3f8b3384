// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {IConflicts} from "./interfaces/IConflicts.sol";
import {IFunds} from "./interfaces/IFunds.sol";
import {IWorkCalendar} from "./interfaces/IWorkCalendar.sol";
import {EventCount} from "./libraries/EventCount.sol";
import {Leaf} from "./libraries/Leaf.sol";
import {LogId} from "./types/LogId.sol";

/// @title Conflicts
/// @notice Checks the proof that two payouts exclude each other and keeps what became of them.
contract Conflicts is IConflicts, EventCount, Multicall {
    /// @notice How many working days both sides have to answer: our own choice, no statute sets it.
    uint16 public constant ANSWER_WORKING_DAYS = 10;

    uint8 private constant BOTH_SIDES = 3;

    IBureaus private immutable _bureaus;
    ICheckpoints private immutable _checkpoints;
    IFunds private immutable _funds;
    IWorkCalendar private immutable _calendar;
    uint64 private _count;
    mapping(uint64 conflictId => Conflict) private _conflicts;
    mapping(uint64 conflictId => Answer[]) private _answers;
    /// @dev By the digest of the ordered pair of leaves.
    mapping(bytes32 pair => uint64 conflictId) private _conflictOfPair;

    constructor(
        IBureaus bureaus,
        ICheckpoints checkpoints,
        IFunds funds,
        IWorkCalendar calendar
    ) {
        _bureaus = bureaus;
        _checkpoints = checkpoints;
        _funds = funds;
        _calendar = calendar;
    }

    /// @inheritdoc IConflicts
    function prove(
        bytes8 head,
        bytes32 handle,
        LeafProof calldata a,
        LeafProof calldata b
    ) external returns (uint64 conflictId) {
        if (!Leaf.isExclusivePayout(head)) revert ConflictsHeadInvalid(head);
        // An inherited leaf is the same leaf in every log that carries it.
        LogId logOfA = _bureaus.originOf(a.log, a.index);
        LogId logOfB = _bureaus.originOf(b.log, b.index);
        if (logOfA == logOfB && a.index == b.index) revert ConflictsSameLeaf(logOfA, a.index);
        conflictId = _isOrdered(logOfA, a.index, logOfB, b.index)
            ? _prove(head, handle, logOfA, a, logOfB, b)
            : _prove(head, handle, logOfB, b, logOfA, a);
    }

    /// @inheritdoc IConflicts
    function answer(uint64 conflictId, bytes32 documentDigest) external {
        Conflict storage proven = _requireNotClosed(conflictId);
        LogId log = proven.firstLog;
        if (!_bureaus.isPublisher(_bureaus.actingFor(log), msg.sender)) {
            log = proven.secondLog;
            if (!_bureaus.isPublisher(_bureaus.actingFor(log), msg.sender))
                revert ConflictsNotParty(conflictId, msg.sender);
        }
        _answer(conflictId, log, 0, documentDigest);
    }

    /// @inheritdoc IConflicts
    function answerByReversal(
        uint64 conflictId,
        uint8 which,
        LeafProof calldata reversal
    ) external {
        _requireNotClosed(conflictId);
        (LogId log, , bytes32 tag) = _requireReversal(conflictId, which, reversal);
        _answer(conflictId, log, reversal.index, Leaf.hash(tag, reversal.seal));
    }

    /// @inheritdoc IConflicts
    function closeByReversal(uint64 conflictId, uint8 which, LeafProof calldata reversal) external {
        Conflict storage proven = _requireKnown(conflictId);
        if (proven.state != ConflictState.Open) revert ConflictsState(conflictId, proven.state);
        (LogId log, uint64 index, ) = _requireReversal(conflictId, which, reversal);
        _requireInTime(conflictId, log, index, reversal);
        proven.state = ConflictState.Reversed;
        proven.reversedLeaf = which;
        proven.decidedAt = uint64(block.timestamp);
        _countEvent();
        emit ConflictReversed(conflictId, log, index, reversal.index);
    }

    /// @inheritdoc IConflicts
    function close(uint64 conflictId, uint8 outcome, bytes32 documentDigest) external {
        if (!_bureaus.mayClose(msg.sender)) revert ConflictsNotCloser(msg.sender);
        Conflict storage proven = _requireNotClosed(conflictId);
        if (outcome == uint8(Outcome.None) || outcome > uint8(Outcome.NotPaidTwice))
            revert ConflictsOutcomeInvalid(outcome);
        if (documentDigest == 0) revert ConflictsFindingMissing(conflictId);
        proven.state = ConflictState.Closed;
        proven.outcome = outcome;
        proven.decidedAt = uint64(block.timestamp);
        proven.documentDigest = documentDigest;
        _countEvent();
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

    /// @inheritdoc IConflicts
    function isAnswerOverdue(uint64 conflictId) external view returns (bool) {
        Conflict storage proven = _requireKnown(conflictId);
        return
            proven.state == ConflictState.Open &&
            proven.answered != BOTH_SIDES &&
            _calendar.isOverdue(proven.provenAt, ANSWER_WORKING_DAYS);
    }

    /// @inheritdoc IConflicts
    function answerDueAt(uint64 conflictId) external view returns (uint64 dueAt, bool known) {
        return _calendar.dueAt(_requireKnown(conflictId).provenAt, ANSWER_WORKING_DAYS);
    }

    /// @dev Both leaves are in their checkpoints under one tag; given in their order.
    function _prove(
        bytes8 head,
        bytes32 handle,
        LogId firstLog,
        LeafProof calldata first,
        LogId secondLog,
        LeafProof calldata second
    ) private returns (uint64 conflictId) {
        bytes32 pair = _pairOf(firstLog, first.index, secondLog, second.index);
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
        proven.firstLog = firstLog;
        proven.firstIndex = first.index;
        proven.secondLog = secondLog;
        proven.secondIndex = second.index;
        proven.provenAt = uint64(block.timestamp);
        proven.prover = msg.sender;
        proven.head = head;
        proven.handle = handle;
        proven.tag = tag;
        _countEvent();
        emit ConflictProven(
            conflictId,
            firstLog,
            secondLog,
            first.index,
            second.index,
            head,
            handle,
            tag
        );
    }

    function _answer(
        uint64 conflictId,
        LogId log,
        uint64 reversalIndex,
        bytes32 documentDigest
    ) private {
        Conflict storage proven = _conflicts[conflictId];
        if (log == proven.firstLog) proven.answered |= 1;
        if (log == proven.secondLog) proven.answered |= 2;
        _answers[conflictId].push(
            Answer({
                log: log,
                answeredAt: uint64(block.timestamp),
                reversalIndex: reversalIndex,
                documentDigest: documentDigest
            })
        );
        _countEvent();
        emit ConflictAnswered(conflictId, log, reversalIndex, documentDigest);
    }

    /// @dev The leaf that is reversed, and the tag of its reversal, which is in a checkpoint.
    function _requireReversal(
        uint64 conflictId,
        uint8 which,
        LeafProof calldata reversal
    ) private view returns (LogId log, uint64 index, bytes32 tag) {
        Conflict storage proven = _conflicts[conflictId];
        if (which > 1) revert ConflictsLeafChoice(which);
        log = which == 0 ? proven.firstLog : proven.secondLog;
        index = which == 0 ? proven.firstIndex : proven.secondIndex;
        if (
            reversal.index <= index ||
            (reversal.log != log && _bureaus.originOf(reversal.log, index) != log)
        ) {
            revert ConflictsReversalMisplaced(log, index, reversal.log, reversal.index);
        }
        tag = Leaf.reversalTag(log, index);
        _checkpoints.requireIncluded(
            reversal.log,
            reversal.size,
            reversal.index,
            tag,
            reversal.seal,
            reversal.path
        );
    }

    /// @dev The reversal was anchored before the batch of the leaf was let out, if it was.
    function _requireInTime(
        uint64 conflictId,
        LogId log,
        uint64 index,
        LeafProof calldata reversal
    ) private view {
        bytes32 batchId = _funds.batchOf(log, index);
        IFunds.Disbursement memory batch = _funds.disbursement(batchId);
        bool isOut = batch.state == IFunds.DisbursementState.Approved ||
            batch.state == IFunds.DisbursementState.Recorded;
        if (!isOut) return;
        (, uint64 size) = _checkpoints.position(reversal.log, reversal.index);
        uint64 anchoredAt = _checkpoints.checkpoint(reversal.log, size).time;
        if (batch.state == IFunds.DisbursementState.Recorded || anchoredAt > batch.decidedAt)
            revert ConflictsReversalLate(conflictId, batchId, batch.decidedAt, anchoredAt);
    }

    function _requireNotClosed(uint64 conflictId) private view returns (Conflict storage proven) {
        proven = _requireKnown(conflictId);
        if (proven.state == ConflictState.Closed) revert ConflictsState(conflictId, proven.state);
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
