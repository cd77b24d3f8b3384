// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title IConflicts
/// @notice Records that one person's benefit of one class and month was paid out twice, and what
/// became of it.
/// @dev Proven from public leaves and one opening (head, handle) by anyone who holds it. A conflict
/// says that two facts exclude each other, never which of them is right.
interface IConflicts {
    /// @notice Where a conflict stands.
    enum ConflictState {
        None,
        Open,
        Reversed,
        Closed
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
    /// @param outcome what a supervisor found, by the policy table; zero until then
    /// @param reversedLeaf 0 or 1: which of the two leaves was reversed; counts only in state
    /// Reversed or after it
    struct Conflict {
        ConflictState state;
        LogId firstLog;
        LogId secondLog;
        uint8 outcome;
        uint8 reversedLeaf;
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
    struct Answer {
        LogId log;
        uint64 answeredAt;
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
    event ConflictAnswered(uint64 indexed conflictId, LogId indexed log, bytes32 documentDigest);
    /// @notice One of the two facts was reversed.
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
    /// @notice Only a publisher of one of the two logs may answer.
    error ConflictsNotParty(uint64 conflictId, address caller);
    /// @notice Only a supervisor may do this.
    error ConflictsNotSupervisor(address caller);
    /// @notice A conflict has two leaves, 0 and 1.
    error ConflictsLeafChoice(uint8 which);
    /// @notice The reversal must stand in the same log as the leaf, after it.
    error ConflictsReversalMisplaced(
        LogId log,
        uint64 index,
        LogId reversalLog,
        uint64 reversalIndex
    );
    /// @notice A finding must name an outcome and its document.
    error ConflictsFindingMissing(uint64 conflictId);
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

    /// @notice Puts a reason on record; by a publisher of either log, as often as it takes until
    /// the conflict is closed.
    /// @param documentDigest SHA-256 of the answer
    function answer(uint64 conflictId, bytes32 documentDigest) external;

    /// @notice Shows that one of the two facts was reversed. Open to anyone.
    /// @dev Says nothing about money that had left before; a supervisor closes that.
    /// @param which 0 for the first leaf, 1 for the second
    function closeByReversal(uint64 conflictId, uint8 which, LeafProof calldata reversal) external;

    /// @notice Closes a conflict with a finding; by a supervisor.
    /// @param outcome what was found, by the policy table, not zero
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
}
