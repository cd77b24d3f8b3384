// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";
import {PoolId} from "../types/PoolId.sol";

/// @title IBureaus
/// @notice Says who takes part: agencies and their logs, officers, supervisors, and the keys each
/// had at any time.
/// @dev Who may do what is split: one address enrols, another suspends and freezes, a third closes
/// conflicts, and what weighs most takes the council (k of n supervisors, with a delay). Nothing is
/// deleted: a signature is judged by the keys of its own time.
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

    /// @notice Who holds the three roles at birth.
    /// @param enrollers may enrol agencies, change their keys, endpoints and officers, and publish
    /// the work calendar
    /// @param freezers may suspend agencies and freeze money
    /// @param closers may close conflicts
    struct RoleHolders {
        address[] enrollers;
        address[] freezers;
        address[] closers;
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
        bool closed;
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

    /// @notice The key with which a supervisor cosigned from a moment on; zero: it cosigned no more.
    struct CosignerKey {
        bytes32 key;
        uint64 validFrom;
    }

    /// @notice A supervisor is named so from now on.
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

    /// @notice A supervisor that left the council cosigns no more.
    event SupervisorRetired(address indexed account);
    /// @notice A log is closed for good: it publishes nothing more and opens nothing new.
    event LogClosed(LogId indexed log, bytes32 reasonDigest);
    /// @notice A new log carries a closed one on, from its checkpoint of that size.
    event SuccessorNamed(LogId indexed log, LogId indexed successor, uint64 size);

    /// @notice Only the council may do this.
    error BureausNotGovernor(address caller);
    /// @notice A role that nobody else can be given.
    error BureausRoleInvalid(bytes32 role);
    /// @notice Only a member of the council can be named a supervisor.
    error BureausNotMember(address account);
    /// @notice A member of the council still cosigns.
    error BureausStillMember(address account);
    /// @notice The log is closed for good.
    error BureausLogClosed(LogId log);
    /// @notice Only a closed log takes a successor.
    error BureausLogNotClosed(LogId log);
    /// @notice The log has a successor already.
    error BureausSuccessorNamed(LogId log, LogId successor);
    /// @notice A successor belongs to the pool of the log that it carries on.
    error BureausPoolDiffers(PoolId expected, PoolId actual);
    /// @notice The supervisor had no key at that time.
    error BureausCosignerUnknown(address account, uint64 time);
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

    /// @notice Names a member of the council, or names it anew; the old cosigner keys stay in its
    /// history. By the council.
    function setSupervisor(Supervisor calldata supervisor) external;

    /// @notice Ends the cosigner key of a supervisor that is no member of the council any more. Open
    /// to anyone.
    function retireSupervisor(address account) external;

    /// @notice Closes a log for good: its publisher and officers may do nothing more. By the
    /// council.
    /// @param reasonDigest SHA-256 of the decision
    function closeLog(LogId log, bytes32 reasonDigest) external;

    /// @notice Enrols the agency that carries a closed log on. Its first checkpoint must extend the
    /// closed log's checkpoint of `size`; what the closed log published after that is left behind.
    /// By the council.
    /// @dev Enrolled and named in one step, so that a successor certainly published nothing before.
    /// @param size of a published checkpoint, or zero to begin anew
    /// @param input what it is enrolled with; it must have the pool of the closed log
    function nameSuccessor(
        LogId log,
        uint64 size,
        BureauInput calldata input
    ) external returns (LogId successor);

    /// @notice The council: it alone closes logs, names successors, supervisors and role holders.
    function governor() external view returns (address);

    /// @notice Whether the address may enrol agencies.
    function mayEnrol(address account) external view returns (bool);

    /// @notice Whether the address may suspend agencies and freeze money.
    function mayFreeze(address account) external view returns (bool);

    /// @notice Whether the address may close conflicts.
    function mayClose(address account) external view returns (bool);

    /// @notice Whether a log is closed; false for an unknown one.
    function isClosed(LogId log) external view returns (bool);

    /// @notice The log that carries a closed one on; zero for none.
    function successorOf(LogId log) external view returns (LogId);

    /// @notice The closed log that this one carries on, and from which size; zero for none.
    function predecessorOf(LogId log) external view returns (LogId predecessor, uint64 size);

    /// @notice The log whose publisher acts for a log now: itself, or the last of its successors.
    /// @dev What a closed log still owes others is done by that publisher.
    function actingFor(LogId log) external view returns (LogId acting);

    /// @notice The log in which a leaf was first recorded: itself, or the predecessor from which it
    /// inherited the leaf.
    function originOf(LogId log, uint64 index) external view returns (LogId origin);

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

    /// @notice Whether the address publishes for the log now; false once the log is closed.
    function isPublisher(LogId log, address account) external view returns (bool);

    /// @notice Whether the officer may approve for the log now; false once the log is closed.
    function isOfficer(LogId log, address account) external view returns (bool);

    /// @notice Whether the address is a supervisor's: a member of the council that does nothing for
    /// any bureau.
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

    /// @notice The key with which a supervisor cosigned at a time; refuses a time at which it had
    /// none.
    /// @param time seconds since 1970
    function cosignerKeyAt(address account, uint64 time) external view returns (bytes32);

    /// @notice How many cosigner keys a supervisor had so far.
    function cosignerKeyCount(address account) external view returns (uint256);

    /// @notice A supervisor's cosigner keys in the order they came, from zero.
    function cosignerKeyByIndex(
        address account,
        uint256 index
    ) external view returns (CosignerKey memory);

    /// @notice How many supervisors were ever named; some may have left the council.
    function supervisorCount() external view returns (uint256);

    /// @notice A supervisor in the order they were named, from zero.
    function supervisorByIndex(uint256 index) external view returns (Supervisor memory);
}
