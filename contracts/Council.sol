// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {ICouncil} from "./interfaces/ICouncil.sol";
import {EventCount} from "./libraries/EventCount.sol";

/// @title Council
/// @notice k of n supervisors, with a delay, over OpenZeppelin's TimelockController.
/// @dev The timelock's own ways in (schedule, execute, cancel) are open to this contract alone, so
/// that nothing passes without the votes. Votes are counted over today's members: who left no
/// longer counts, whoever comes may vote on what is open.
contract Council is TimelockController, ICouncil, EventCount {
    /// @notice Most members there can be.
    uint256 public constant MAXIMUM_MEMBERS = 64;

    address[] private _members;
    mapping(address member => bool) private _isMember;
    uint256 private _threshold;
    bytes32[] private _ids;
    mapping(bytes32 id => Proposal) private _proposals;
    mapping(bytes32 id => bool) private _cancelled;
    mapping(bytes32 id => mapping(address member => bool)) private _approved;
    mapping(bytes32 id => mapping(address member => bool)) private _objected;

    modifier onlyMember() {
        if (!_isMember[msg.sender]) revert CouncilNotMember(msg.sender);
        _;
    }

    /// @param firstMembers distinct addresses, at least one
    /// @param firstThreshold how many of them decide
    /// @param delaySeconds how long a decision waits before it can be carried out
    constructor(
        address[] memory firstMembers,
        uint256 firstThreshold,
        uint256 delaySeconds
    ) TimelockController(delaySeconds, new address[](0), new address[](0), address(0)) {
        _grantRole(PROPOSER_ROLE, address(this));
        _grantRole(CANCELLER_ROLE, address(this));
        _grantRole(EXECUTOR_ROLE, address(this));
        _setMembers(firstMembers, firstThreshold);
    }

    /// @dev The timelock would take money; there is no way for it out of here.
    receive() external payable override {
        revert CouncilValueRefused(msg.value);
    }

    /// @inheritdoc ICouncil
    function propose(
        address[] calldata targets,
        bytes[] calldata payloads,
        bytes32 salt
    ) external onlyMember returns (bytes32 id) {
        uint256 count = targets.length;
        if (count == 0 || count != payloads.length)
            revert CouncilProposalShape(count, payloads.length);
        for (uint256 i = 0; i < count; ++i) {
            if (targets[i].code.length == 0) revert CouncilTargetEmpty(targets[i]);
        }
        id = keccak256(abi.encode(targets, new uint256[](count), payloads, bytes32(0), salt));
        if (_proposals[id].proposedAt != 0) revert CouncilProposalKnown(id);
        _proposals[id] = Proposal({
            proposer: msg.sender,
            proposedAt: uint64(block.timestamp),
            salt: salt,
            targets: targets,
            payloads: payloads
        });
        _ids.push(id);
        _countEvent();
        emit ProposalMade(id, msg.sender, targets, payloads, salt);
        _approve(id);
    }

    /// @inheritdoc ICouncil
    function approve(bytes32 id) external onlyMember {
        _requireState(id, ProposalState.OPEN);
        if (_approved[id][msg.sender]) revert CouncilVoteRepeated(id, msg.sender);
        _approve(id);
    }

    /// @inheritdoc ICouncil
    function scheduleProposal(bytes32 id) external {
        _requireState(id, ProposalState.OPEN);
        uint256 approvals = _count(_approved[id]);
        if (approvals < _threshold) revert CouncilApprovalsMissing(id, approvals, _threshold);
        _schedule(id);
    }

    /// @inheritdoc ICouncil
    function objectTo(bytes32 id) external onlyMember {
        ProposalState state = stateOf(id);
        if (state != ProposalState.OPEN && state != ProposalState.SCHEDULED)
            revert CouncilProposalState(id, state);
        if (_objected[id][msg.sender]) revert CouncilVoteRepeated(id, msg.sender);
        _objected[id][msg.sender] = true;
        uint256 objections = _count(_objected[id]);
        _countEvent();
        emit ProposalObjected(id, msg.sender, objections);
        if (objections < _threshold) return;
        _cancelled[id] = true;
        _countEvent();
        emit ProposalCancelled(id);
        if (state == ProposalState.SCHEDULED) this.cancel(id);
    }

    /// @inheritdoc ICouncil
    function executeProposal(bytes32 id) external {
        _requireState(id, ProposalState.SCHEDULED);
        Proposal memory found = _proposals[id];
        _countEvent();
        emit ProposalExecuted(id);
        this.executeBatch(
            found.targets,
            new uint256[](found.targets.length),
            found.payloads,
            0,
            found.salt
        );
    }

    /// @inheritdoc ICouncil
    function setMembers(address[] calldata newMembers, uint256 newThreshold) external {
        if (msg.sender != address(this)) revert CouncilNotItself(msg.sender);
        for (uint256 i = 0; i < _members.length; ++i) _isMember[_members[i]] = false;
        _setMembers(newMembers, newThreshold);
    }

    /// @inheritdoc ICouncil
    function isMember(address account) external view returns (bool) {
        return _isMember[account];
    }

    /// @inheritdoc ICouncil
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc ICouncil
    function memberCount() external view returns (uint256) {
        return _members.length;
    }

    /// @inheritdoc ICouncil
    function threshold() external view returns (uint256) {
        return _threshold;
    }

    /// @inheritdoc ICouncil
    function proposalCount() external view returns (uint256) {
        return _ids.length;
    }

    /// @inheritdoc ICouncil
    function proposalByIndex(uint256 index) external view returns (bytes32 id) {
        if (index >= _ids.length) revert CouncilIndexOutOfRange(index, _ids.length);
        return _ids[index];
    }

    /// @inheritdoc ICouncil
    function proposal(bytes32 id) external view returns (Proposal memory) {
        return _proposals[id];
    }

    /// @inheritdoc ICouncil
    function readyAt(bytes32 id) external view returns (uint256) {
        return isOperationPending(id) ? getTimestamp(id) : 0;
    }

    /// @inheritdoc ICouncil
    function votes(bytes32 id) external view returns (uint256 approvals, uint256 objections) {
        return (_count(_approved[id]), _count(_objected[id]));
    }

    /// @inheritdoc ICouncil
    function hasApproved(bytes32 id, address member) external view returns (bool) {
        return _approved[id][member];
    }

    /// @inheritdoc ICouncil
    function stateOf(bytes32 id) public view returns (ProposalState) {
        if (_proposals[id].proposedAt == 0) return ProposalState.NONE;
        if (_cancelled[id]) return ProposalState.CANCELLED;
        if (isOperationDone(id)) return ProposalState.EXECUTED;
        return isOperation(id) ? ProposalState.SCHEDULED : ProposalState.OPEN;
    }

    function _approve(bytes32 id) private {
        _approved[id][msg.sender] = true;
        uint256 approvals = _count(_approved[id]);
        _countEvent();
        emit ProposalApproved(id, msg.sender, approvals);
        if (approvals >= _threshold) _schedule(id);
    }

    function _schedule(bytes32 id) private {
        Proposal memory found = _proposals[id];
        uint256 delay = getMinDelay();
        _countEvent();
        emit ProposalScheduled(id, block.timestamp + delay);
        this.scheduleBatch(
            found.targets,
            new uint256[](found.targets.length),
            found.payloads,
            0,
            found.salt,
            delay
        );
    }

    function _setMembers(address[] memory newMembers, uint256 newThreshold) private {
        uint256 count = newMembers.length;
        if (count == 0 || count > MAXIMUM_MEMBERS) revert CouncilMemberCount(count, MAXIMUM_MEMBERS);
        if (newThreshold == 0 || newThreshold > count)
            revert CouncilThresholdInvalid(newThreshold, count);
        for (uint256 i = 0; i < count; ++i) {
            address member = newMembers[i];
            if (member == address(0) || _isMember[member]) revert CouncilMemberInvalid(member);
            _isMember[member] = true;
        }
        _members = newMembers;
        _threshold = newThreshold;
        _countEvent();
        emit MembersChanged(newMembers, newThreshold);
    }

    /// @dev How many of today's members said so.
    function _count(mapping(address member => bool) storage said) private view returns (uint256 count) {
        for (uint256 i = 0; i < _members.length; ++i) {
            if (said[_members[i]]) ++count;
        }
    }

    function _requireState(bytes32 id, ProposalState wanted) private view {
        ProposalState state = stateOf(id);
        if (state != wanted) revert CouncilProposalState(id, state);
    }
}
