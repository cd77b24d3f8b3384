// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MerkleLog
/// @notice Checks that a leaf is in a log, and that a log only grew (RFC 9162, SHA-256).
/// @dev The tree is positional: left and right are decided by index and size, never by sorting.
/// Inputs are hashes of leaves and nodes that the caller computed; no loop runs longer than the
/// proof, which cannot exceed 128 hashes. Arithmetic is unchecked where it says why it cannot
/// overflow. Hashing fails for want of gas only, and then nothing is left to name an error with: a
/// bare revert.
library MerkleLog {
    /// @notice Longest proof that any tree of fewer than 2^64 leaves needs.
    uint256 internal constant MAXIMUM_PROOF_LENGTH = 128;

    /// @notice The leaf does not exist in a tree of this size.
    error MerkleLogIndexOutOfRange(uint64 index, uint64 size);

    /// @notice An older tree cannot be larger than, or as large as, the newer one.
    error MerkleLogSizesOutOfOrder(uint64 olderSize, uint64 newerSize);

    /// @notice The proof has more or fewer hashes than index and sizes call for.
    error MerkleLogProofLength(uint256 length);

    /// @notice The proof leads to another root than the one it is checked against.
    error MerkleLogRootMismatch(bytes32 expected, bytes32 computed);

    /// @notice The proof starts from another older root than the one it is checked against: history
    /// was changed.
    error MerkleLogHistoryMismatch(bytes32 expected, bytes32 computed);

    /// @notice Refuses unless the leaf is at `index` of the tree. Steps of RFC 9162 section
    /// 2.1.3.2.
    /// @param index zero-based position of the leaf
    /// @param size number of leaves in the tree, more than `index`
    /// @param leafHash SHA-256(0x00 | leaf)
    /// @param proof sibling hashes from the leaf upwards
    /// @param root root of the tree of `size` leaves
    function requireIncluded(
        uint64 index,
        uint64 size,
        bytes32 leafHash,
        bytes32[] calldata proof,
        bytes32 root
    ) internal view {
        // 1. Compare index and size.
        if (index >= size) revert MerkleLogIndexOutOfRange(index, size);
        uint256 length = proof.length;
        if (length > MAXIMUM_PROOF_LENGTH) revert MerkleLogProofLength(length);
        // 2. and 3. Start at the leaf.
        uint256 node = index;
        bytes32 computed = leafHash;
        // Nothing below can overflow: `size` is above zero, `step` below 128, and both counters
        // only shrink.
        unchecked {
            uint256 last = uint256(size) - 1;
            // 4. Climb.
            for (uint256 step = 0; step < length; ++step) {
                if (last == 0) revert MerkleLogProofLength(length);
                if (node & 1 == 1 || node == last) {
                    computed = nodeHash(_hashAt(proof, step), computed);
                    while (node & 1 == 0 && node != 0) {
                        node >>= 1;
                        last >>= 1;
                    }
                } else {
                    computed = nodeHash(computed, _hashAt(proof, step));
                }
                node >>= 1;
                last >>= 1;
            }
            // 5. The climb must end at the root, and at the right one.
            if (last != 0) revert MerkleLogProofLength(length);
        }
        if (computed != root) revert MerkleLogRootMismatch(root, computed);
    }

    /// @notice Refuses unless the older tree is a prefix of the newer one. Steps of RFC 9162
    /// section 2.1.4.2.
    /// @dev The empty tree is a prefix of every tree and takes an empty proof.
    /// @param olderSize leaves in the older tree, fewer than `newerSize`
    /// @param olderRoot root of the older tree, not read when `olderSize` is zero
    /// @param newerSize leaves in the newer tree
    /// @param newerRoot root of the newer tree
    /// @param proof the consistency proof between the two
    function requireConsistent(
        uint64 olderSize,
        bytes32 olderRoot,
        uint64 newerSize,
        bytes32 newerRoot,
        bytes32[] calldata proof
    ) internal view {
        if (olderSize >= newerSize) revert MerkleLogSizesOutOfOrder(olderSize, newerSize);
        uint256 length = proof.length;
        if (length > MAXIMUM_PROOF_LENGTH) revert MerkleLogProofLength(length);
        if (olderSize == 0) {
            if (length != 0) revert MerkleLogProofLength(length);
            return;
        }
        if (length == 0) revert MerkleLogProofLength(length);
        bytes32 older = olderRoot;
        bytes32 newer;
        // Nothing below can overflow: both sizes are above zero, `step` is below 128, and both
        // counters only shrink.
        unchecked {
            uint256 step = 0;
            uint256 node = uint256(olderSize) - 1;
            uint256 last = uint256(newerSize) - 1;
            // 1. and 2. A complete older tree is its own first hash.
            if (olderSize & node != 0) older = _hashAt(proof, step++);
            // 3. and 4. Start at the lowest node that both trees share.
            while (node & 1 == 1) {
                node >>= 1;
                last >>= 1;
            }
            // 5. Climb twice: to the older root and to the newer one.
            (older, newer, last) = _climb(proof, step, older, node, last);
            // 6. Both climbs must end where they should.
            if (last != 0) revert MerkleLogProofLength(length);
        }
        if (older != olderRoot) revert MerkleLogHistoryMismatch(olderRoot, older);
        if (newer != newerRoot) revert MerkleLogRootMismatch(newerRoot, newer);
    }

    /// @notice The hash of an inner node.
    /// @dev Calls the SHA-256 precompile (address 2) over 65 bytes laid out behind the used memory,
    /// without taking that memory for good: a proof of thirty hashes needs no thirty copies.
    /// @return digest SHA-256(0x01 | left | right)
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        bool isHashed;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 0x01)
            mstore(add(input, 1), left)
            mstore(add(input, 33), right)
            isHashed := staticcall(gas(), 2, input, 65, 0x00, 32)
            digest := mload(0x00)
        }
        if (!isHashed) revert();
    }

    /// @dev Step 5 of RFC 9162 section 2.1.4.2, the part of a publication that runs up to sixty
    /// hashes; in assembly it costs half (decision 0015). Behind the used memory lie the 65 bytes
    /// that are hashed: 0x01 | left | right. Ends early when the newer tree is climbed to its root
    /// (`above` zero) with hashes left over: `above` is then made non-zero, which the caller
    /// refuses like a climb that ends too low.
    /// @param step place of the first hash of the proof to climb with
    /// @param start hash of the lowest node that both trees share
    /// @param node index of that node on its level
    /// @param last index of the last node of the newer tree on that level
    /// @return older root of the older tree that the proof leads to
    /// @return newer root of the newer tree that the proof leads to
    /// @return above zero when the climb used the whole proof and ended at the newer root
    function _climb(
        bytes32[] calldata proof,
        uint256 step,
        bytes32 start,
        uint256 node,
        uint256 last
    ) private view returns (bytes32 older, bytes32 newer, uint256 above) {
        bool isHashed = true;
        assembly ("memory-safe") {
            let input := mload(0x40)
            let left := add(input, 1)
            let right := add(input, 33)
            let end := add(proof.offset, shl(5, proof.length))
            mstore8(input, 0x01)
            older := start
            newer := start
            above := last
            for {
                let at := add(proof.offset, shl(5, step))
            } lt(at, end) {
                at := add(at, 32)
            } {
                if iszero(above) {
                    above := 1
                    break
                }
                switch or(and(node, 1), eq(node, above))
                case 0 {
                    // The sibling is in the newer tree only, on the right.
                    mstore(left, newer)
                    mstore(right, calldataload(at))
                    isHashed := and(isHashed, staticcall(gas(), 2, input, 65, 0x00, 32))
                    newer := mload(0x00)
                }
                default {
                    // The sibling is in both trees, on the left.
                    mstore(left, calldataload(at))
                    mstore(right, older)
                    isHashed := and(isHashed, staticcall(gas(), 2, input, 65, 0x00, 32))
                    older := mload(0x00)
                    mstore(right, newer)
                    isHashed := and(isHashed, staticcall(gas(), 2, input, 65, 0x00, 32))
                    newer := mload(0x00)
                    // Levels on which the node is the last and has no sibling.
                    for {} iszero(or(and(node, 1), iszero(node))) {} {
                        node := shr(1, node)
                        above := shr(1, above)
                    }
                }
                node := shr(1, node)
                above := shr(1, above)
            }
        }
        if (!isHashed) revert();
    }

    /// @dev One hash of a proof; the caller has compared `step` with its length.
    function _hashAt(bytes32[] calldata proof, uint256 step) private pure returns (bytes32 found) {
        assembly ("memory-safe") {
            found := calldataload(add(proof.offset, shl(5, step)))
        }
    }
}
