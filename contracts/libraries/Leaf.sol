// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title Leaf
/// @notice Builds the public bytes of a fact: its tag and the hash of its leaf.
/// @dev Mirrors the byte table of the evidence package; integers are big-endian.
///
///     head    version u8 | kind u8 | class u16 | period u32
///     tag     exclusive fact SHA-256(0x10 | head | handle)
///             reversal SHA-256(0x13 | log u32 | index u64)
///     leaf    tag | seal
library Leaf {
    /// @notice The only version of the head there is.
    uint8 internal constant HEAD_VERSION = 1;
    /// @notice Kind of a payout.
    uint8 internal constant KIND_PAYOUT = 2;
    /// @notice Bit of the class that marks a line which does not exclude another one.
    uint16 internal constant SUPPLEMENT_BIT = 0x8000;

    /// @notice Tells whether two live facts with this head and one handle contradict each other as
    /// payouts.
    function isExclusivePayout(bytes8 head) internal pure returns (bool) {
        uint64 packed = uint64(head);
        uint16 class = uint16(packed >> 32);
        return
            uint8(packed >> 56) == HEAD_VERSION &&
            uint8(packed >> 48) == KIND_PAYOUT &&
            class & SUPPLEMENT_BIT == 0;
    }

    /// @notice The tag of an exclusive fact.
    /// @param head the eight bytes that say what kind of fact it is, and of which month
    /// @param handle opens this one fact without giving the subject away
    function exclusiveTag(bytes8 head, bytes32 handle) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x10), head, handle));
    }

    /// @notice The tag that a reversal of leaf `index` of `log` has.
    function reversalTag(LogId log, uint64 index) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x13), LogId.unwrap(log), index));
    }

    /// @notice The hash under which a leaf stands in the Merkle tree (RFC 9162 section 2.1.1).
    function hash(bytes32 tag, bytes32 seal) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), tag, seal));
    }
}
