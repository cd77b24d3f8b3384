// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ICouncil
/// @notice The supervisors together: what takes several of them is proposed, approved by as many
/// as the threshold says, waits for the delay in everybody's sight, and is then carried out.
/// @dev Members, threshold and delay change in this very way only. Nothing of value is held.
interface ICouncil {
    /// @notice Where a proposal stands.
    enum ProposalState {
        NONE,
        OPEN,
        SCHEDULED,
        EXECUTED,
        CANCELLED
    }

    /// @notice A proposal as it was made.
    /// @param proposer member who made it
    /// @param proposedAt block time of that, seconds since 1970
    /// @param salt tells apart two proposals that say the same
    /// @param targets contracts that are called, in order
    /// @param payloads what they are called with, one for each target
    struct Proposal {
        address proposer;
        uint64 proposedAt;
        bytes32 salt;
        address[] targets;
        bytes[] payloads;
    }

    /// @notice The council has these members and needs so many of them.
    event MembersChanged(address[] members, uint256 threshold);
    /// @notice A member made a proposal.
    event ProposalMade(
        bytes32 indexed id,
        address indexed proposer,
        address[] targets,
        bytes[] payloads,
        bytes32 salt
    );
    /// @notice A member approved a proposal, which now has so many approvals.
    event ProposalApproved(bytes32 indexed id, address indexed member, uint256 approvals);
    /// @notice A member objected to a proposal, which now has so many objections.
    event ProposalObjected(bytes32 indexed id, address indexed member, uint256 objections);
    /// @notice A proposal has enough approvals and may be carried out from this time on.
    event ProposalScheduled(bytes32 indexed id, uint256 readyAt);
    /// @notice A proposal was carried out.
    event ProposalExecuted(bytes32 indexed id);
    /// @notice A proposal met as many objections as approvals are needed: it will not be carried
    /// out.
    event ProposalCancelled(bytes32 indexed id);

    /// @notice Only a member may do this.
    error CouncilNotMember(address caller);
    /// @notice Only a proposal that was carried out may do this.
    error CouncilNotItself(address caller);
    /// @notice There must be at least one member, and at most so many.
    error CouncilMemberCount(uint256 count, uint256 maximum);
    /// @notice A member is nobody, or named twice.
    error CouncilMemberInvalid(address member);
    /// @notice The threshold is zero or more than there are members.
    error CouncilThresholdInvalid(uint256 threshold, uint256 members);
    /// @notice A proposal calls at least one contract, with one payload each.
    error CouncilProposalShape(uint256 targets, uint256 payloads);
    /// @notice No contract stands at this address.
    error CouncilTargetEmpty(address target);
    /// @notice The same proposal was made before; another salt makes another proposal.
    error CouncilProposalKnown(bytes32 id);
    /// @notice A proposal in this state does not take this step.
    error CouncilProposalState(bytes32 id, ProposalState state);
    /// @notice The member said this already.
    error CouncilVoteRepeated(bytes32 id, address member);
    /// @notice Not enough members approve.
    error CouncilApprovalsMissing(bytes32 id, uint256 approvals, uint256 threshold);
    /// @notice Nothing stands at this place of a list.
    error CouncilIndexOutOfRange(uint256 index, uint256 count);
    /// @notice The council takes no money.
    error CouncilValueRefused(uint256 value);

    /// @notice Makes a proposal, which its proposer thereby approves.
    /// @return id names it from now on
    function propose(
        address[] calldata targets,
        bytes[] calldata payloads,
        bytes32 salt
    ) external returns (bytes32 id);

    /// @notice Approves an open proposal; the approval that reaches the threshold schedules it.
    function approve(bytes32 id) external;

    /// @notice Schedules an open proposal that has enough approvals because the council changed.
    /// Open to anyone.
    function scheduleProposal(bytes32 id) external;

    /// @notice Objects to a proposal that is not carried out yet; the objection that reaches the
    /// threshold cancels it.
    function objectTo(bytes32 id) external;

    /// @notice Carries out a scheduled proposal after its delay, all of it or nothing. Open to
    /// anyone.
    function executeProposal(bytes32 id) external;

    /// @notice Names all members anew, and how many of them decide. Only by a proposal.
    function setMembers(address[] calldata newMembers, uint256 newThreshold) external;

    /// @notice Whether an address is a member's.
    function isMember(address account) external view returns (bool);

    /// @notice The members, in the order they were named.
    function members() external view returns (address[] memory);

    /// @notice How many members there are.
    function memberCount() external view returns (uint256);

    /// @notice How many members decide.
    function threshold() external view returns (uint256);

    /// @notice How many proposals were ever made.
    function proposalCount() external view returns (uint256);

    /// @notice The id of a proposal in the order they were made, from zero.
    function proposalByIndex(uint256 index) external view returns (bytes32 id);

    /// @notice A proposal as it was made; all zero if there is none of that id.
    function proposal(bytes32 id) external view returns (Proposal memory);

    /// @notice Where a proposal stands.
    function stateOf(bytes32 id) external view returns (ProposalState);

    /// @notice From when on a scheduled proposal may be carried out; zero before and afterwards.
    function readyAt(bytes32 id) external view returns (uint256);

    /// @notice How many of today's members approve a proposal, and how many object.
    function votes(bytes32 id) external view returns (uint256 approvals, uint256 objections);

    /// @notice Whether a member approved.
    function hasApproved(bytes32 id, address member) external view returns (bool);
}
