// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MerkleLog
/// @notice Checks that a leaf is in a log, and that a log only grew (RFC 9162, SHA-256).
/// @dev The tree is positional: left and right are decided by index and size, never by sorting.
/// Inputs are hashes of leaves and nodes that the caller computed; no loop runs longer than the
/// proof, which cannot exceed 128 hashes.
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
    ) internal pure {
        // 1. Compare index and size.
        if (index >= size) revert MerkleLogIndexOutOfRange(index, size);
        if (proof.length > MAXIMUM_PROOF_LENGTH) revert MerkleLogProofLength(proof.length);
        // 2. and 3. Start at the leaf.
        uint64 node = index;
        uint64 last = size - 1;
        bytes32 computed = leafHash;
        // 4. Climb.
        for (uint256 step = 0; step < proof.length; ++step) {
            if (last == 0) revert MerkleLogProofLength(proof.length);
            if (node & 1 == 1 || node == last) {
                computed = nodeHash(proof[step], computed);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                computed = nodeHash(computed, proof[step]);
            }
            node >>= 1;
            last >>= 1;
        }
        // 5. The climb must end at the root, and at the right one.
        if (last != 0) revert MerkleLogProofLength(proof.length);
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
    ) internal pure {
        if (olderSize >= newerSize) revert MerkleLogSizesOutOfOrder(olderSize, newerSize);
        if (proof.length > MAXIMUM_PROOF_LENGTH) revert MerkleLogProofLength(proof.length);
        if (olderSize == 0) {
            if (proof.length != 0) revert MerkleLogProofLength(proof.length);
            return;
        }
        // 1. and 2. A complete older tree is its own first hash.
        bool isComplete = olderSize & (olderSize - 1) == 0;
        uint256 step = isComplete ? 0 : 1;
        if (proof.length < 1) revert MerkleLogProofLength(proof.length);
        // 3. and 4. Start at the lowest node that both trees share.
        uint64 node = olderSize - 1;
        uint64 last = newerSize - 1;
        while (node & 1 == 1) {
            node >>= 1;
            last >>= 1;
        }
        // 5. Climb twice: to the older root and to the newer one.
        bytes32 older = isComplete ? olderRoot : proof[0];
        bytes32 newer = older;
        for (; step < proof.length; ++step) {
            if (last == 0) revert MerkleLogProofLength(proof.length);
            bytes32 sibling = proof[step];
            if (node & 1 == 1 || node == last) {
                older = nodeHash(sibling, older);
                newer = nodeHash(sibling, newer);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                newer = nodeHash(newer, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        // 6. Both climbs must end where they should.
        if (last != 0) revert MerkleLogProofLength(proof.length);
        if (older != olderRoot) revert MerkleLogHistoryMismatch(olderRoot, older);
        if (newer != newerRoot) revert MerkleLogRootMismatch(newerRoot, newer);
    }

    /// @notice The hash of an inner node.
    /// @return SHA-256(0x01 | left | right)
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
