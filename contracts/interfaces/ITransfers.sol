// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title ITransfers
/// @notice Moves a person's stay from one agency to another, exactly once, and says who pays a
/// person's benefit.
/// @dev Persons appear as tags that only those who know the pseudonym can compute.
///
///     None -> Requested -> Released -> Accepted
///                 |            |
///                 +------------+--> Refused (by either side) or Withdrawn (by the receiver)
interface ITransfers {
    /// @notice Where a case stands.
    enum CaseState {
        None,
        Requested,
        Released,
        Accepted,
        Refused,
        Withdrawn
    }

    /// @notice One transfer case.
    /// @param reasonCode why it was refused, by the policy table; zero unless it was
    /// @param segmentTag the stay that moves
    /// @param requestDigest SHA-256 of the contact letter
    /// @param figuresDigest figures that both sides sign
    /// @param packageDigest SHA-256 of the sealed package of records
    /// @param reasonDigest SHA-256 of the refusal; zero unless it was refused
    struct TransferCase {
        CaseState state;
        LogId fromLog;
        LogId toLog;
        uint16 reasonCode;
        uint64 requestedAt;
        uint64 releasedAt;
        uint64 decidedAt;
        bytes32 segmentTag;
        bytes32 requestDigest;
        bytes32 figuresDigest;
        bytes32 packageDigest;
        bytes32 reasonDigest;
    }

    /// @notice The new agency asked for a stay.
    event TransferRequested(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        bytes32 segmentTag,
        bytes32 requestDigest
    );
    /// @notice The old agency handed figures and package over.
    event TransferReleased(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        bytes32 figuresDigest,
        bytes32 packageDigest
    );
    /// @notice Both sides agree: the stay has a new holder.
    event TransferAccepted(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        bytes32 segmentTag,
        bytes32 figuresDigest
    );
    /// @notice A side refused: everything is as it was.
    event TransferRefused(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        LogId refusedBy,
        uint16 reasonCode,
        bytes32 reasonDigest
    );
    /// @notice The new agency took its request back: everything is as it was.
    event TransferWithdrawn(bytes32 indexed caseId, LogId indexed fromLog, LogId indexed toLog);
    /// @notice An agency pays this benefit from now on.
    event BenefitClaimed(bytes32 indexed benefitTag, LogId indexed log);
    /// @notice An agency no longer pays this benefit.
    event BenefitReleased(bytes32 indexed benefitTag, LogId indexed log);

    /// @notice Only a publisher of the named log may do this.
    error TransfersNotPublisher(LogId log, address caller);
    /// @notice The agency is suspended and may not open anything new.
    error TransfersLogSuspended(LogId log);
    /// @notice No log has this number.
    error TransfersLogUnknown(LogId log);
    /// @notice A stay cannot move from an agency to itself.
    error TransfersSameLog(LogId log);
    /// @notice The case is not where this step starts from.
    error TransfersCaseState(bytes32 caseId, CaseState state);
    /// @notice Another case for this stay is open.
    error TransfersSegmentInCase(bytes32 segmentTag, bytes32 openCaseId);
    /// @notice The stay is known to be held by another agency.
    error TransfersSegmentHeldElsewhere(bytes32 segmentTag, LogId holder, LogId fromLog);
    /// @notice The receiver signs other figures than the sender released.
    error TransfersFiguresMismatch(bytes32 caseId, bytes32 releasedDigest, bytes32 acceptedDigest);
    /// @notice A refusal must give a reason.
    error TransfersReasonMissing(bytes32 caseId);
    /// @notice An identifier or digest that must be given is zero.
    error TransfersDigestMissing(bytes32 caseId);
    /// @notice The benefit is paid by an agency already.
    error TransfersBenefitClaimed(bytes32 benefitTag, LogId payer);
    /// @notice The benefit is not paid by this agency.
    error TransfersBenefitNotHeld(bytes32 benefitTag, LogId payer, LogId log);

    /// @notice Opens a case; called by the receiver. One open case per stay, and only from its
    /// known holder.
    /// @param caseId new identifier, not zero
    function request(
        bytes32 caseId,
        bytes32 segmentTag,
        LogId fromLog,
        LogId toLog,
        bytes32 requestDigest
    ) external;

    /// @notice Hands the figures and the package over; called by the sender.
    function release(bytes32 caseId, bytes32 figuresDigest, bytes32 packageDigest) external;

    /// @notice Signs the same figures and takes the stay; called by the receiver.
    function accept(bytes32 caseId, bytes32 figuresDigest) external;

    /// @notice Ends a case that was not accepted, by either side, with a reason.
    function refuse(bytes32 caseId, uint16 reasonCode, bytes32 reasonDigest) external;

    /// @notice Ends a case that was not accepted; called by the receiver.
    function withdraw(bytes32 caseId) external;

    /// @notice Takes the payment of a benefit on; at most one agency pays one benefit of one
    /// person.
    function claimBenefit(bytes32 benefitTag, LogId log) external;

    /// @notice Gives the payment of a benefit up.
    function releaseBenefit(bytes32 benefitTag, LogId log) external;

    /// @notice A case; its state is None if there is none.
    function transferCase(bytes32 caseId) external view returns (TransferCase memory);

    /// @notice The known holder of a stay; zero as long as it never moved.
    function holderOf(bytes32 segmentTag) external view returns (LogId);

    /// @notice The open case of a stay; zero for none.
    function openCaseOf(bytes32 segmentTag) external view returns (bytes32);

    /// @notice Who pays a benefit; zero for nobody.
    function payerOf(bytes32 benefitTag) external view returns (LogId);
}
