// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";
import {PoolId} from "../types/PoolId.sol";

/// @title IFunds
/// @notice Follows a pool's money from collection to the retiree, as totals that public leaves
/// stand behind.
/// @dev Holds no value: it keeps the books that banks and bureaus are compared with. All amounts
/// are in fen. Every write carries an identifier that is used once per log, so that the same
/// message never lands twice.
///
/// For each log, at all times:
///     treasury + fiscal + expenditure + legacy income + in transit - shortfall
///         = opened + collected + received + returned + taken over
///             - corrected - disbursed - arrived elsewhere - handed over
/// While a log is frozen (see IFundRules), none of its treasury, fiscal, expenditure and legacy income goes down.
interface IFunds {
    /// @notice The accounts of a log. Shortfall is a debt, the others are what is there.
    enum Account {
        Outside,
        Treasury,
        Fiscal,
        Expenditure,
        LegacyIncome,
        InTransit,
        Shortfall
    }

    /// @notice Where a batch of payments stands. Recorded: it was paid before it was proposed here.
    enum DisbursementState {
        None,
        Proposed,
        Approved,
        Recorded
    }

    /// @notice Where a settlement stands.
    enum SettlementState {
        None,
        Sent,
        Received
    }

    /// @notice A batch of payments. Leaves `firstLeaf` to `endLeaf`, the last one excluded, contain
    /// its lines.
    struct Disbursement {
        DisbursementState state;
        LogId log;
        uint32 period;
        uint32 lines;
        uint32 paidLines;
        uint64 firstLeaf;
        uint64 endLeaf;
        uint64 proposedAt;
        uint64 decidedAt;
        uint64 amountFen;
        uint64 paidFen;
        uint64 returnedFen;
        address maker;
        address checker;
        bytes32 linesRoot;
    }

    /// @notice Money of several transfer cases on its way from one pool to another.
    struct Settlement {
        SettlementState state;
        LogId fromLog;
        LogId toLog;
        uint32 cases;
        uint64 amountFen;
        uint64 sentAt;
        uint64 receivedAt;
    }

    /// @notice What came and went through a log so far.
    /// @param correctedFen what corrections took back of `collectedFen`
    struct Totals {
        uint128 collectedFen;
        uint128 disbursedFen;
        uint128 sentFen;
        uint128 receivedFen;
        uint128 returnedFen;
        uint128 correctedFen;
    }

    /// @notice An account was opened with what was there before (BASELINE): the chain says nothing
    /// about how it came.
    event BalanceOpened(
        LogId indexed log,
        Account indexed account,
        uint64 amountFen,
        bytes32 documentDigest
    );
    /// @notice Contributions arrived, in the account that the pool's routes name.
    event FundsCollected(
        LogId indexed log,
        bytes32 indexed referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    );
    /// @notice Less had been collected than was entered before.
    event CollectionCorrected(
        LogId indexed log,
        bytes32 indexed referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    );
    /// @notice Money moved between two accounts of one log.
    event FundsMoved(
        LogId indexed log,
        bytes32 indexed referenceId,
        Account from,
        Account to,
        uint64 amountFen,
        bytes32 documentDigest
    );
    /// @notice Payments that had already been made were put on the books.
    event PaidRecorded(
        LogId indexed log,
        bytes32 indexed batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 period
    );
    /// @notice A batch of payments waits for two officers.
    event DisbursementProposed(
        LogId indexed log,
        bytes32 indexed batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        bytes32 linesRoot,
        uint32 period
    );
    /// @notice Two officers let a batch be paid, or the part of it that was not held.
    event DisbursementApproved(
        LogId indexed log,
        bytes32 indexed batchId,
        uint32 paidLines,
        uint64 paidFen,
        address maker,
        address checker
    );
    /// @notice The bank returned part of a batch.
    event PaymentReturned(
        LogId indexed log,
        bytes32 indexed referenceId,
        bytes32 indexed batchId,
        uint64 amountFen
    );
    /// @notice More had left than was there, or than a freeze lets go; disbursing stops until it is
    /// cleared.
    event ShortfallPosted(LogId indexed log, bytes32 indexed referenceId, uint64 amountFen);
    /// @notice A shortfall was made good, in whole or in part.
    event ShortfallCleared(
        LogId indexed log,
        bytes32 indexed referenceId,
        uint64 amountFen,
        bytes32 documentDigest
    );
    /// @notice Money of several transfer cases left.
    event SettlementSent(
        bytes32 indexed settlementId,
        LogId indexed fromLog,
        LogId indexed toLog,
        uint64 amountFen,
        bytes32[] caseIds
    );
    /// @notice Money of several transfer cases arrived, as much as left.
    event SettlementReceived(
        bytes32 indexed settlementId,
        LogId indexed fromLog,
        LogId indexed toLog,
        uint64 amountFen
    );
    /// @notice A successor took over the books of a closed log.
    /// @param size leaves below this index were inherited
    /// @param collectedUpTo leaves of the successor before this one are registered by collections
    /// @param payoutRegisteredUpTo leaves of the successor before this one are registered by batches
    /// @param amountsFen what each account held, by the number of the account
    event LogTakenOver(
        LogId indexed predecessor,
        LogId indexed successor,
        uint64 size,
        uint64 collectedUpTo,
        uint64 payoutRegisteredUpTo,
        uint128[7] amountsFen
    );

    /// @notice Only the log's own publisher may do this.
    error FundsNotPublisher(LogId log, address caller);
    /// @notice Only the council may do this.
    error FundsNotGovernor(address caller);
    /// @notice The log was closed; its successor goes on.
    error FundsLogClosed(LogId log);
    /// @notice The log has to take over its predecessor's books first.
    error FundsTakeOverOutstanding(LogId log, LogId predecessor);
    /// @notice The log succeeds no other.
    error FundsNoPredecessor(LogId log);
    /// @notice The books were taken over before.
    error FundsAlreadyTakenOver(LogId predecessor, LogId successor);
    /// @notice The batch rests on leaves that the successor did not inherit.
    error FundsBatchNotInherited(bytes32 batchId, uint64 endLeaf, uint64 inheritedSize);
    /// @notice The agency is suspended and may not propose anything new.
    error FundsLogSuspended(LogId log);
    /// @notice No log has this number.
    error FundsLogUnknown(LogId log);
    /// @notice The log used this identifier before, or the identifier is zero.
    error FundsReferenceUsed(LogId log, bytes32 referenceId);
    /// @notice The account cannot be used like this.
    error FundsAccountInvalid(Account account);
    /// @notice The account was opened before.
    error FundsAlreadyOpened(LogId log, Account account);
    /// @notice An amount of nothing, or one that no fund can have.
    error FundsAmountOutOfRange(uint64 amountFen, uint64 maximumFen);
    /// @notice The account has less than that.
    error FundsInsufficient(LogId log, Account account, uint128 balanceFen, uint64 amountFen);
    /// @notice Fewer lines than may be shown as a total, or more than there are leaves.
    error FundsLinesOutOfRange(uint32 lines, uint32 minimum, uint64 maximum);
    /// @notice The range of leaves is empty.
    error FundsRangeEmpty(uint64 firstLeaf, uint64 endLeaf);
    /// @notice The range of leaves reaches past the newest checkpoint.
    error FundsRangeNotAnchored(LogId log, uint64 endLeaf, uint64 latestSize);
    /// @notice Leaves of the range are registered already.
    error FundsRangeOverlaps(LogId log, uint64 firstLeaf, uint64 registeredUpTo);
    /// @notice Not months, or in the wrong order.
    error FundsPeriodInvalid(uint32 periodFrom, uint32 periodTo);
    /// @notice The pool's money may not go this way now.
    error FundsRouteClosed(PoolId pool, Account from, Account to);
    /// @notice More is taken back than was collected.
    error FundsCorrectionExceeds(LogId log, uint128 collectedFen, uint64 amountFen);
    /// @notice The batch is not where this step starts from.
    error FundsDisbursementState(bytes32 batchId, DisbursementState state);
    /// @notice More lines or money approved than proposed, or one without the other.
    error FundsApprovalExceeds(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        uint32 lines,
        uint64 amountFen
    );
    /// @notice The signer is not an officer of the log.
    error FundsNotOfficer(LogId log, address signer);
    /// @notice Maker and checker must be two people.
    error FundsSameOfficer(bytes32 batchId, address officer);
    /// @notice More came back than was paid.
    error FundsReturnExceeds(bytes32 batchId, uint64 paidFen, uint64 returnedFen, uint64 amountFen);
    /// @notice The batch belongs to another log.
    error FundsBatchOfOtherLog(bytes32 batchId, LogId owner, LogId log);
    /// @notice The log owes this much and cannot let money out before it is cleared.
    error FundsShortfallOutstanding(LogId log, uint128 shortfallFen);
    /// @notice More is cleared than is owed.
    error FundsClearingExceeds(LogId log, uint128 shortfallFen, uint64 amountFen);
    /// @notice A supervisor stopped the log's money until then.
    error FundsLogFrozen(LogId log, uint64 until);
    /// @notice Inside one pool no money moves.
    error FundsSamePool(PoolId pool);
    /// @notice Too few or too many cases for one settlement.
    error FundsCaseCount(uint256 cases, uint256 minimum, uint256 maximum);
    /// @notice The case was not released between these two logs.
    error FundsCaseNotReleased(bytes32 caseId);
    /// @notice The case was settled before.
    error FundsCaseSettled(bytes32 caseId, bytes32 settlementId);
    /// @notice The settlement is not where this step starts from.
    error FundsSettlementState(bytes32 settlementId, SettlementState state);
    /// @notice Another amount arrived than left.
    error FundsSettlementMismatch(bytes32 settlementId, uint64 sentFen, uint64 receivedFen);

    /// @notice Enters what an account held before these books began; by the council, once per log
    /// and account.
    function openBalance(
        LogId log,
        Account account,
        uint64 amountFen,
        bytes32 documentDigest
    ) external;

    /// @notice Enters contributions collected; credits the account that the pool's routes name, by
    /// default the treasury.
    /// @param firstLeaf first leaf of the range, not before the end of the last collection
    /// @param endLeaf the leaf after the last one, at most the size of the newest checkpoint
    /// @param lines how many contributions that is, at least the minimum
    function recordCollection(
        LogId log,
        bytes32 referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    ) external;

    /// @notice Enters that less was collected than entered before; leaves that take back and restate
    /// stand behind it. Never refused for want of money.
    /// @dev What the account lacks, or a freeze does not let go, is posted to shortfall.
    /// @param lines how many leaves that is, at least the minimum
    /// @param amountFen by how much less
    function correctCollection(
        LogId log,
        bytes32 referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    ) external;

    /// @notice Moves money between two accounts of a log along a route of its pool.
    function move(
        LogId log,
        bytes32 referenceId,
        Account from,
        Account to,
        uint64 amountFen,
        bytes32 documentDigest
    ) external;

    /// @notice Enters payments that were already made; never refused for want of money.
    /// @dev What the account lacks that payments come from, by default expenditure, is posted to
    /// shortfall; all of it while the log is frozen.
    /// @param batchId identifier of the batch, to which returns refer
    function recordPaid(
        LogId log,
        bytes32 batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 period
    ) external;

    /// @notice Proposes a batch: its leaves are anchored and registered for this batch only.
    /// @param linesRoot fixes the lines of the batch; both officers sign it
    function proposeDisbursement(
        LogId log,
        bytes32 batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        bytes32 linesRoot,
        uint32 period
    ) external;

    /// @notice Lets a batch be paid on the signatures of two officers; sent by the log's publisher.
    /// @dev Signed: EIP-712 `DisbursementApproval(bytes32 batchId,uint32 lines,uint64
    /// amountFen,bytes32 linesRoot)` with what is paid now; domain "Anxu Funds", version "1".
    /// Nothing paid at all (0, 0) closes a batch held in full.
    function approveDisbursement(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        bytes calldata makerSignature,
        bytes calldata checkerSignature
    ) external;

    /// @notice Enters what the bank returned of a batch; credits the account that the pool's routes
    /// name, by default expenditure.
    function recordReturn(
        LogId log,
        bytes32 referenceId,
        bytes32 batchId,
        uint64 amountFen
    ) external;

    /// @notice Makes a shortfall good out of the account that payments come from.
    function clearShortfall(
        LogId log,
        bytes32 referenceId,
        uint64 amountFen,
        bytes32 documentDigest
    ) external;

    /// @notice Sends the money of several released cases to another pool, out of the account that the
    /// pool's routes name, by default expenditure.
    function sendSettlement(
        bytes32 settlementId,
        LogId fromLog,
        LogId toLog,
        uint64 amountFen,
        bytes32[] calldata caseIds
    ) external;

    /// @notice Enters the arrival of a settlement, exactly what left; credits the account that the
    /// receiving pool's routes name, by default fiscal.
    function receiveSettlement(bytes32 settlementId, uint64 amountFen) external;

    /// @notice Moves a closed log's books to its successor: every account and shortfall, registered
    /// ranges and identifiers, open batches. Open to anyone, once; the council chose the successor.
    function takeOver(LogId successor) external;

    /// @notice What an account of a log holds; for shortfall, what the log owes.
    function balance(LogId log, Account account) external view returns (uint128);

    /// @notice The same over all logs of a pool.
    function poolBalance(PoolId pool, Account account) external view returns (uint128);

    /// @notice What came and went through a log so far.
    function totals(
        LogId log
    )
        external
        view
        returns (
            uint128 collectedFen,
            uint128 disbursedFen,
            uint128 sentFen,
            uint128 receivedFen,
            uint128 returnedFen,
            uint128 correctedFen
        );

    /// @notice Leaves before this one are registered by collections of the log.
    function collectedUpTo(LogId log) external view returns (uint64);

    /// @notice Leaves before this one are registered by batches of the log.
    function payoutRegisteredUpTo(LogId log) external view returns (uint64);

    /// @notice A batch; its state is None if there is none.
    function disbursement(bytes32 batchId) external view returns (Disbursement memory);

    /// @notice A settlement; its state is None if there is none.
    function settlement(bytes32 settlementId) external view returns (Settlement memory);

    /// @notice The settlement that carried a case's money; zero for none.
    function settlementOf(bytes32 caseId) external view returns (bytes32);

    /// @notice Whether the log, or one whose books it took over, used this identifier.
    function referenceUsed(LogId log, bytes32 referenceId) external view returns (bool);

    /// @notice The batch that registered a leaf of a log, by the log itself or, for an inherited
    /// leaf, by a successor; zero for none.
    function batchOf(LogId log, uint64 leafIndex) external view returns (bytes32);

    /// @notice Who keeps a log's books now: the log itself, or the last that took them over.
    /// @return holder the log whose accounts the money is in
    /// @return inheritedSize leaves below this index stand in the holder's log too
    function holderOf(LogId log) external view returns (LogId holder, uint64 inheritedSize);

    /// @notice Fewest lines that may be shown as one total.
    function minimumLines() external view returns (uint32);

    /// @notice What an officer signs to let a batch be paid (EIP-712 digest).
    function approvalDigest(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        bytes32 linesRoot
    ) external view returns (bytes32);
}
