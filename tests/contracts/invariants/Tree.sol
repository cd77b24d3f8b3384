// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Tree
/// @notice RFC 9162 as its text reads: recursive, over all leaf hashes, slow (sections 2.1.1,
/// 2.1.4.1). Written apart from MerkleLog, which it is compared with.
library Tree {
    function root(bytes32[] memory leaves, uint256 size) internal pure returns (bytes32) {
        return _hash(leaves, 0, size);
    }

    function consistency(
        bytes32[] memory leaves,
        uint256 older,
        uint256 newer
    ) internal pure returns (bytes32[] memory proof) {
        if (older == 0) return proof;
        bytes32[] memory found = new bytes32[](64);
        uint256 count = _subproof(leaves, older, 0, newer, true, found);
        proof = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) proof[i] = found[i];
    }

    function _subproof(
        bytes32[] memory leaves,
        uint256 older,
        uint256 first,
        uint256 end,
        bool whole,
        bytes32[] memory found
    ) private pure returns (uint256 count) {
        uint256 size = end - first;
        if (older == size) {
            if (whole) return 0;
            found[0] = _hash(leaves, first, end);
            return 1;
        }
        uint256 k = _split(size);
        if (older <= k) {
            count = _subproof(leaves, older, first, first + k, whole, found);
            found[count] = _hash(leaves, first + k, end);
        } else {
            count = _subproof(leaves, older - k, first + k, end, false, found);
            found[count] = _hash(leaves, first, first + k);
        }
        ++count;
    }

    function _hash(
        bytes32[] memory leaves,
        uint256 first,
        uint256 end
    ) private pure returns (bytes32) {
        if (end - first == 1) return leaves[first];
        uint256 middle = first + _split(end - first);
        return
            sha256(
                abi.encodePacked(
                    bytes1(0x01),
                    _hash(leaves, first, middle),
                    _hash(leaves, middle, end)
                )
            );
    }

    function _split(uint256 size) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < size) k *= 2;
    }
}
