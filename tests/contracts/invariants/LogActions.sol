// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leaf} from "contracts/libraries/Leaf.sol";
import {LogId} from "contracts/types/LogId.sol";

import {Tree} from "./Tree.sol";
import {vm} from "./Vm.sol";
import {World} from "./World.sol";

/// @notice Logs that grow, are closed and carried on; bureaus suspended; credentials revoked.
abstract contract LogActions is World {
    uint64 internal constant MOST_LEAVES = 160;

    mapping(uint32 log => uint64[]) internal sizesOf;
    mapping(uint32 log => mapping(uint64 size => bytes32)) internal rootOf;
    mapping(uint32 successor => uint32) internal predecessorOf;
    mapping(uint32 successor => uint64) internal inheritedBy;
    mapping(uint32 log => mapping(uint64 index => bool)) internal isRevoked;

    function pass(uint32 time) external {
        vm.warp(block.timestamp + (time % 4 days) + 1);
    }

    function publish(uint256 logSeed, uint8 growth, uint256 seed) external {
        uint32 log = _log(logSeed);
        uint64 before = _sizeOf(log);
        uint64 base = before == 0 ? inheritedBy[log] : before;
        uint64 size = base + (growth % 12);
        if (size == 0 || size > MOST_LEAVES) return;
        bytes32[] memory leaves = _leaves(log, size);
        bytes32 root = Tree.root(leaves, size);
        bytes32[] memory proof = Tree.consistency(leaves, base == size ? 0 : base, size);
        bytes memory data = abi.encodeCall(
            checkpoints.publish,
            (LogId.wrap(log), size, root, proof)
        );
        if (base != 0) _forge(log, base, seed);
        (bool ok, ) = _act("publish", publisherOf[log], address(0), address(checkpoints), data, seed);
        if (!ok) return;
        require(size > before, "a checkpoint shrank");
        require(!isClosed[log], "a closed log published");
        sizesOf[log].push(size);
        rootOf[log][size] = root;
    }

    /// @dev The same log with one old leaf changed, however well proven in itself.
    function _forge(uint32 log, uint64 base, uint256 seed) private {
        uint64 size = base + 1 + uint64(seed % 4);
        bytes32[] memory leaves = _leaves(log, size);
        leaves[seed % base] = keccak256(abi.encode("changed", seed));
        bytes memory data = abi.encodeCall(
            checkpoints.publish,
            (
                LogId.wrap(log),
                size,
                Tree.root(leaves, size),
                Tree.consistency(leaves, base, size)
            )
        );
        _never("forked checkpoint", publisherOf[log], address(checkpoints), data);
    }

    function suspend(uint256 logSeed, bool suspended, uint256 seed) external {
        uint32 log = _log(logSeed);
        LogId id = LogId.wrap(log);
        if (suspended && seed % 4 != 0) return;
        bytes memory data = suspended
            ? abi.encodeCall(bureaus.suspend, (id, bytes32(seed)))
            : abi.encodeCall(bureaus.reinstate, (id, bytes32(seed)));
        string memory name = suspended ? "suspend" : "reinstate";
        (bool ok, ) = _act(name, freezer, address(0), address(bureaus), data, seed);
        if (ok) isSuspended[log] = suspended;
    }

    function closeLog(uint256 logSeed, uint256 seed) external {
        uint32 log = _log(logSeed);
        // Rarely: what is closed does little.
        if (seed % 16 != 0 || _closedCount() * 2 >= logCount) return;
        bytes memory data = abi.encodeCall(bureaus.closeLog, (LogId.wrap(log), bytes32(seed)));
        (bool ok, ) = _act("closeLog", address(council), address(0), address(bureaus), data, seed);
        if (ok) isClosed[log] = true;
    }

    function nameSuccessor(uint256 logSeed, uint256 sizeSeed, uint256 seed) external {
        uint32 log = _log(logSeed);
        uint32 successor = logCount + 1;
        if (successor > MOST_LOGS || successorOf[log] != 0 || !isClosed[log]) return;
        uint64 size = sizesOf[log].length == 0 ? 0 : sizesOf[log][sizeSeed % sizesOf[log].length];
        successorOf[log] = successor;
        bytes memory data = abi.encodeCall(
            bureaus.nameSuccessor,
            (LogId.wrap(log), size, _input(successor))
        );
        (bool ok, ) = _act(
            "nameSuccessor",
            address(council),
            address(0),
            address(bureaus),
            data,
            seed
        );
        require(ok, "a closed log could not be carried on");
        predecessorOf[successor] = log;
        inheritedBy[successor] = size;
        _welcome(successor);
    }

    function revoke(uint256 logSeed, uint8 index, bool revoked, uint256 seed) external {
        uint32 log = _log(logSeed);
        uint32 acting = _acting(log);
        uint64[] memory indices = new uint64[](1);
        indices[0] = index;
        bytes memory data = revoked
            ? abi.encodeCall(statuses.revoke, (LogId.wrap(log), indices, bytes32(seed)))
            : abi.encodeCall(statuses.restore, (LogId.wrap(log), indices, bytes32(seed)));
        string memory name = revoked ? "revoke" : "restore";
        (bool ok, ) = _act(name, publisherOf[acting], address(0), address(statuses), data, seed);
        if (!ok) return;
        require(revoked || !isSuspended[acting], "a suspended bureau restored");
        require(isRevoked[log][index] != revoked, "a bit was set twice");
        isRevoked[log][index] = revoked;
        require(statuses.isRevoked(LogId.wrap(log), index) == revoked, "another bit was set");
    }

    /// @dev Everything that was published stands as it was published.
    function _auditLogs() internal view {
        for (uint32 log = 1; log <= logCount; ++log) {
            LogId id = LogId.wrap(log);
            uint64[] storage sizes = sizesOf[log];
            require(checkpoints.count(id) == sizes.length, "a checkpoint went or came");
            require(checkpoints.latestSize(id) == _sizeOf(log), "another newest checkpoint");
            for (uint256 i = 0; i < sizes.length; ++i) {
                bool isSame = checkpoints.checkpoint(id, sizes[i]).root == rootOf[log][sizes[i]];
                require(isSame, "a checkpoint changed");
            }
        }
    }

    function _sizeOf(uint32 log) internal view returns (uint64) {
        uint64[] storage sizes = sizesOf[log];
        return sizes.length == 0 ? 0 : sizes[sizes.length - 1];
    }

    /// @dev The log in which a leaf was recorded first.
    function _originOf(uint32 log, uint64 index) internal view returns (uint32) {
        while (index < inheritedBy[log]) log = predecessorOf[log];
        return log;
    }

    function _leaves(uint32 log, uint64 size) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint64 index = 0; index < size; ++index) {
            bytes32 tag = keccak256(abi.encode("tag", _originOf(log, index), index));
            leaves[index] = Leaf.hash(tag, keccak256(abi.encode("seal", tag)));
        }
    }

    function _closedCount() private view returns (uint32 count) {
        for (uint32 log = 1; log <= logCount; ++log) if (isClosed[log]) ++count;
    }
}
