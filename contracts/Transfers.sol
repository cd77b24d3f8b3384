// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ITransfers} from "./interfaces/ITransfers.sol";
import {LogId} from "./types/LogId.sol";

/// @title Transfers
/// @notice One holder per stay, one open case at a time, one payer per benefit.
/// @dev A suspended agency may not request or claim; what it owes to others (release, accept,
/// refuse) goes on.
contract Transfers is ITransfers {
    IBureaus private immutable _bureaus;
    mapping(bytes32 caseId => TransferCase) private _cases;
    mapping(bytes32 segmentTag => LogId) private _holders;
    mapping(bytes32 segmentTag => bytes32 caseId) private _openCases;
    mapping(bytes32 benefitTag => LogId) private _payers;

    constructor(IBureaus bureaus) {
        _bureaus = bureaus;
    }

    /// @inheritdoc ITransfers
    function request(
        bytes32 caseId,
        bytes32 segmentTag,
        LogId fromLog,
        LogId toLog,
        bytes32 requestDigest
    ) external {
        _requirePublisher(toLog);
        _requireState(caseId, CaseState.None);
        if (caseId == 0 || segmentTag == 0) revert TransfersDigestMissing(caseId);
        if (_bureaus.isSuspended(toLog)) revert TransfersLogSuspended(toLog);
        if (fromLog == toLog) revert TransfersSameLog(toLog);
        if (!_bureaus.isEnrolled(fromLog)) revert TransfersLogUnknown(fromLog);
        if (_openCases[segmentTag] != 0)
            revert TransfersSegmentInCase(segmentTag, _openCases[segmentTag]);
        LogId holder = _holders[segmentTag];
        if (LogId.unwrap(holder) != 0 && holder != fromLog) {
            revert TransfersSegmentHeldElsewhere(segmentTag, holder, fromLog);
        }
        _openCases[segmentTag] = caseId;
        TransferCase storage opened = _cases[caseId];
        opened.state = CaseState.Requested;
        opened.fromLog = fromLog;
        opened.toLog = toLog;
        opened.requestedAt = uint64(block.timestamp);
        opened.segmentTag = segmentTag;
        opened.requestDigest = requestDigest;
        emit TransferRequested(caseId, fromLog, toLog, segmentTag, requestDigest);
    }

    /// @inheritdoc ITransfers
    function release(bytes32 caseId, bytes32 figuresDigest, bytes32 packageDigest) external {
        TransferCase storage opened = _cases[caseId];
        _requireState(caseId, CaseState.Requested);
        _requirePublisher(opened.fromLog);
        if (figuresDigest == 0 || packageDigest == 0) revert TransfersDigestMissing(caseId);
        opened.state = CaseState.Released;
        opened.releasedAt = uint64(block.timestamp);
        opened.figuresDigest = figuresDigest;
        opened.packageDigest = packageDigest;
        emit TransferReleased(caseId, opened.fromLog, opened.toLog, figuresDigest, packageDigest);
    }

    /// @inheritdoc ITransfers
    function accept(bytes32 caseId, bytes32 figuresDigest) external {
        TransferCase storage opened = _cases[caseId];
        _requireState(caseId, CaseState.Released);
        _requirePublisher(opened.toLog);
        if (figuresDigest != opened.figuresDigest) {
            revert TransfersFiguresMismatch(caseId, opened.figuresDigest, figuresDigest);
        }
        _close(opened, CaseState.Accepted);
        _holders[opened.segmentTag] = opened.toLog;
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
        _requireOpen(caseId);
        LogId refusedBy = opened.toLog;
        if (!_bureaus.isPublisher(refusedBy, msg.sender)) {
            refusedBy = opened.fromLog;
            _requirePublisher(refusedBy);
        }
        if (reasonCode == 0 || reasonDigest == 0) revert TransfersReasonMissing(caseId);
        _close(opened, CaseState.Refused);
        opened.reasonCode = reasonCode;
        opened.reasonDigest = reasonDigest;
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
        _requireOpen(caseId);
        _requirePublisher(opened.toLog);
        _close(opened, CaseState.Withdrawn);
        emit TransferWithdrawn(caseId, opened.fromLog, opened.toLog);
    }

    /// @inheritdoc ITransfers
    function claimBenefit(bytes32 benefitTag, LogId log) external {
        _requirePublisher(log);
        if (benefitTag == 0) revert TransfersDigestMissing(benefitTag);
        if (_bureaus.isSuspended(log)) revert TransfersLogSuspended(log);
        LogId payer = _payers[benefitTag];
        if (LogId.unwrap(payer) != 0) revert TransfersBenefitClaimed(benefitTag, payer);
        _payers[benefitTag] = log;
        emit BenefitClaimed(benefitTag, log);
    }

    /// @inheritdoc ITransfers
    function releaseBenefit(bytes32 benefitTag, LogId log) external {
        _requirePublisher(log);
        LogId payer = _payers[benefitTag];
        if (payer != log) revert TransfersBenefitNotHeld(benefitTag, payer, log);
        _payers[benefitTag] = LogId.wrap(0);
        emit BenefitReleased(benefitTag, log);
    }

    /// @inheritdoc ITransfers
    function transferCase(bytes32 caseId) external view returns (TransferCase memory) {
        return _cases[caseId];
    }

    /// @inheritdoc ITransfers
    function holderOf(bytes32 segmentTag) external view returns (LogId) {
        return _holders[segmentTag];
    }

    /// @inheritdoc ITransfers
    function openCaseOf(bytes32 segmentTag) external view returns (bytes32) {
        return _openCases[segmentTag];
    }

    /// @inheritdoc ITransfers
    function payerOf(bytes32 benefitTag) external view returns (LogId) {
        return _payers[benefitTag];
    }

    /// @dev Ends a case and frees its stay for another one.
    function _close(TransferCase storage opened, CaseState state) private {
        opened.state = state;
        opened.decidedAt = uint64(block.timestamp);
        _openCases[opened.segmentTag] = 0;
    }

    function _requirePublisher(LogId log) private view {
        if (!_bureaus.isPublisher(log, msg.sender)) revert TransfersNotPublisher(log, msg.sender);
    }

    function _requireState(bytes32 caseId, CaseState expected) private view {
        CaseState state = _cases[caseId].state;
        if (state != expected) revert TransfersCaseState(caseId, state);
    }

    function _requireOpen(bytes32 caseId) private view {
        CaseState state = _cases[caseId].state;
        if (state != CaseState.Requested && state != CaseState.Released)
            revert TransfersCaseState(caseId, state);
    }
}
