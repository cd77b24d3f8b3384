// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title OfficerSignature
/// @notice Finds out who signed: EIP-712 typed data, secp256k1.
/// @dev Refuses every second spelling of a signature, so that one approval has one form.
library OfficerSignature {
    /// @dev keccak256 of the domain's type, EIP-712.
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    /// @dev Half of the curve's order: a larger s has a smaller twin (EIP-2).
    uint256 private constant HALF_ORDER =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The signature has the wrong length, a second spelling, or no signer.
    error OfficerSignatureInvalid(bytes32 digest, uint256 length);

    /// @notice The domain separator of a contract (EIP-712).
    function domainOf(
        string memory name,
        string memory version,
        address verifyingContract
    ) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPE,
                    keccak256(bytes(name)),
                    keccak256(bytes(version)),
                    block.chainid,
                    verifyingContract
                )
            );
    }

    /// @notice What is signed: prefix, domain and the hash of the typed values.
    function digestOf(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    /// @notice The address that signed `digest`; refuses what nobody signed.
    /// @param signature 65 bytes: r, s, v with v 27 or 28
    function signerOf(
        bytes32 digest,
        bytes calldata signature
    ) internal pure returns (address signer) {
        if (signature.length != 65) revert OfficerSignatureInvalid(digest, signature.length);
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28))
            revert OfficerSignatureInvalid(digest, signature.length);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert OfficerSignatureInvalid(digest, signature.length);
    }
}
