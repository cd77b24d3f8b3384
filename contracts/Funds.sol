// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {IFundRules} from "./interfaces/IFundRules.sol";
import {IFunds} from "./interfaces/IFunds.sol";
import {ITransfers} from "./interfaces/ITransfers.sol";
import {EventCount} from "./libraries/EventCount.sol";
import {LogId} from "./types/LogId.sol";
import {PoolId} from "./types/PoolId.sol";

/// @title Funds
/// @notice Purpose-bound books: money moves along the routes of its pool, and is paid out once per
/// leaf.
/// @dev Collections, their corrections, payments already made, returns and arrivals are facts and are
/// never refused for suspension, freeze or want of money; what lets money out is. A bureau chooses an
/// account only where its pool has several routes: everything else goes the one way the council set.
contract Funds is IFunds, EventCount, EIP712, Multicall {
    /// @dev What a log inherited, and from which.
    struct Inheritance {
        LogId predecessor;
        uint64 size;
    }

    /// @notice Largest single amount: 10^17 fen, more than all funds of the country together.
    uint64 public constant MAXIMUM_AMOUNT_FEN = 10 ** 17;
    /// @notice Most cases in one settlement.
    uint256 public constant MAXIMUM_SETTLEMENT_CASES = 200;
    /// @dev keccak256 of the approval's type, EIP-712.
    bytes32 private constant APPROVAL_TYPE = keccak256(
        "DisbursementApproval(bytes32 batchId,uint32 lines,uint64 amountFen,bytes32 linesRoot)"
    );

    IBureaus private immutable _bureaus;
    ICheckpoints private immutable _checkpoints;
    ITransfers private immutable _transfers;
    IFundRules private immutable _rules;
    uint32 private immutable _minimumLines;

    mapping(LogId log => mapping(Account account => uint128)) private _balances;
    mapping(PoolId pool => mapping(Account account => uint128)) private _poolBalances;
    mapping(LogId log => mapping(Account account => bool)) private _opened;
    mapping(LogId log => Totals) private _totals;
    mapping(LogId log => uint64) private _collectedUpTo;
    mapping(LogId log => uint64) private _payoutRegisteredUpTo;
    /// @dev Ascending in their leaves.
    mapping(LogId log => bytes32[] batchIds) private _batches;
    mapping(LogId successor => Inheritance) private _inheritances;
    mapping(LogId predecessor => LogId successor) private _heirs;
    mapping(LogId log => mapping(bytes32 referenceId => bool)) private _references;
    mapping(bytes32 batchId => Disbursement) private _disbursements;
    mapping(bytes32 settlementId => Settlement) private _settlements;
    mapping(bytes32 caseId => bytes32 settlementId) private _settlementOfCase;
    modifier onlyGovernor() {
        if (msg.sender != _bureaus.governor()) revert FundsNotGovernor(msg.sender);
        _;
    }

    /// @param fewestLines fewest lines that may be shown as one total; a total over fewer people
    /// shows a person's
    constructor(
        IBureaus bureaus,
        ICheckpoints checkpoints,
        ITransfers transfers,
        IFundRules rules,
        uint32 fewestLines
    ) EIP712("Anxu Funds", "1") {
        _bureaus = bureaus;
        _checkpoints = checkpoints;
        _transfers = transfers;
        _rules = rules;
        _minimumLines = fewestLines;
    }

    /// @inheritdoc IFunds
    function openBalance(
        LogId log,
        Account account,
        uint64 amountFen,
        bytes32 documentDigest
    ) external onlyGovernor {
        if (!_bureaus.isEnrolled(log)) revert FundsLogUnknown(log);
        if (_bureaus.isClosed(log)) revert FundsLogClosed(log);
        _requireOwnAccount(account);
        if (amountFen > MAXIMUM_AMOUNT_FEN)
            revert FundsAmountOutOfRange(amountFen, MAXIMUM_AMOUNT_FEN);
        if (_opened[log][account]) revert FundsAlreadyOpened(log, account);
        _opened[log][account] = true;
        _credit(log, account, amountFen);
        _countEvent();
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
        _requireCollection(log, referenceId, firstLeaf, endLeaf, lines, periodFrom, periodTo);
        _requireAmount(amountFen);
        _totals[log].collectedFen += amountFen;
        _credit(log, _accountOf(log, IFundRules.Movement.Collection), amountFen);
        _countEvent();
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
    function correctCollection(
        LogId log,
        bytes32 referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint64 amountFen,
        uint32 periodFrom,
        uint32 periodTo
    ) external {
        _requireCollection(log, referenceId, firstLeaf, endLeaf, lines, periodFrom, periodTo);
        _requireAmount(amountFen);
        uint128 collectedFen = _collected(log);
        if (amountFen > collectedFen) revert FundsCorrectionExceeds(log, collectedFen, amountFen);
        _totals[log].correctedFen += amountFen;
        _countEvent();
        emit CollectionCorrected(
            log,
            referenceId,
            firstLeaf,
            endLeaf,
            lines,
            amountFen,
            periodFrom,
            periodTo
        );
        _debitOrOwe(log, referenceId, _accountOf(log, IFundRules.Movement.Collection), amountFen);
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
        bool isAllowed = _rules.routeAllowedAt(
            pool,
            IFundRules.Movement.Allocation,
            from,
            to,
            uint64(block.timestamp)
        );
        if (!isAllowed)
            revert FundsRouteClosed(pool, from, to);
        _debit(log, from, amountFen);
        _credit(log, to, amountFen);
        _countEvent();
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
        _countEvent();
        emit PaidRecorded(log, batchId, firstLeaf, endLeaf, lines, amountFen, period);
        _debitOrOwe(log, batchId, _accountOf(log, IFundRules.Movement.Payment), amountFen);
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
        _countEvent();
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
        (LogId log, uint64 inheritedSize) = holderOf(batch.log);
        _requirePublisher(log);
        _requireMayLetOut(log);
        if (batch.endLeaf > inheritedSize)
            revert FundsBatchNotInherited(batchId, batch.endLeaf, inheritedSize);
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
        _debit(log, _accountOf(log, IFundRules.Movement.Payment), paidFen);
        _countEvent();
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
        (LogId holder, ) = holderOf(batch.log);
        if (holder != log) revert FundsBatchOfOtherLog(batchId, batch.log, log);
        if (amountFen > batch.paidFen - batch.returnedFen) {
            revert FundsReturnExceeds(batchId, batch.paidFen, batch.returnedFen, amountFen);
        }
        batch.returnedFen += amountFen;
        _totals[log].returnedFen += amountFen;
        _credit(log, _accountOf(log, IFundRules.Movement.Return), amountFen);
        _countEvent();
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
        _requireNotFrozen(log);
        _debit(log, _accountOf(log, IFundRules.Movement.Payment), amountFen);
        _debit(log, Account.Shortfall, amountFen);
        _countEvent();
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
        _debit(fromLog, _accountOf(fromLog, IFundRules.Movement.TransferOut), amountFen);
        _credit(fromLog, Account.InTransit, amountFen);
        _countEvent();
        emit SettlementSent(settlementId, fromLog, toLog, amountFen, caseIds);
    }

    /// @inheritdoc IFunds
    function receiveSettlement(bytes32 settlementId, uint64 amountFen) external {
        Settlement storage sent = _settlements[settlementId];
        if (sent.state != SettlementState.Sent)
            revert FundsSettlementState(settlementId, sent.state);
        (LogId fromLog, ) = holderOf(sent.fromLog);
        (LogId toLog, ) = holderOf(sent.toLog);
        _requirePublisher(toLog);
        if (amountFen != sent.amountFen)
            revert FundsSettlementMismatch(settlementId, sent.amountFen, amountFen);
        sent.state = SettlementState.Received;
        sent.receivedAt = uint64(block.timestamp);
        _totals[toLog].receivedFen += amountFen;
        _debit(fromLog, Account.InTransit, amountFen);
        _credit(toLog, _accountOf(toLog, IFundRules.Movement.TransferIn), amountFen);
        _countEvent();
        emit SettlementReceived(settlementId, fromLog, toLog, amountFen);
    }

    /// @inheritdoc IFunds
    function takeOver(LogId successor) external {
        (LogId predecessor, uint64 size) = _bureaus.predecessorOf(successor);
        if (LogId.unwrap(predecessor) == 0) revert FundsNoPredecessor(successor);
        if (LogId.unwrap(_heirs[predecessor]) != 0)
            revert FundsAlreadyTakenOver(predecessor, successor);
        _requireTakenOver(predecessor);
        _heirs[predecessor] = successor;
        _inheritances[successor] = Inheritance(predecessor, size);
        uint128[7] memory amountsFen;
        for (uint256 i = uint256(Account.Treasury); i <= uint256(Account.Shortfall); ++i) {
            Account account = Account(i);
            amountsFen[i] = _balances[predecessor][account];
            _balances[predecessor][account] = 0;
            _balances[successor][account] += amountsFen[i];
            if (_opened[predecessor][account]) _opened[successor][account] = true;
        }
        _collectedUpTo[successor] = _inheritedUpTo(_collectedUpTo, predecessor, successor, size);
        _payoutRegisteredUpTo[successor] = _inheritedUpTo(
            _payoutRegisteredUpTo,
            predecessor,
            successor,
            size
        );
        _countEvent();
        emit LogTakenOver(
            predecessor,
            successor,
            size,
            _collectedUpTo[successor],
            _payoutRegisteredUpTo[successor],
            amountsFen
        );
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
            uint128 returnedFen,
            uint128 correctedFen
        )
    {
        Totals memory sums = _totals[log];
        return (
            sums.collectedFen,
            sums.disbursedFen,
            sums.sentFen,
            sums.receivedFen,
            sums.returnedFen,
            sums.correctedFen
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
    function referenceUsed(LogId log, bytes32 referenceId) public view returns (bool) {
        while (!_references[log][referenceId]) {
            log = _inheritances[log].predecessor;
            if (LogId.unwrap(log) == 0) return false;
        }
        return true;
    }

    /// @inheritdoc IFunds
    function batchOf(LogId log, uint64 leafIndex) external view returns (bytes32 batchId) {
        while (true) {
            bytes32[] storage batches = _batches[log];
            // The last batch that does not begin after the leaf: halve until none is left.
            uint256 low = 0;
            uint256 high = batches.length;
            while (low < high) {
                uint256 middle = (low + high) / 2;
                if (_disbursements[batches[middle]].firstLeaf <= leafIndex) low = middle + 1;
                else high = middle;
            }
            if (low != 0 && leafIndex < _disbursements[batches[low - 1]].endLeaf)
                return batches[low - 1];
            log = _heirs[log];
            if (leafIndex >= _inheritances[log].size) return 0;
        }
    }

    /// @inheritdoc IFunds
    function minimumLines() external view returns (uint32) {
        return _minimumLines;
    }

    /// @inheritdoc IFunds
    function holderOf(LogId log) public view returns (LogId holder, uint64 inheritedSize) {
        inheritedSize = type(uint64).max;
        holder = log;
        while (LogId.unwrap(_heirs[holder]) != 0) {
            holder = _heirs[holder];
            uint64 size = _inheritances[holder].size;
            if (size < inheritedSize) inheritedSize = size;
        }
    }

    /// @inheritdoc IFunds
    function approvalDigest(
        bytes32 batchId,
        uint32 paidLines,
        uint64 paidFen,
        bytes32 linesRoot
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(
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
        _batches[log].push(batchId);
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
                released.state == ITransfers.CaseState.Accepted ||
                released.state == ITransfers.CaseState.Moved;
        (LogId payer, ) = holderOf(released.fromLog);
        (LogId payee, ) = holderOf(released.toLog);
        if (!isReleased || payer != fromLog || payee != toLog) revert FundsCaseNotReleased(caseId);
        if (_settlementOfCase[caseId] != 0)
            revert FundsCaseSettled(caseId, _settlementOfCase[caseId]);
        _settlementOfCase[caseId] = settlementId;
    }

    /// @dev What an entry of collected contributions must be, whichever way it goes; registers its
    /// leaves.
    function _requireCollection(
        LogId log,
        bytes32 referenceId,
        uint64 firstLeaf,
        uint64 endLeaf,
        uint32 lines,
        uint32 periodFrom,
        uint32 periodTo
    ) private {
        _requirePublisher(log);
        _useReference(log, referenceId);
        _requirePeriods(periodFrom, periodTo);
        _requireRange(log, firstLeaf, endLeaf, lines, _collectedUpTo[log]);
        _collectedUpTo[log] = endLeaf;
    }

    /// @dev Takes money that is gone: what is not there, or must not go, is owed.
    function _debitOrOwe(
        LogId log,
        bytes32 referenceId,
        Account account,
        uint64 amountFen
    ) private {
        uint128 available = _rules.frozenUntil(log) > block.timestamp ? 0 : _balances[log][account];
        uint64 covered = available < amountFen ? uint64(available) : amountFen;
        _debit(log, account, covered);
        if (covered == amountFen) return;
        _credit(log, Account.Shortfall, amountFen - covered);
        _countEvent();
        emit ShortfallPosted(log, referenceId, amountFen - covered);
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
        if (referenceId == 0 || referenceUsed(log, referenceId))
            revert FundsReferenceUsed(log, referenceId);
        _references[log][referenceId] = true;
    }

    function _requirePublisher(LogId log) private view {
        if (!_bureaus.isPublisher(log, msg.sender)) revert FundsNotPublisher(log, msg.sender);
    }

    /// @dev A log with a predecessor takes over its books before it registers leaves, so that none
    /// is registered twice.
    function _requireTakenOver(LogId log) private view {
        (LogId predecessor, ) = _bureaus.predecessorOf(log);
        if (predecessor != _inheritances[log].predecessor)
            revert FundsTakeOverOutstanding(log, predecessor);
    }

    function _requireOfficer(
        LogId log,
        bytes32 digest,
        bytes calldata signature
    ) private view returns (address officer) {
        officer = ECDSA.recover(digest, signature);
        if (!_bureaus.isOfficer(log, officer)) revert FundsNotOfficer(log, officer);
    }

    function _requireNotFrozen(LogId log) private view {
        uint64 until = _rules.frozenUntil(log);
        if (until > block.timestamp) revert FundsLogFrozen(log, until);
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
        _requireTakenOver(log);
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

    /// @dev The bureau's own account on the one route of a kind of movement, now.
    function _accountOf(LogId log, IFundRules.Movement movement) private view returns (Account) {
        return _rules.accountAt(_bureaus.poolOf(log), movement, uint64(block.timestamp));
    }

    /// @dev What a log, and those whose books it took over, collected in all.
    function _collected(LogId log) private view returns (uint128 collectedFen) {
        while (LogId.unwrap(log) != 0) {
            collectedFen += _totals[log].collectedFen;
            collectedFen -= _totals[log].correctedFen;
            log = _inheritances[log].predecessor;
        }
    }

    /// @dev Up to where a successor's leaves count as registered.
    function _inheritedUpTo(
        mapping(LogId log => uint64) storage registered,
        LogId predecessor,
        LogId successor,
        uint64 size
    ) private view returns (uint64) {
        uint64 inherited = registered[predecessor] < size ? registered[predecessor] : size;
        return inherited > registered[successor] ? inherited : registered[successor];
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
