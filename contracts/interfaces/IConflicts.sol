// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title IConflicts
/// @notice Records that one person's benefit of one class and month was paid out twice, and what
/// became of it.
/// @dev Proven from public leaves and one opening (head, handle) by anyone who holds it. A conflict
/// says that two facts exclude each other, never which of them is right.
///
///     None -> Open -> Reversed (one fact was taken back before its money left)
///              |          |
///              +----------+--> Closed (by a supervisor, with a finding)
///
/// The successor of a closed log answers and reverses for it; leaves keep the log they were recorded
/// in.
interface IConflicts {
    /// @notice Where a conflict stands.
    enum ConflictState {
        None,
        Open,
        Reversed,
        Closed
    }

    /// @notice What a supervisor found: the money came back, is owed (an order to repay or to set off
    /// stands), or never left twice.
    enum Outcome {
        None,
        Repaid,
        Receivable,
        NotPaidTwice
    }

    /// @notice A leaf and the way to its checkpoint.
    /// @param size size of the published checkpoint
    /// @param index the leaf's position, less than `size`
    struct LeafProof {
        LogId log;
        uint64 size;
        uint64 index;
        bytes32 seal;
        bytes32[] path;
    }

    /// @notice A proven conflict. The first leaf is the one with the lower log id, then the lower
    /// index.
    /// @param outcome what a supervisor found, see Outcome; zero until then
    /// @param reversedLeaf 0 or 1: which of the two leaves was reversed; counts only in state
    /// Reversed or after it
    /// @param answered bit 0 once the first leaf's side answered, bit 1 for the second
    struct Conflict {
        ConflictState state;
        LogId firstLog;
        LogId secondLog;
        uint8 outcome;
        uint8 reversedLeaf;
        uint8 answered;
        bytes8 head;
        uint64 firstIndex;
        uint64 secondIndex;
        uint64 provenAt;
        uint64 decidedAt;
        address prover;
        bytes32 handle;
        bytes32 tag;
        bytes32 documentDigest;
    }

    /// @notice What one side said about a conflict.
    /// @param log the side: the log of one of the two leaves, also where its successor answered
    /// @param documentDigest SHA-256 of the reason; of a reversal the hash of its leaf
    /// @param reversalIndex where a reversal stands that came after the money had left; zero for a
    /// reason
    struct Answer {
        LogId log;
        uint64 answeredAt;
        uint64 reversalIndex;
        bytes32 documentDigest;
    }

    /// @notice Two leaves exclude each other.
    event ConflictProven(
        uint64 indexed conflictId,
        LogId indexed firstLog,
        LogId indexed secondLog,
        uint64 firstIndex,
        uint64 secondIndex,
        bytes8 head,
        bytes32 handle,
        bytes32 tag
    );
    /// @notice An agency of the conflict gave a reason.
    event ConflictAnswered(
        uint64 indexed conflictId,
        LogId indexed log,
        uint64 reversalIndex,
        bytes32 documentDigest
    );
    /// @notice One of the two facts was reversed before its money left.
    event ConflictReversed(
        uint64 indexed conflictId,
        LogId indexed log,
        uint64 index,
        uint64 reversalIndex
    );
    /// @notice A supervisor closed the matter.
    event ConflictClosed(uint64 indexed conflictId, uint8 outcome, bytes32 documentDigest);

    /// @notice The head is not one of an exclusive payout line.
    error ConflictsHeadInvalid(bytes8 head);
    /// @notice A leaf cannot conflict with itself.
    error ConflictsSameLeaf(LogId log, uint64 index);
    /// @notice This pair of leaves was proven before.
    error ConflictsAlreadyProven(uint64 conflictId);
    /// @notice There is no such conflict.
    error ConflictsUnknown(uint64 conflictId);
    /// @notice The conflict is not where this step starts from.
    error ConflictsState(uint64 conflictId, ConflictState state);
    /// @notice Only a publisher of one of the two logs, or of a closed one's successor, may answer.
    error ConflictsNotParty(uint64 conflictId, address caller);
    /// @notice The caller may not close conflicts.
    error ConflictsNotCloser(address caller);
    /// @notice A conflict has two leaves, 0 and 1.
    error ConflictsLeafChoice(uint8 which);
    /// @notice The reversal must stand in the same log as the leaf, or in a successor's that
    /// inherited the leaf, after it.
    error ConflictsReversalMisplaced(
        LogId log,
        uint64 index,
        LogId reversalLog,
        uint64 reversalIndex
    );
    /// @notice The money had left before the reversal was anchored: it is an answer, and a
    /// supervisor closes.
    error ConflictsReversalLate(
        uint64 conflictId,
        bytes32 batchId,
        uint64 disbursedAt,
        uint64 anchoredAt
    );
    /// @notice A finding must name its document.
    error ConflictsFindingMissing(uint64 conflictId);
    /// @notice There is no such outcome.
    error ConflictsOutcomeInvalid(uint8 outcome);
    /// @notice Nothing stands at this place of a list.
    error ConflictsIndexOutOfRange(uint256 index, uint256 count);

    /// @notice Proves a conflict. Open to anyone; once per unordered pair of leaves.
    /// @param head eight bytes of both facts: version 1, payout, a class without the supplement bit
    /// @param handle opens the two facts without giving the subject away
    /// @return conflictId from 1, in order of proof
    function prove(
        bytes8 head,
        bytes32 handle,
        LeafProof calldata a,
        LeafProof calldata b
    ) external returns (uint64 conflictId);

    /// @notice Puts a reason on record; by a publisher of either log, or of a closed one's successor,
    /// as often as it takes until the conflict is closed.
    /// @param documentDigest SHA-256 of the answer
    function answer(uint64 conflictId, bytes32 documentDigest) external;

    /// @notice Puts on record that one of the two facts was reversed, however late. Open to anyone,
    /// for only that side can have anchored it; closes nothing.
    /// @param which 0 for the first leaf, 1 for the second
    function answerByReversal(
        uint64 conflictId,
        uint8 which,
        LeafProof calldata reversal
    ) external;

    /// @notice Shows that one of the two facts was reversed, and that this was anchored before the
    /// batch of its payment was let out. Open to anyone.
    /// @dev Before that block, or in one of the same time. A batch that had been paid before it was
    /// put on the books never qualifies; a leaf that no batch registered always does.
    /// @param which 0 for the first leaf, 1 for the second
    function closeByReversal(uint64 conflictId, uint8 which, LeafProof calldata reversal) external;

    /// @notice Closes a conflict with a finding, once the money is back or receivable; by a
    /// supervisor who may close.
    /// @param outcome what was found, see Outcome, not None
    /// @param documentDigest SHA-256 of the finding
    function close(uint64 conflictId, uint8 outcome, bytes32 documentDigest) external;

    /// @notice A conflict; refuses an unknown one.
    function conflict(uint64 conflictId) external view returns (Conflict memory);

    /// @notice The conflict of two leaves in either order; zero for none.
    function conflictIdOf(
        LogId oneLog,
        uint64 oneIndex,
        LogId otherLog,
        uint64 otherIndex
    ) external view returns (uint64);

    /// @notice How many conflicts were proven; their ids run from 1 to this.
    function count() external view returns (uint64);

    /// @notice How many answers a conflict has.
    function answerCount(uint64 conflictId) external view returns (uint256);

    /// @notice An answer in the order they came, from zero.
    function answerByIndex(uint64 conflictId, uint256 index) external view returns (Answer memory);

    /// @notice By when both sides have to answer: the end of the tenth working day after the proof.
    /// @return dueAt the first second after it, seconds since 1970
    /// @return known false while the working days of a year it reaches are not published
    function answerDueAt(uint64 conflictId) external view returns (uint64 dueAt, bool known);

    /// @notice Whether a side has not answered in time and the conflict is still open; false while
    /// that cannot be told.
    function isAnswerOverdue(uint64 conflictId) external view returns (bool);
}
