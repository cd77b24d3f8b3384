// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {IFunds} from "./interfaces/IFunds.sol";
import {ITransfers} from "./interfaces/ITransfers.sol";
import {OfficerSignature} from "./libraries/OfficerSignature.sol";
import {LogId} from "./types/LogId.sol";
import {PoolId} from "./types/PoolId.sol";

/// @title Funds
/// @notice Purpose-bound books: money moves along the routes of its pool, and is paid out once per
/// leaf.
/// @dev Collections, payments already made, returns and arrivals are facts and are never refused
/// for suspension, freeze or want of money; what lets money out is.
contract Funds is IFunds {
    /// @notice Largest single amount: 10^17 fen, more than all funds of the country together.
    uint64 public constant MAXIMUM_AMOUNT_FEN = 10 ** 17;
    /// @notice Most cases in one settlement.
    uint256 public constant MAXIMUM_SETTLEMENT_CASES = 200;
    /// @notice How long a freeze lasts.
    uint64 public constant FREEZE_SECONDS = 14 days;

    /// @dev keccak256 of the approval's type, EIP-712.
    bytes32 private constant APPROVAL_TYPE = keccak256(
        "DisbursementApproval(bytes32 batchId,uint32 lines,uint64 amountFen,bytes32 linesRoot)"
    );

    IBureaus private immutable _bureaus;
    ICheckpoints private immutable _checkpoints;
    ITransfers private immutable _transfers;
    uint32 private immutable _minimumLines;

    mapping(LogId log => mapping(Account account => uint128)) private _balances;
    mapping(PoolId pool => mapping(Account account => uint128)) private _poolBalances;
    mapping(LogId log => mapping(Account account => bool)) private _opened;
    mapping(LogId log => Totals) private _totals;
    mapping(LogId log => uint64) private _collectedUpTo;
    mapping(LogId log => uint64) private _payoutRegisteredUpTo;
    mapping(LogId log => uint64) private _frozenUntil;
    mapping(LogId log => mapping(bytes32 referenceId => bool)) private _references;
    mapping(bytes32 batchId => Disbursement) private _disbursements;
    mapping(bytes32 settlementId => Settlement) private _settlements;
    mapping(bytes32 caseId => bytes32 settlementId) private _settlementOfCase;
    /// @dev Ascending in `effectiveAt`. A route without changes is open if it is one of the two of
    /// every pool.
    mapping(PoolId pool => mapping(Account from => mapping(Account to => RouteChange[])))
        private _routes;

    modifier onlySupervisor() {
        if (!_bureaus.isSupervisor(msg.sender)) revert FundsNotSupervisor(msg.sender);
        _;
    }

    /// @param fewestLines fewest lines that may be shown as one total; a total over fewer people
    /// shows a person's
    constructor(
        IBureaus bureaus,
        ICheckpoints checkpoints,
        ITransfers transfers,
        uint32 fewestLines
    ) {
        _bureaus = bureaus;
        _checkpoints = checkpoints;
        _transfers = transfers;
        _minimumLines = fewestLines;
    }

    /// @inheritdoc IFunds
    function openBalance(
        LogId log,
        Account account,
        uint64 amountFen,
        bytes32 documentDigest
    ) external onlySupervisor {
        if (!_bureaus.isEnrolled(log)) revert FundsLogUnknown(log);
        _requireOwnAccount(account);
        if (amountFen > MAXIMUM_AMOUNT_FEN)
            revert FundsAmountOutOfRange(amountFen, MAXIMUM_AMOUNT_FEN);
        if (_opened[log][account]) revert FundsAlreadyOpened(log, account);
        _opened[log][account] = true;
        _credit(log, account, amountFen);
        emit BalanceOpened(log, account, amountFen, documentDigest);
    }

    /// @inheritdoc IFunds
    function recordCollection(
        LogId log,
        bytes32 referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    ) external {
        _requirePublisher(log);
        _useReference(log, referenceId);
        _requirePeriods(periodFrom, periodTo);
        _requireRange(log, firstLeaf, endLeaf, lines, _collectedUpTo[log]);
        _requireAmount(amountFen);
        _collectedUpTo[log] = endLeaf;
        _totals[log].collectedFen += amountFen;
        _credit(log, Account.Treasury, amountFen);
        emit FundsCollected(
            log,
            referenceId,
            firstLeaf,
            endLeaf,
            lines,
            amountFen,
            periodFrom,
            periodTo
        );
    }

    /// @inheritdoc IFunds
    function move(
        LogId log,
        bytes32 referenceId,
        Account from,
        Account to,
        uint64 amountFen,
        bytes32 documentDigest
    ) external {
        _requirePublisher(log);
        _useReference(log, referenceId);
        _requireOwnAccount(from);
        _requireOwnAccount(to);
        _requireAmount(amountFen);
        _requireNotFrozen(log);
        PoolId pool = _bureaus.poolOf(log);
        if (!routeAllowedAt(pool, from, to, uint64(block.timestamp)))
            revert FundsRouteClosed(pool, from, to);
        _debit(log, from, amountFen);
        _credit(log, to, amountFen);
        emit FundsMoved(log, referenceId, from, to, amountFen, documentDigest);
    }

    /// @inheritdoc IFunds
    function recordPaid(
        LogId log,
        bytes32 batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 period
    ) external {
        _requirePublisher(log);
        _register(log, batchId, firstLeaf, endLeaf, lines, amountFen, period);
        Disbursement storage batch = _disbursements[batchId];
        batch.state = DisbursementState.Recorded;
        batch.decidedAt = uint64(block.timestamp);
        batch.paidLines = lines;
        batch.paidFen = amountFen;
        _totals[log].disbursedFen += amountFen;
        uint128 available = _balances[log][Account.Expenditure];
        uint64 covered = available < amountFen ? uint64(available) : amountFen;
        _debit(log, Account.Expenditure, covered);
        emit PaidRecorded(log, batchId, firstLeaf, endLeaf, lines, amountFen, period);
        if (covered < amountFen) {
            _credit(log, Account.Shortfall, amountFen - covered);
            emit ShortfallPosted(log, batchId, amountFen - covered);
        }
    }

    /// @inheritdoc IFunds
    function proposeDisbursement(
        LogId log,
        bytes32 batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        bytes32 linesRoot,
        uint32 period
    ) external {
        _requirePublisher(log);
        if (_bureaus.isSuspended(log)) revert FundsLogSuspended(log);
        _register(log, batchId, firstLeaf, endLeaf, lines, amountFen, period);
        _disbursements[batchId].state = DisbursementState.Proposed;
        _disbursements[batchId].linesRoot = linesRoot;
        emit DisbursementProposed(
            log,
            batchId,
            firstLeaf,
            endLeaf,
            lines,
            amountFen,
            linesRoot,
            period
        );
    }

    /// @inheritdoc IFunds
    function approveDisbursement(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        bytes calldata makerSignature,
        bytes calldata checkerSignature
    ) external {
        Disbursement storage batch = _disbursements[batchId];
        if (batch.state != DisbursementState.Proposed)
            revert FundsDisbursementState(batchId, batch.state);
        LogId log = batch.log;
        _requirePublisher(log);
        _requireMayLetOut(log);
        if (
            paidLines > batch.lines ||
            paidFen > batch.amountFen ||
            (paidLines == 0) != (paidFen == 0)
        ) {
            revert FundsApprovalExceeds(batchId, paidLines, paidFen, batch.lines, batch.amountFen);
        }
        bytes32 digest = approvalDigest(batchId, paidLines, paidFen, batch.linesRoot);
        address maker = _requireOfficer(log, digest, makerSignature);
        address checker = _requireOfficer(log, digest, checkerSignature);
        if (maker == checker) revert FundsSameOfficer(batchId, maker);
        batch.state = DisbursementState.Approved;
        batch.decidedAt = uint64(block.timestamp);
        batch.paidLines = paidLines;
        batch.paidFen = paidFen;
        batch.maker = maker;
        batch.checker = checker;
        _totals[log].disbursedFen += paidFen;
        _debit(log, Account.Expenditure, paidFen);
        emit DisbursementApproved(log, batchId, paidLines, paidFen, maker, checker);
    }

    /// @inheritdoc IFunds
    function recordReturn(
        LogId log,
        bytes32 referenceId,
        bytes32 batchId,
        uint64 amountFen
    ) external {
        _requirePublisher(log);
        _useReference(log, referenceId);
        _requireAmount(amountFen);
        Disbursement storage batch = _disbursements[batchId];
        if (
            batch.state != DisbursementState.Approved && batch.state != DisbursementState.Recorded
        ) {
            revert FundsDisbursementState(batchId, batch.state);
        }
        if (batch.log != log) revert FundsBatchOfOtherLog(batchId, batch.log, log);
        if (amountFen > batch.paidFen - batch.returnedFen) {
            revert FundsReturnExceeds(batchId, batch.paidFen, batch.returnedFen, amountFen);
        }
        batch.returnedFen += amountFen;
        _totals[log].returnedFen += amountFen;
        _credit(log, Account.Expenditure, amountFen);
        emit PaymentReturned(log, referenceId, batchId, amountFen);
    }

    /// @inheritdoc IFunds
    function clearShortfall(
        LogId log,
        bytes32 referenceId,
        uint64 amountFen,
        bytes32 documentDigest
    ) external {
        _requirePublisher(log);
        _useReference(log, referenceId);
        _requireAmount(amountFen);
        uint128 owed = _balances[log][Account.Shortfall];
        if (amountFen > owed) revert FundsClearingExceeds(log, owed, amountFen);
        _debit(log, Account.Expenditure, amountFen);
        _debit(log, Account.Shortfall, amountFen);
        emit ShortfallCleared(log, referenceId, amountFen, documentDigest);
    }

    /// @inheritdoc IFunds
    function sendSettlement(
        bytes32 settlementId,
        LogId fromLog,
        LogId toLog,
        uint64 amountFen,
        bytes32[] calldata caseIds
    ) external {
        _requirePublisher(fromLog);
        if (_settlements[settlementId].state != SettlementState.None) {
            revert FundsReferenceUsed(fromLog, settlementId);
        }
        _useReference(fromLog, settlementId);
        _requireAmount(amountFen);
        _requireMayLetOut(fromLog);
        PoolId pool = _bureaus.poolOf(fromLog);
        if (pool == _bureaus.poolOf(toLog)) revert FundsSamePool(pool);
        uint256 count = caseIds.length;
        if (count < _minimumLines || count > MAXIMUM_SETTLEMENT_CASES) {
            revert FundsCaseCount(count, _minimumLines, MAXIMUM_SETTLEMENT_CASES);
        }
        for (uint256 i = 0; i < count; ++i) {
            _settleCase(caseIds[i], settlementId, fromLog, toLog);
        }
        _settlements[settlementId] = Settlement({
            state: SettlementState.Sent,
            fromLog: fromLog,
            toLog: toLog,
            cases: uint32(count),
            amountFen: amountFen,
            sentAt: uint64(block.timestamp),
            receivedAt: 0
        });
        _totals[fromLog].sentFen += amountFen;
        _debit(fromLog, Account.Expenditure, amountFen);
        _credit(fromLog, Account.InTransit, amountFen);
        emit SettlementSent(settlementId, fromLog, toLog, amountFen, caseIds);
    }

    /// @inheritdoc IFunds
    function receiveSettlement(bytes32 settlementId, uint64 amountFen) external {
        Settlement storage sent = _settlements[settlementId];
        if (sent.state != SettlementState.Sent)
            revert FundsSettlementState(settlementId, sent.state);
        (LogId fromLog, LogId toLog) = (sent.fromLog, sent.toLog);
        _requirePublisher(toLog);
        if (amountFen != sent.amountFen)
            revert FundsSettlementMismatch(settlementId, sent.amountFen, amountFen);
        sent.state = SettlementState.Received;
        sent.receivedAt = uint64(block.timestamp);
        _totals[toLog].receivedFen += amountFen;
        _debit(fromLog, Account.InTransit, amountFen);
        _credit(toLog, Account.Fiscal, amountFen);
        emit SettlementReceived(settlementId, fromLog, toLog, amountFen);
    }

    /// @inheritdoc IFunds
    function freeze(LogId log, bytes32 reasonDigest) external onlySupervisor {
        if (!_bureaus.isEnrolled(log)) revert FundsLogUnknown(log);
        _requireNotFrozen(log);
        uint64 until = uint64(block.timestamp) + FREEZE_SECONDS;
        _frozenUntil[log] = until;
        emit FundsFrozen(log, until, reasonDigest);
    }

    /// @inheritdoc IFunds
    function unfreeze(LogId log, bytes32 reasonDigest) external onlySupervisor {
        if (_frozenUntil[log] <= block.timestamp) revert FundsNotFrozen(log);
        _frozenUntil[log] = 0;
        emit FundsUnfrozen(log, reasonDigest);
    }

    /// @inheritdoc IFunds
    function setRoute(
        PoolId pool,
        Account from,
        Account to,
        bool allowed,
        uint64 effectiveAt
    ) external onlySupervisor {
        _requireOwnAccount(from);
        _requireOwnAccount(to);
        if (from == to) revert FundsAccountInvalid(to);
        if (effectiveAt == 0) effectiveAt = uint64(block.timestamp);
        RouteChange[] storage changes = _routes[pool][from][to];
        uint256 count = changes.length;
        uint64 earliest = uint64(block.timestamp);
        if (count != 0 && changes[count - 1].effectiveAt > earliest)
            earliest = changes[count - 1].effectiveAt;
        if (effectiveAt < earliest) revert FundsRouteTime(effectiveAt, earliest);
        changes.push(RouteChange({effectiveAt: effectiveAt, allowed: allowed}));
        emit RouteSet(pool, from, to, allowed, effectiveAt);
    }

    /// @inheritdoc IFunds
    function balance(LogId log, Account account) external view returns (uint128) {
        return _balances[log][account];
    }

    /// @inheritdoc IFunds
    function poolBalance(PoolId pool, Account account) external view returns (uint128) {
        return _poolBalances[pool][account];
    }

    /// @inheritdoc IFunds
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
            uint128 returnedFen
        )
    {
        Totals memory sums = _totals[log];
        return (
            sums.collectedFen,
            sums.disbursedFen,
            sums.sentFen,
            sums.receivedFen,
            sums.returnedFen
        );
    }

    /// @inheritdoc IFunds
    function collectedUpTo(LogId log) external view returns (uint64) {
        return _collectedUpTo[log];
    }

    /// @inheritdoc IFunds
    function payoutRegisteredUpTo(LogId log) external view returns (uint64) {
        return _payoutRegisteredUpTo[log];
    }

    /// @inheritdoc IFunds
    function disbursement(bytes32 batchId) external view returns (Disbursement memory) {
        return _disbursements[batchId];
    }

    /// @inheritdoc IFunds
    function settlement(bytes32 settlementId) external view returns (Settlement memory) {
        return _settlements[settlementId];
    }

    /// @inheritdoc IFunds
    function settlementOf(bytes32 caseId) external view returns (bytes32) {
        return _settlementOfCase[caseId];
    }

    /// @inheritdoc IFunds
    function referenceUsed(LogId log, bytes32 referenceId) external view returns (bool) {
        return _references[log][referenceId];
    }

    /// @inheritdoc IFunds
    function routeChangeCount(
        PoolId pool,
        Account from,
        Account to
    ) external view returns (uint256) {
        return _routes[pool][from][to].length;
    }

    /// @inheritdoc IFunds
    function frozenUntil(LogId log) external view returns (uint64) {
        return _frozenUntil[log];
    }

    /// @inheritdoc IFunds
    function minimumLines() external view returns (uint32) {
        return _minimumLines;
    }

    /// @inheritdoc IFunds
    function routeAllowedAt(
        PoolId pool,
        Account from,
        Account to,
        uint64 time
    ) public view returns (bool) {
        RouteChange[] storage changes = _routes[pool][from][to];
        // The last change in force at `time`: halve until none is left; `low` counts the changes in
        // force.
        uint256 low = 0;
        uint256 high = changes.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (changes[middle].effectiveAt <= time) low = middle + 1;
            else high = middle;
        }
        if (low != 0) return changes[low - 1].allowed;
        return
            (from == Account.Treasury && to == Account.Fiscal) ||
            (from == Account.Fiscal && to == Account.Expenditure);
    }

    /// @inheritdoc IFunds
    function approvalDigest(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        bytes32 linesRoot
    ) public view returns (bytes32) {
        return
            OfficerSignature.digestOf(
                OfficerSignature.domainOf("Anxu Funds", "1", address(this)),
                keccak256(abi.encode(APPROVAL_TYPE, batchId, paidLines, paidFen, linesRoot))
            );
    }

    /// @dev Registers a batch's leaves; the caller sets its state.
    function _register(
        LogId log,
        bytes32 batchId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 period
    ) private {
        Disbursement storage batch = _disbursements[batchId];
        if (batch.state != DisbursementState.None) revert FundsReferenceUsed(log, batchId);
        _useReference(log, batchId);
        _requirePeriods(period, period);
        _requireRange(log, firstLeaf, endLeaf, lines, _payoutRegisteredUpTo[log]);
        _requireAmount(amountFen);
        _payoutRegisteredUpTo[log] = endLeaf;
        batch.log = log;
        batch.period = period;
        batch.lines = lines;
        batch.firstLeaf = firstLeaf;
        batch.endLeaf = endLeaf;
        batch.proposedAt = uint64(block.timestamp);
        batch.amountFen = amountFen;
    }

    /// @dev Marks a case as settled; it must have been released from one log to the other, once.
    function _settleCase(bytes32 caseId, bytes32 settlementId, LogId fromLog, LogId toLog) private {
        ITransfers.TransferCase memory released = _transfers.transferCase(caseId);
        bool isReleased =
            released.state == ITransfers.CaseState.Released ||
                released.state == ITransfers.CaseState.Accepted;
        if (!isReleased || released.fromLog != fromLog || released.toLog != toLog) {
            revert FundsCaseNotReleased(caseId);
        }
        if (_settlementOfCase[caseId] != 0)
            revert FundsCaseSettled(caseId, _settlementOfCase[caseId]);
        _settlementOfCase[caseId] = settlementId;
    }

    function _credit(LogId log, Account account, uint64 amountFen) private {
        _balances[log][account] += amountFen;
        _poolBalances[_bureaus.poolOf(log)][account] += amountFen;
    }

    function _debit(LogId log, Account account, uint64 amountFen) private {
        uint128 available = _balances[log][account];
        if (available < amountFen) revert FundsInsufficient(log, account, available, amountFen);
        _balances[log][account] = available - amountFen;
        _poolBalances[_bureaus.poolOf(log)][account] -= amountFen;
    }

    function _useReference(LogId log, bytes32 referenceId) private {
        if (referenceId == 0 || _references[log][referenceId])
            revert FundsReferenceUsed(log, referenceId);
        _references[log][referenceId] = true;
    }

    function _requirePublisher(LogId log) private view {
        if (!_bureaus.isPublisher(log, msg.sender)) revert FundsNotPublisher(log, msg.sender);
    }

    function _requireOfficer(
        LogId log,
        bytes32 digest,
        bytes calldata signature
    ) private view returns (address officer) {
        officer = OfficerSignature.signerOf(digest, signature);
        if (!_bureaus.isOfficer(log, officer)) revert FundsNotOfficer(log, officer);
    }

    function _requireNotFrozen(LogId log) private view {
        if (_frozenUntil[log] > block.timestamp) revert FundsLogFrozen(log, _frozenUntil[log]);
    }

    function _requireMayLetOut(LogId log) private view {
        _requireNotFrozen(log);
        uint128 owed = _balances[log][Account.Shortfall];
        if (owed != 0) revert FundsShortfallOutstanding(log, owed);
    }

    /// @dev A range of leaves: not empty, anchored, after what is registered, with as many lines as
    /// it can have.
    function _requireRange(
        LogId log,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 registeredUpTo
    ) private view {
        if (firstLeaf >= endLeaf) revert FundsRangeEmpty(firstLeaf, endLeaf);
        uint64 anchored = _checkpoints.latestSize(log);
        if (endLeaf > anchored) revert FundsRangeNotAnchored(log, endLeaf, anchored);
        if (firstLeaf < registeredUpTo) revert FundsRangeOverlaps(log, firstLeaf, registeredUpTo);
        if (lines < _minimumLines || lines > endLeaf - firstLeaf) {
            revert FundsLinesOutOfRange(lines, _minimumLines, endLeaf - firstLeaf);
        }
    }

    function _requireAmount(uint64 amountFen) private pure {
        if (amountFen == 0 || amountFen > MAXIMUM_AMOUNT_FEN) {
            revert FundsAmountOutOfRange(amountFen, MAXIMUM_AMOUNT_FEN);
        }
    }

    /// @dev Treasury, fiscal, expenditure or legacy income: accounts a bureau really has.
    function _requireOwnAccount(Account account) private pure {
        if (account < Account.Treasury || account > Account.LegacyIncome)
            revert FundsAccountInvalid(account);
    }

    /// @dev Months as yyyymm, in order.
    function _requirePeriods(uint32 periodFrom, uint32 periodTo) private pure {
        if (!_isMonth(periodFrom) || !_isMonth(periodTo) || periodFrom > periodTo) {
            revert FundsPeriodInvalid(periodFrom, periodTo);
        }
    }

    function _isMonth(uint32 period) private pure returns (bool) {
        uint32 month = period % 100;
        return period >= 194910 && period < 1000000 && month >= 1 && month <= 12;
    }
}
