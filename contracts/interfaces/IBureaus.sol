// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";
import {PoolId} from "../types/PoolId.sol";

/// @title IBureaus
/// @notice Says who takes part: agencies and their logs, officers, supervisors, and the keys each
/// had at any time.
/// @dev Only supervisors change anything. Nothing is deleted: a signature is judged by the keys of
/// its own time.
interface IBureaus {
    /// @notice What names a supervisor.
    /// @param account address that signs its chain transactions
    /// @param cosignerKey Ed25519 key with which it cosigns checkpoints
    /// @param name what people call it
    /// @param endpoint where its node answers; may be empty
    struct Supervisor {
        address account;
        bytes32 cosignerKey;
        string name;
        string endpoint;
    }

    /// @notice What an agency is enrolled with.
    /// @param region GB/T 2260 code, six digits
    /// @param agencyFamily which family of insurances it runs, by the policy table
    /// @param pool pool its funds belong to, not zero
    /// @param publisher address that signs its chain transactions
    /// @param logKey Ed25519 key that signs its checkpoints
    /// @param sealingKeyDigest SHA-256 of the key to which packages for it are sealed
    /// @param name what people call it
    /// @param endpoint where its node answers; may be empty
    struct BureauInput {
        uint32 region;
        uint8 agencyFamily;
        PoolId pool;
        address publisher;
        bytes32 logKey;
        bytes32 sealingKeyDigest;
        string name;
        string endpoint;
    }

    /// @notice An enrolled agency as it stands now.
    struct Bureau {
        uint32 region;
        uint8 agencyFamily;
        PoolId pool;
        bool suspended;
        uint64 enrolledAt;
        address publisher;
        bytes32 logKey;
        bytes32 sealingKeyDigest;
        string name;
        string endpoint;
    }

    /// @notice The keys a log had from a moment on.
    struct KeySet {
        address publisher;
        uint64 validFrom;
        bytes32 logKey;
        bytes32 sealingKeyDigest;
    }

    /// @notice A supervisor was named at birth.
    event SupervisorNamed(
        address indexed account,
        bytes32 cosignerKey,
        string name,
        string endpoint
    );
    /// @notice An agency was given a log.
    event BureauEnrolled(
        LogId indexed log,
        uint32 indexed region,
        PoolId indexed pool,
        uint8 agencyFamily,
        address publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest,
        string name,
        string endpoint
    );
    /// @notice A log has new keys from now on.
    event KeysRotated(
        LogId indexed log,
        address indexed publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest
    );
    /// @notice A log is found elsewhere.
    event EndpointChanged(LogId indexed log, string endpoint);
    /// @notice An agency may not open anything new for now.
    event BureauSuspended(LogId indexed log, bytes32 reasonDigest);
    /// @notice An agency works again without limits.
    event BureauReinstated(LogId indexed log, bytes32 reasonDigest);
    /// @notice An officer may approve for a log, or no longer.
    event OfficerSet(LogId indexed log, address indexed officer, bool active);

    /// @notice Only a supervisor may do this.
    error BureausNotSupervisor(address caller);
    /// @notice No log has this number.
    error BureausLogUnknown(LogId log);
    /// @notice The address publishes, or once published, for a log already.
    error BureausPublisherTaken(address publisher, LogId log);
    /// @notice The key signs, or once signed, for a log already.
    error BureausLogKeyTaken(bytes32 logKey, LogId log);
    /// @notice An address that cannot take the role: zero, or it holds a role that must stay apart.
    error BureausAccountInvalid(address account);
    /// @notice A key or its digest is zero.
    error BureausKeyMissing(bytes32 logKey, bytes32 sealingKeyDigest);
    /// @notice Not a six-digit region code.
    error BureausRegionInvalid(uint32 region);
    /// @notice Not a pool.
    error BureausPoolInvalid(PoolId pool);
    /// @notice A text is empty where it must not be, or too long.
    error BureausTextLength(uint256 length, uint256 minimum, uint256 maximum);
    /// @notice The agency is suspended, or is not, already.
    error BureausSuspensionUnchanged(LogId log, bool suspended);
    /// @notice The officer may approve, or may not, already.
    error BureausOfficerUnchanged(LogId log, address officer, bool active);
    /// @notice The log had no keys yet.
    error BureausKeysNotYetValid(LogId log, uint64 time, uint64 enrolledAt);
    /// @notice Nothing stands at this place of a list.
    error BureausIndexOutOfRange(uint256 index, uint256 count);
    /// @notice There must be at least one supervisor, and at most so many.
    error BureausSupervisorCount(uint256 count, uint256 maximum);

    /// @notice Enrols an agency and gives it the next log id, from 1.
    /// @dev A repeated call is refused by publisher and key, so that an enrolment whose answer was
    /// lost can be found with `logIdOf`.
    function enrol(BureauInput calldata input) external returns (LogId log);

    /// @notice Replaces a log's keys from now on; the old ones stay in its history and are never
    /// given to another log.
    function rotateKeys(
        LogId log,
        address publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest
    ) external;

    /// @notice Changes where a log is found.
    function setEndpoint(LogId log, string calldata endpoint) external;

    /// @notice Stops an agency from proposing, claiming and requesting; everything owed to others
    /// goes on.
    /// @param reasonDigest SHA-256 of the decision
    function suspend(LogId log, bytes32 reasonDigest) external;

    /// @notice Ends a suspension.
    /// @param reasonDigest SHA-256 of the decision
    function reinstate(LogId log, bytes32 reasonDigest) external;

    /// @notice Lets an officer approve disbursements of a log, or no longer.
    function setOfficer(LogId log, address officer, bool active) external;

    /// @notice The agency of a log; refuses an unknown one.
    function bureau(LogId log) external view returns (Bureau memory);

    /// @notice The log that an address publishes for, or once did; zero for none.
    function logIdOf(address publisher) external view returns (LogId);

    /// @notice The log that a checkpoint key signs for, or once did; zero for none.
    function logIdOfKey(bytes32 logKey) external view returns (LogId);

    /// @notice How many logs there are; their ids run from 1 to this.
    function logCount() external view returns (uint32);

    /// @notice Whether there is such a log.
    function isEnrolled(LogId log) external view returns (bool);

    /// @notice Whether the address publishes for the log now.
    function isPublisher(LogId log, address account) external view returns (bool);

    /// @notice Whether the officer may approve for the log now.
    function isOfficer(LogId log, address account) external view returns (bool);

    /// @notice Whether the address is a supervisor's.
    function isSupervisor(address account) external view returns (bool);

    /// @notice Whether the agency is suspended now; refuses an unknown log.
    function isSuspended(LogId log) external view returns (bool);

    /// @notice The pool of a log; refuses an unknown log.
    function poolOf(LogId log) external view returns (PoolId);

    /// @notice The region of a log; refuses an unknown log.
    function regionOf(LogId log) external view returns (uint32);

    /// @notice The keys a log had at a time; refuses a time before its enrolment.
    /// @param time seconds since 1970
    function keysAt(LogId log, uint64 time) external view returns (KeySet memory);

    /// @notice How many sets of keys a log had so far.
    function keyCount(LogId log) external view returns (uint256);

    /// @notice A log's keys in the order they came, from zero.
    function keyByIndex(LogId log, uint256 index) external view returns (KeySet memory);

    /// @notice How many supervisors there are.
    function supervisorCount() external view returns (uint256);

    /// @notice A supervisor in the order they were named, from zero.
    function supervisorByIndex(uint256 index) external view returns (Supervisor memory);
}
