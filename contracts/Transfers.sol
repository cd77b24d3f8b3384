// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ITransfers} from "./interfaces/ITransfers.sol";
import {IWorkCalendar} from "./interfaces/IWorkCalendar.sol";
import {EventCount} from "./libraries/EventCount.sol";
import {LogId} from "./types/LogId.sol";

/// @title Transfers
/// @notice One holder per stay, one open case at a time, one payer per benefit.
/// @dev A suspended agency may not request, claim or take over; what it owes to others (release,
/// accept, refuse, giving up) and what protects its own (contest) goes on. Many calls of one sender
/// go together through `multicall`, all or none.
contract Transfers is ITransfers, EventCount, Multicall {
    /// @dev 国办发〔2009〕66号 art. 8: fifteen working days for each of the two agencies.
    uint16 private constant STEP_WORKING_DAYS = 15;
    uint16 private constant CONTEST_WORKING_DAYS = 10;
    uint16 private constant LONGEST_TERM = 1000;
    LogId private constant NO_LOG = LogId.wrap(0);

    IBureaus private immutable _bureaus;
    IWorkCalendar private immutable _calendar;
    /// @dev First, so that it shares a slot with the count of events.
    uint32 private _contestCount;
    Terms private _terms;
    Terms private _laterTerms;
    mapping(bytes32 caseId => TransferCase) private _cases;
    mapping(bytes32 segmentTag => bytes32 caseId) private _openCases;
    mapping(ClaimKind kind => mapping(bytes32 tag => Claim)) private _claims;
    mapping(bytes32 benefitTag => LogId) private _offers;
    mapping(bytes32 caseId => mapping(CaseState step => mapping(uint8 outcome => address)))
        private _caseVotes;
    mapping(uint32 contest => mapping(uint8 finding => address)) private _claimVotes;

    constructor(IBureaus bureaus, IWorkCalendar calendar) {
        _bureaus = bureaus;
        _calendar = calendar;
        _terms = Terms(
            uint64(block.timestamp),
            STEP_WORKING_DAYS,
            STEP_WORKING_DAYS,
            CONTEST_WORKING_DAYS
        );
        _laterTerms = _terms;
        _countEvent();
        emit TermsSet(
            uint64(block.timestamp),
            STEP_WORKING_DAYS,
            STEP_WORKING_DAYS,
            CONTEST_WORKING_DAYS
        );
    }

    /// @inheritdoc ITransfers
    function request(
        bytes32 caseId,
        bytes32 segmentTag,
        LogId fromLog,
        LogId toLog,
        bytes32 requestDigest
    ) external {
        _requireOpening(toLog);
        _requireState(caseId, CaseState.None);
        if (caseId == 0 || segmentTag == 0) revert TransfersDigestMissing(caseId);
        if (!_bureaus.isEnrolled(fromLog)) revert TransfersLogUnknown(fromLog);
        LogId sender = _current(fromLog);
        if (_bureaus.isClosed(sender)) revert TransfersLogClosed(sender);
        if (sender == toLog) revert TransfersSameLog(toLog);
        _requireMovable(segmentTag, sender);
        _openCases[segmentTag] = caseId;
        TransferCase storage opened = _cases[caseId];
        opened.state = CaseState.Requested;
        opened.fromLog = sender;
        opened.toLog = toLog;
        opened.termDays = terms().releaseDays;
        opened.requestedAt = uint64(block.timestamp);
        opened.segmentTag = segmentTag;
        opened.requestDigest = requestDigest;
        _countEvent();
        emit TransferRequested(caseId, sender, toLog, segmentTag, requestDigest);
    }

    /// @inheritdoc ITransfers
    function release(bytes32 caseId, bytes32 figuresDigest, bytes32 packageDigest) external {
        TransferCase storage opened = _cases[caseId];
        _requireState(caseId, CaseState.Requested);
        _requireActor(opened.fromLog);
        if (figuresDigest == 0 || packageDigest == 0) revert TransfersDigestMissing(caseId);
        opened.state = CaseState.Released;
        opened.termDays = terms().acceptDays;
        opened.releasedAt = uint64(block.timestamp);
        opened.figuresDigest = figuresDigest;
        opened.packageDigest = packageDigest;
        _countEvent();
        emit TransferReleased(caseId, opened.fromLog, opened.toLog, figuresDigest, packageDigest);
    }

    /// @inheritdoc ITransfers
    function accept(bytes32 caseId, bytes32 figuresDigest) external {
        TransferCase storage opened = _cases[caseId];
        _requireState(caseId, CaseState.Released);
        _requireActor(opened.toLog);
        if (figuresDigest != opened.figuresDigest) {
            revert TransfersFiguresMismatch(caseId, opened.figuresDigest, figuresDigest);
        }
        _close(opened, CaseState.Accepted);
        _handOver(opened);
        _countEvent();
        emit TransferAccepted(
            caseId,
            opened.fromLog,
            opened.toLog,
            opened.segmentTag,
            figuresDigest
        );
    }

    /// @inheritdoc ITransfers
    function refuse(bytes32 caseId, uint16 reasonCode, bytes32 reasonDigest) external {
        TransferCase storage opened = _cases[caseId];
        _requireUndecided(caseId);
        LogId refusedBy = opened.toLog;
        if (!_isActor(refusedBy)) {
            refusedBy = opened.fromLog;
            _requireActor(refusedBy);
        }
        if (reasonCode == 0 || reasonDigest == 0) revert TransfersReasonMissing(caseId);
        _close(opened, CaseState.Refused);
        opened.reasonCode = reasonCode;
        opened.reasonDigest = reasonDigest;
        _countEvent();
        emit TransferRefused(
            caseId,
            opened.fromLog,
            opened.toLog,
            refusedBy,
            reasonCode,
            reasonDigest
        );
    }

    /// @inheritdoc ITransfers
    function withdraw(bytes32 caseId) external {
        TransferCase storage opened = _cases[caseId];
        _requireUndecided(caseId);
        _requireActor(opened.toLog);
        _close(opened, CaseState.Withdrawn);
        _countEvent();
        emit TransferWithdrawn(caseId, opened.fromLog, opened.toLog);
    }

    /// @inheritdoc ITransfers
    function overrule(bytes32 caseId, Overruling outcome, bytes32 reasonDigest) external {
        _requireSupervisor();
        TransferCase storage opened = _cases[caseId];
        _requireUndecided(caseId);
        if (reasonDigest == 0) revert TransfersReasonMissing(caseId);
        if (outcome == Overruling.Move) _requireState(caseId, CaseState.Released);
        if (!isOverdue(caseId)) {
            (uint64 due, bool known) = dueAt(caseId);
            revert TransfersNotOverdue(caseId, due, known);
        }
        address first = _vote(caseId, _caseVotes[caseId][opened.state], uint8(outcome));
        if (first == address(0)) {
            _countEvent();
            emit OverrulingProposed(caseId, msg.sender, outcome, reasonDigest);
            return;
        }
        opened.reasonDigest = reasonDigest;
        if (outcome == Overruling.Cancel) {
            _close(opened, CaseState.Cancelled);
            _countEvent();
            emit TransferCancelled(
                caseId,
                opened.fromLog,
                opened.toLog,
                first,
                msg.sender,
                reasonDigest
            );
            return;
        }
        _close(opened, CaseState.Moved);
        _handOver(opened);
        _countEvent();
        emit TransferMoved(
            caseId,
            opened.fromLog,
            opened.toLog,
            opened.segmentTag,
            opened.figuresDigest,
            first,
            msg.sender,
            reasonDigest
        );
    }

    /// @inheritdoc ITransfers
    function claimBenefit(bytes32 benefitTag, LogId log) external {
        _requireOpening(log);
        if (benefitTag == 0) revert TransfersDigestMissing(benefitTag);
        Claim storage claim = _claims[ClaimKind.Benefit][benefitTag];
        if (claim.log != NO_LOG) revert TransfersBenefitClaimed(benefitTag, _current(claim.log));
        _claims[ClaimKind.Benefit][benefitTag] = _firstClaim(log);
        _countEvent();
        emit BenefitClaimed(benefitTag, log);
    }

    /// @inheritdoc ITransfers
    function releaseBenefit(bytes32 benefitTag, LogId log) external {
        LogId payer = _requirePayer(benefitTag, log);
        LogId contester = _claims[ClaimKind.Benefit][benefitTag].contester;
        _offers[benefitTag] = NO_LOG;
        if (contester == NO_LOG) {
            delete _claims[ClaimKind.Benefit][benefitTag];
            _countEvent();
            emit BenefitReleased(benefitTag, payer);
            return;
        }
        _claims[ClaimKind.Benefit][benefitTag] = _agreedClaim(contester);
        _countEvent();
        emit ClaimSettled(ClaimKind.Benefit, benefitTag, contester, address(0), address(0), 0);
    }

    /// @inheritdoc ITransfers
    function offerBenefit(bytes32 benefitTag, LogId log, LogId toLog) external {
        LogId payer = _requirePayer(benefitTag, log);
        _requireClaim(ClaimKind.Benefit, benefitTag, ClaimState.Settled);
        if (toLog == payer) revert TransfersSameLog(toLog);
        if (toLog != NO_LOG && !_bureaus.isEnrolled(toLog)) revert TransfersLogUnknown(toLog);
        _offers[benefitTag] = toLog;
        _countEvent();
        emit BenefitOffered(benefitTag, payer, toLog);
    }

    /// @inheritdoc ITransfers
    function takeBenefit(bytes32 benefitTag, LogId fromLog, LogId toLog) external {
        _requireOpening(toLog);
        LogId payer = _current(_claims[ClaimKind.Benefit][benefitTag].log);
        if (payer == NO_LOG || payer != fromLog)
            revert TransfersBenefitNotHeld(benefitTag, payer, fromLog);
        LogId offered = offeredTo(benefitTag);
        if (offered != toLog) revert TransfersBenefitNotOffered(benefitTag, offered, toLog);
        _offers[benefitTag] = NO_LOG;
        _claims[ClaimKind.Benefit][benefitTag] = _agreedClaim(toLog);
        _countEvent();
        emit BenefitHandedOver(benefitTag, fromLog, toLog);
    }

    /// @inheritdoc ITransfers
    function contest(ClaimKind kind, bytes32 tag, LogId log, bytes32 reasonDigest) external {
        LogId contester = _requireActor(log);
        _requireClaim(kind, tag, ClaimState.Open);
        Claim storage claim = _claims[kind][tag];
        if (_current(claim.log) == contester) revert TransfersSameLog(contester);
        if (reasonDigest == 0) revert TransfersReasonMissing(tag);
        claim.contester = contester;
        claim.contest = ++_contestCount;
        claim.contestedAt = uint64(block.timestamp);
        _countEvent();
        emit ClaimContested(kind, tag, contester, claim.log, reasonDigest);
    }

    /// @inheritdoc ITransfers
    function settleClaim(
        ClaimKind kind,
        bytes32 tag,
        Finding finding,
        bytes32 reasonDigest
    ) external {
        _requireSupervisor();
        _requireClaim(kind, tag, ClaimState.Contested);
        if (reasonDigest == 0) revert TransfersReasonMissing(tag);
        Claim storage claim = _claims[kind][tag];
        address first = _vote(tag, _claimVotes[claim.contest], uint8(finding));
        if (first == address(0)) {
            _countEvent();
            emit FindingProposed(kind, tag, msg.sender, finding, reasonDigest);
            return;
        }
        LogId log = finding == Finding.Confirm ? claim.log : claim.contester;
        _claims[kind][tag] = _agreedClaim(log);
        _countEvent();
        emit ClaimSettled(kind, tag, log, first, msg.sender, reasonDigest);
    }

    /// @inheritdoc ITransfers
    function setTerms(Terms calldata later) external {
        if (msg.sender != _bureaus.governor()) revert TransfersNotCouncil(msg.sender);
        bool isInvalid = later.validFrom <= block.timestamp ||
            !_isTerm(later.releaseDays) ||
            !_isTerm(later.acceptDays) ||
            !_isTerm(later.contestDays);
        if (isInvalid) {
            revert TransfersTermsInvalid(
                later.validFrom,
                later.releaseDays,
                later.acceptDays,
                later.contestDays
            );
        }
        _terms = terms();
        _laterTerms = later;
        _countEvent();
        emit TermsSet(later.validFrom, later.releaseDays, later.acceptDays, later.contestDays);
    }

    /// @inheritdoc ITransfers
    function transferCase(bytes32 caseId) external view returns (TransferCase memory) {
        return _cases[caseId];
    }

    /// @inheritdoc ITransfers
    function holderOf(bytes32 segmentTag) external view returns (LogId) {
        return _current(_claims[ClaimKind.Stay][segmentTag].log);
    }

    /// @inheritdoc ITransfers
    function openCaseOf(bytes32 segmentTag) external view returns (bytes32) {
        return _openCases[segmentTag];
    }

    /// @inheritdoc ITransfers
    function payerOf(bytes32 benefitTag) external view returns (LogId) {
        return _current(_claims[ClaimKind.Benefit][benefitTag].log);
    }

    /// @inheritdoc ITransfers
    function claimOf(ClaimKind kind, bytes32 tag) external view returns (Claim memory) {
        return _claims[kind][tag];
    }

    /// @inheritdoc ITransfers
    function contestableUntil(
        ClaimKind kind,
        bytes32 tag
    ) external view returns (uint64 until, bool known) {
        if (claimStateOf(kind, tag) != ClaimState.Open) return (0, false);
        Claim storage claim = _claims[kind][tag];
        return _calendar.dueAt(claim.claimedAt, claim.termDays);
    }

    /// @inheritdoc ITransfers
    function overrulingOf(bytes32 caseId, Overruling outcome) external view returns (address) {
        return _caseVotes[caseId][_cases[caseId].state][uint8(outcome)];
    }

    /// @inheritdoc ITransfers
    function findingOf(
        ClaimKind kind,
        bytes32 tag,
        Finding finding
    ) external view returns (address) {
        return _claimVotes[_claims[kind][tag].contest][uint8(finding)];
    }

    /// @inheritdoc ITransfers
    function latestTerms() external view returns (Terms memory) {
        return _laterTerms;
    }

    /// @inheritdoc ITransfers
    function offeredTo(bytes32 benefitTag) public view returns (LogId) {
        return _current(_offers[benefitTag]);
    }

    /// @inheritdoc ITransfers
    function dueAt(bytes32 caseId) public view returns (uint64 due, bool known) {
        uint64 start = _stepStart(caseId);
        return start == 0 ? (0, false) : _calendar.dueAt(start, _cases[caseId].termDays);
    }

    /// @inheritdoc ITransfers
    function isOverdue(bytes32 caseId) public view returns (bool) {
        uint64 start = _stepStart(caseId);
        return start != 0 && _calendar.isOverdue(start, _cases[caseId].termDays);
    }

    /// @inheritdoc ITransfers
    function claimStateOf(ClaimKind kind, bytes32 tag) public view returns (ClaimState) {
        Claim storage claim = _claims[kind][tag];
        if (claim.log == NO_LOG) return ClaimState.None;
        if (claim.contester != NO_LOG) return ClaimState.Contested;
        bool isSettled = claim.termDays == 0 ||
            _calendar.isOverdue(claim.claimedAt, claim.termDays);
        return isSettled ? ClaimState.Settled : ClaimState.Open;
    }

    /// @inheritdoc ITransfers
    function terms() public view returns (Terms memory) {
        return _laterTerms.validFrom <= block.timestamp ? _laterTerms : _terms;
    }

    /// @dev Ends a case and frees its stay for another one.
    function _close(TransferCase storage opened, CaseState state) private {
        opened.state = state;
        opened.decidedAt = uint64(block.timestamp);
        delete _openCases[opened.segmentTag];
    }

    /// @dev The receiver becomes the holder. Nobody vouched for a stay's first sender but itself, so
    /// its first holder can be contested; later ones were handed it by a known holder.
    function _handOver(TransferCase storage opened) private {
        Claim storage claim = _claims[ClaimKind.Stay][opened.segmentTag];
        _claims[ClaimKind.Stay][opened.segmentTag] = claim.log == NO_LOG
            ? _firstClaim(opened.toLog)
            : _agreedClaim(opened.toLog);
    }

    /// @dev Keeps the caller's vote and takes back its vote for the other outcome.
    /// @return first who voted alike before and is a supervisor still; zero if nobody
    function _vote(
        bytes32 id,
        mapping(uint8 outcome => address) storage votes,
        uint8 outcome
    ) private returns (address first) {
        uint8 other = 1 - outcome;
        if (votes[other] == msg.sender) delete votes[other];
        first = votes[outcome];
        if (first == msg.sender) revert TransfersAlreadyVoted(id, msg.sender);
        if (first == address(0) || !_bureaus.isSupervisor(first)) {
            votes[outcome] = msg.sender;
            return address(0);
        }
    }

    function _firstClaim(LogId log) private view returns (Claim memory) {
        return Claim(log, NO_LOG, 0, terms().contestDays, uint64(block.timestamp), 0);
    }

    function _agreedClaim(LogId log) private view returns (Claim memory) {
        return Claim(log, NO_LOG, 0, 0, uint64(block.timestamp), 0);
    }

    /// @dev When the step under way began; zero without one.
    function _stepStart(bytes32 caseId) private view returns (uint64) {
        TransferCase storage opened = _cases[caseId];
        if (opened.state == CaseState.Requested) return opened.requestedAt;
        return opened.state == CaseState.Released ? opened.releasedAt : 0;
    }

    /// @dev Who acts for a log now: itself, or the last of its successors; zero for zero.
    function _current(LogId log) private view returns (LogId) {
        return _bureaus.actingFor(log);
    }

    /// @dev A closed log without a successor has no publisher.
    function _isActor(LogId log) private view returns (bool) {
        return _bureaus.isPublisher(_current(log), msg.sender);
    }

    function _requireActor(LogId log) private view returns (LogId current) {
        current = _current(log);
        if (!_bureaus.isPublisher(current, msg.sender))
            revert TransfersNotPublisher(current, msg.sender);
    }

    /// @dev The publisher of a log that may open something new.
    function _requireOpening(LogId log) private view {
        if (!_bureaus.isPublisher(log, msg.sender)) revert TransfersNotPublisher(log, msg.sender);
        if (_bureaus.isSuspended(log)) revert TransfersLogSuspended(log);
    }

    function _requirePayer(bytes32 benefitTag, LogId log) private view returns (LogId payer) {
        LogId actor = _requireActor(log);
        payer = _current(_claims[ClaimKind.Benefit][benefitTag].log);
        if (payer != actor) revert TransfersBenefitNotHeld(benefitTag, payer, actor);
    }

    /// @dev A stay can be asked of its holder when no case is open and nobody can contest it.
    function _requireMovable(bytes32 segmentTag, LogId sender) private view {
        if (_openCases[segmentTag] != 0)
            revert TransfersSegmentInCase(segmentTag, _openCases[segmentTag]);
        ClaimState state = claimStateOf(ClaimKind.Stay, segmentTag);
        if (state == ClaimState.None) return;
        LogId holder = _current(_claims[ClaimKind.Stay][segmentTag].log);
        if (holder != sender) revert TransfersSegmentHeldElsewhere(segmentTag, holder, sender);
        if (state != ClaimState.Settled) revert TransfersClaimState(segmentTag, state);
    }

    function _requireClaim(ClaimKind kind, bytes32 tag, ClaimState expected) private view {
        ClaimState state = claimStateOf(kind, tag);
        if (state != expected) revert TransfersClaimState(tag, state);
    }

    function _requireSupervisor() private view {
        if (!_bureaus.isSupervisor(msg.sender)) revert TransfersNotSupervisor(msg.sender);
    }

    function _requireState(bytes32 caseId, CaseState expected) private view {
        CaseState state = _cases[caseId].state;
        if (state != expected) revert TransfersCaseState(caseId, state);
    }

    function _requireUndecided(bytes32 caseId) private view {
        CaseState state = _cases[caseId].state;
        if (state != CaseState.Requested && state != CaseState.Released)
            revert TransfersCaseState(caseId, state);
    }

    function _isTerm(uint16 workingDays) private pure returns (bool) {
        return workingDays != 0 && workingDays <= LONGEST_TERM;
    }
}
