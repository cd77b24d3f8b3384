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
///                 |            +--> Moved (by two supervisors, after a missed deadline)
///                 +------------+--> Refused (by either side), Withdrawn (by the receiver)
///                                   or Cancelled (by two supervisors, after a missed deadline)
///
/// A case that left Requested and Released never moves again. What ends a case other than by a
/// hand-over leaves holder and stay as they were before the request.
///
/// On chain stands what binds two agencies: the contact letter, the released figures, the decision,
/// and the two terms that run between them. In the papers stay the application and its review (no
/// other agency is bound yet, and a refused application must not show that somebody meant to move),
/// the check of the records, and the notice to the person. The money of a case stands in `Funds`.
///
/// The successor of a closed log acts for it wherever that log stands in a case, as a holder or as
/// a payer; nothing is rewritten, every answer is worked out when it is read.
interface ITransfers {
    /// @notice Where a case stands.
    enum CaseState {
        None,
        Requested,
        Released,
        Accepted,
        Refused,
        Withdrawn,
        Moved,
        Cancelled
    }

    /// @notice What two supervisors may decide about an overdue case.
    enum Overruling {
        Move,
        Cancel
    }

    /// @notice What somebody can be the first to claim.
    enum ClaimKind {
        Stay,
        Benefit
    }

    /// @notice Where a claim stands. Open: it can be contested. Contested: two supervisors decide.
    enum ClaimState {
        None,
        Open,
        Contested,
        Settled
    }

    /// @notice What two supervisors may find about a contested claim.
    enum Finding {
        Confirm,
        GiveToContester
    }

    /// @notice One transfer case.
    /// @param fromLog the old agency's log, as it was named at the request
    /// @param toLog the new agency's log, as it was named at the request
    /// @param reasonCode why it was refused, by the policy table; zero unless it was
    /// @param termDays working days of the step under way, or of the last one
    /// @param segmentTag the stay that moves
    /// @param requestDigest SHA-256 of the contact letter
    /// @param figuresDigest figures that both sides sign
    /// @param packageDigest SHA-256 of the sealed package of records
    /// @param reasonDigest SHA-256 of the refusal or of the supervisors' decision; zero without one
    struct TransferCase {
        CaseState state;
        LogId fromLog;
        LogId toLog;
        uint16 reasonCode;
        uint16 termDays;
        uint64 requestedAt;
        uint64 releasedAt;
        uint64 decidedAt;
        bytes32 segmentTag;
        bytes32 requestDigest;
        bytes32 figuresDigest;
        bytes32 packageDigest;
        bytes32 reasonDigest;
    }

    /// @notice Who has a stay or pays a benefit, and whether that can still be contested.
    /// @param log who has it, as it was named then
    /// @param contester who contests it; zero for nobody
    /// @param contest number of the contest over all claims; zero if it is not contested
    /// @param termDays working days for contesting; zero once settled, or if two sides agreed
    struct Claim {
        LogId log;
        LogId contester;
        uint32 contest;
        uint16 termDays;
        uint64 claimedAt;
        uint64 contestedAt;
    }

    /// @notice Working days of each term from a moment on.
    /// @param releaseDays for the old agency, from the request
    /// @param acceptDays for the new agency, from the release
    /// @param contestDays for contesting a first claim
    struct Terms {
        uint64 validFrom;
        uint16 releaseDays;
        uint16 acceptDays;
        uint16 contestDays;
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
    /// @notice A supervisor would decide an overdue case so; another one's like vote decides it.
    event OverrulingProposed(
        bytes32 indexed caseId,
        address indexed supervisor,
        Overruling outcome,
        bytes32 reasonDigest
    );
    /// @notice Two supervisors handed the stay over by the figures that the old agency released.
    event TransferMoved(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        bytes32 segmentTag,
        bytes32 figuresDigest,
        address firstSupervisor,
        address secondSupervisor,
        bytes32 reasonDigest
    );
    /// @notice Two supervisors ended an overdue case: everything is as it was.
    event TransferCancelled(
        bytes32 indexed caseId,
        LogId indexed fromLog,
        LogId indexed toLog,
        address firstSupervisor,
        address secondSupervisor,
        bytes32 reasonDigest
    );
    /// @notice An agency pays this benefit from now on.
    event BenefitClaimed(bytes32 indexed benefitTag, LogId indexed log);
    /// @notice An agency no longer pays this benefit; nobody does.
    event BenefitReleased(bytes32 indexed benefitTag, LogId indexed log);
    /// @notice The payer named who may take the benefit over, or nobody any more; it pays on.
    event BenefitOffered(bytes32 indexed benefitTag, LogId indexed log, LogId indexed toLog);
    /// @notice Another agency took the benefit over from the one that offered it.
    event BenefitHandedOver(bytes32 indexed benefitTag, LogId indexed fromLog, LogId indexed toLog);
    /// @notice Another agency says that a first claim is wrong.
    event ClaimContested(
        ClaimKind indexed kind,
        bytes32 indexed tag,
        LogId indexed contester,
        LogId log,
        bytes32 reasonDigest
    );
    /// @notice A supervisor would settle a contested claim so; another one's like vote settles it.
    event FindingProposed(
        ClaimKind indexed kind,
        bytes32 indexed tag,
        address indexed supervisor,
        Finding finding,
        bytes32 reasonDigest
    );
    /// @notice A contest is over: the claimant yielded, or two supervisors found so.
    /// @param log who has the stay or pays the benefit from now on
    /// @param firstSupervisor zero if the claimant yielded
    event ClaimSettled(
        ClaimKind indexed kind,
        bytes32 indexed tag,
        LogId indexed log,
        address firstSupervisor,
        address secondSupervisor,
        bytes32 reasonDigest
    );
    /// @notice Other terms apply to steps that begin from `validFrom` on.
    event TermsSet(
        uint64 indexed validFrom,
        uint16 releaseDays,
        uint16 acceptDays,
        uint16 contestDays
    );

    /// @notice Only a publisher of the named log may do this.
    error TransfersNotPublisher(LogId log, address caller);
    /// @notice Only a supervisor may do this.
    error TransfersNotSupervisor(address caller);
    /// @notice Only the council may do this.
    error TransfersNotCouncil(address caller);
    /// @notice The agency is suspended and may not open anything new.
    error TransfersLogSuspended(LogId log);
    /// @notice The log is closed and has no successor yet that could hand anything over.
    error TransfersLogClosed(LogId log);
    /// @notice No log has this number.
    error TransfersLogUnknown(LogId log);
    /// @notice A stay or benefit cannot move from an agency to itself, nor be contested by its own.
    error TransfersSameLog(LogId log);
    /// @notice The case is not where this step starts from.
    error TransfersCaseState(bytes32 caseId, CaseState state);
    /// @notice Another case for this stay is open.
    error TransfersSegmentInCase(bytes32 segmentTag, bytes32 openCaseId);
    /// @notice The stay is known to be held by another agency.
    error TransfersSegmentHeldElsewhere(bytes32 segmentTag, LogId holder, LogId fromLog);
    /// @notice The receiver signs other figures than the sender released.
    error TransfersFiguresMismatch(bytes32 caseId, bytes32 releasedDigest, bytes32 acceptedDigest);
    /// @notice A refusal, a contest or a decision must give a reason.
    error TransfersReasonMissing(bytes32 id);
    /// @notice An identifier or digest that must be given is zero.
    error TransfersDigestMissing(bytes32 id);
    /// @notice The step under way is not overdue; `known` is false while its due date is not known.
    error TransfersNotOverdue(bytes32 caseId, uint64 dueAt, bool known);
    /// @notice This supervisor's vote for this stands already; another supervisor has to agree.
    error TransfersAlreadyVoted(bytes32 id, address supervisor);
    /// @notice The claim is not where this step starts from.
    error TransfersClaimState(bytes32 tag, ClaimState state);
    /// @notice The benefit is paid by an agency already.
    error TransfersBenefitClaimed(bytes32 benefitTag, LogId payer);
    /// @notice The benefit is not paid by this agency.
    error TransfersBenefitNotHeld(bytes32 benefitTag, LogId payer, LogId log);
    /// @notice The benefit was offered to another agency, or to none.
    error TransfersBenefitNotOffered(bytes32 benefitTag, LogId offeredTo, LogId log);
    /// @notice Terms must begin in the future and have 1 to 1,000 working days each.
    error TransfersTermsInvalid(
        uint64 validFrom,
        uint16 releaseDays,
        uint16 acceptDays,
        uint16 contestDays
    );

    /// @notice Opens a case; called by the receiver. One open case per stay, and only from its
    /// known holder, once that holder's own first claim is settled.
    /// @dev Waiting for an onward move harms nobody: joining and paying in a new city never waits.
    /// @param caseId new identifier, not zero
    /// @param fromLog the holder; for a closed log its successor is put in its place
    function request(
        bytes32 caseId,
        bytes32 segmentTag,
        LogId fromLog,
        LogId toLog,
        bytes32 requestDigest
    ) external;

    /// @notice Hands the figures and the package over; called by the sender, also when it is late.
    function release(bytes32 caseId, bytes32 figuresDigest, bytes32 packageDigest) external;

    /// @notice Signs the same figures and takes the stay; called by the receiver, also when it is
    /// late. The first holder that a stay ever gets can be contested for some working days.
    function accept(bytes32 caseId, bytes32 figuresDigest) external;

    /// @notice Ends a case that was not accepted, by either side, with a reason.
    function refuse(bytes32 caseId, uint16 reasonCode, bytes32 reasonDigest) external;

    /// @notice Ends a case that was not accepted; called by the receiver.
    function withdraw(bytes32 caseId) external;

    /// @notice Votes to move or to cancel a case whose step is overdue; called by a supervisor. The
    /// first vote is kept, the like vote of a second supervisor carries it out.
    /// @dev Only a released case can be moved. What moves are months and money that the old agency
    /// alone can state from its records; if it states nothing, nobody may invent figures for it. Two
    /// supervisors can then cancel, and the council can close its log and name a successor, who
    /// releases. A vote counts for the step in which it was given; a supervisor's vote for one
    /// outcome takes back its vote for the other; a former supervisor's vote counts no more.
    /// @param reasonDigest SHA-256 of the decision; that of the deciding vote stays with the case
    function overrule(bytes32 caseId, Overruling outcome, bytes32 reasonDigest) external;

    /// @notice Is the first to take the payment of a benefit on; at most one agency pays one
    /// benefit of one person. It can be contested for some working days.
    function claimBenefit(bytes32 benefitTag, LogId log) external;

    /// @notice Gives the payment of a benefit up, because it ended. A contested claim goes to the
    /// contester at once, so that there is no day on which nobody pays.
    function releaseBenefit(bytes32 benefitTag, LogId log) external;

    /// @notice Lets one other agency take the payment over; zero takes the offer back. Until it is
    /// taken over the payer pays on.
    function offerBenefit(bytes32 benefitTag, LogId log, LogId toLog) external;

    /// @notice Takes the payment over from the agency that offers it, and from no other; the two
    /// agree, so it cannot be contested.
    function takeBenefit(bytes32 benefitTag, LogId fromLog, LogId toLog) external;

    /// @notice Says that a first claim is wrong; called by the publisher of another log, suspended
    /// or not.
    /// @dev Nobody's pension stops meanwhile: who is recorded (`payerOf`) pays on until two
    /// supervisors find otherwise, the contester pays nothing for months that the other pays, and
    /// what was paid by the wrong one is evened out between the two funds, never with the person.
    /// @param reasonDigest SHA-256 of what is put forward
    function contest(ClaimKind kind, bytes32 tag, LogId log, bytes32 reasonDigest) external;

    /// @notice Votes to confirm a contested claim or to give it to the contester; called by a
    /// supervisor. The first vote is kept, the like vote of a second supervisor carries it out.
    /// @param reasonDigest SHA-256 of the decision
    function settleClaim(
        ClaimKind kind,
        bytes32 tag,
        Finding finding,
        bytes32 reasonDigest
    ) external;

    /// @notice Sets other terms for steps that begin from a future moment on; called by the council.
    /// Steps under way keep theirs. Later terms that do not apply yet are replaced.
    function setTerms(Terms calldata later) external;

    /// @notice A case; its state is None if there is none.
    function transferCase(bytes32 caseId) external view returns (TransferCase memory);

    /// @notice The known holder of a stay, or its successor; zero as long as it never moved.
    function holderOf(bytes32 segmentTag) external view returns (LogId);

    /// @notice The open case of a stay; zero for none.
    function openCaseOf(bytes32 segmentTag) external view returns (bytes32);

    /// @notice Who pays a benefit, or its successor; zero for nobody.
    function payerOf(bytes32 benefitTag) external view returns (LogId);

    /// @notice Who may take a benefit over; zero for nobody.
    function offeredTo(bytes32 benefitTag) external view returns (LogId);

    /// @notice When the step under way is due: the second after its last working day.
    /// @return dueAt seconds since 1970; zero while not known
    /// @return known false without a step under way, and while a year's working days are not
    /// published
    function dueAt(bytes32 caseId) external view returns (uint64 dueAt, bool known);

    /// @notice Whether the step under way is overdue; false whenever its due date is not known.
    function isOverdue(bytes32 caseId) external view returns (bool);

    /// @notice Who has a stay or pays a benefit, as it was recorded.
    function claimOf(ClaimKind kind, bytes32 tag) external view returns (Claim memory);

    /// @notice Where a claim stands now; a first claim is settled once the days for contesting it
    /// have passed without a contest.
    function claimStateOf(ClaimKind kind, bytes32 tag) external view returns (ClaimState);

    /// @notice Until when a first claim can be contested: the second after the last working day.
    /// @return until seconds since 1970; zero while not known
    /// @return known false unless the claim is open, and while a year's working days are not
    /// published
    function contestableUntil(
        ClaimKind kind,
        bytes32 tag
    ) external view returns (uint64 until, bool known);

    /// @notice Whose vote for an outcome of the step under way stands; zero for nobody's.
    function overrulingOf(bytes32 caseId, Overruling outcome) external view returns (address);

    /// @notice Whose vote for a finding about the contest under way stands; zero for nobody's.
    function findingOf(ClaimKind kind, bytes32 tag, Finding finding) external view returns (address);

    /// @notice The terms of steps that begin now.
    function terms() external view returns (Terms memory);

    /// @notice The terms that were set last, whether they apply already or later.
    function latestTerms() external view returns (Terms memory);
}
