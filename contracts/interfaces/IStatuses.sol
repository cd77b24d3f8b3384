// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";

/// @title IStatuses
/// @notice Says which credentials (凭证) no longer count: one bit for each credential of a bureau.
/// @dev Numbers, never content: what a credential says and about whom stays off the chain.
interface IStatuses {
    /// @notice These credentials no longer count.
    event CredentialsRevoked(LogId indexed log, uint64[] indices, bytes32 reasonDigest);
    /// @notice These credentials count again.
    event CredentialsRestored(LogId indexed log, uint64[] indices, bytes32 reasonDigest);

    /// @notice Only the publisher who acts for the log may do this.
    error StatusesNotPublisher(LogId log, address caller);
    /// @notice A suspended bureau may revoke, never restore.
    error StatusesLogSuspended(LogId log);
    /// @notice The credential is revoked, or is not, already.
    error StatusesUnchanged(LogId log, uint64 index, bool revoked);
    /// @notice No credential is named.
    error StatusesNothingNamed(LogId log);

    /// @notice Revokes credentials. Also open to a suspended bureau.
    /// @param indices numbers of the credentials, each once
    /// @param reasonDigest SHA-256 of the decision
    function revoke(LogId log, uint64[] calldata indices, bytes32 reasonDigest) external;

    /// @notice Takes revocations back.
    /// @param indices numbers of the credentials, each once
    /// @param reasonDigest SHA-256 of the decision
    function restore(LogId log, uint64[] calldata indices, bytes32 reasonDigest) external;

    /// @notice Whether a credential is revoked now.
    function isRevoked(LogId log, uint64 index) external view returns (bool);

    /// @notice 256 credentials at once: bit i of word w is set when credential 256 w + i is revoked.
    function word(LogId log, uint64 index) external view returns (uint256);
}
