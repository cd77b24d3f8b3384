// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

import {IBureaus} from "./interfaces/IBureaus.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {LogId} from "./types/LogId.sol";
import {PoolId} from "./types/PoolId.sol";

/// @title Bureaus
/// @notice Registry of everyone who takes part.
/// @dev Addresses of publishers, officers, supervisors and the holders of the three roles are kept
/// apart, so that no one key can both propose, approve and oversee. The council alone grants and
/// takes roles.
contract Bureaus is IBureaus, AccessControl {
    /// @notice Enrols agencies, changes their keys, endpoints and officers, publishes the calendar.
    bytes32 public constant ENROL_ROLE = keccak256("ENROL_ROLE");
    /// @notice Suspends agencies and freezes money.
    bytes32 public constant FREEZE_ROLE = keccak256("FREEZE_ROLE");
    /// @notice Closes conflicts.
    bytes32 public constant CLOSE_ROLE = keccak256("CLOSE_ROLE");
    /// @notice Most supervisors that can be named at birth.
    uint256 public constant MAXIMUM_SUPERVISORS = 64;
    /// @notice Longest name, in bytes of UTF-8.
    uint256 public constant MAXIMUM_NAME_BYTES = 200;
    /// @notice Longest endpoint, in bytes.
    uint256 public constant MAXIMUM_ENDPOINT_BYTES = 300;

    /// @dev What never changes about an agency, and whether it is suspended, in one slot.
    struct Agency {
        uint32 region;
        uint8 agencyFamily;
        PoolId pool;
        bool suspended;
        bool closed;
        uint64 enrolledAt;
    }

    /// @dev What a successor carries on, in one slot.
    struct Inheritance {
        LogId predecessor;
        uint64 size;
    }

    ICouncil private immutable _council;
    uint32 private _logCount;
    Supervisor[] private _supervisors;
    /// @dev Place in the list of supervisors, from 1.
    mapping(address account => uint256) private _supervisorPlace;
    /// @dev Ascending in `validFrom`; the last one counts now.
    mapping(address account => CosignerKey[]) private _cosignerKeys;
    mapping(LogId log => Agency) private _agencies;
    mapping(LogId log => string) private _names;
    mapping(LogId log => string) private _endpoints;
    /// @dev Ascending in `validFrom`; the last one counts now.
    mapping(LogId log => KeySet[]) private _keys;
    /// @dev Zero for a closed log.
    mapping(LogId log => address) private _publishers;
    mapping(LogId log => LogId successor) private _successors;
    mapping(LogId successor => Inheritance) private _inheritances;
    mapping(LogId log => mapping(address officer => bool)) private _officers;
    /// @dev Addresses and keys stay bound to their log after a rotation.
    mapping(address publisher => LogId) private _logOfPublisher;
    mapping(bytes32 logKey => LogId) private _logOfKey;
    /// @dev How many logs an address is an active officer of.
    mapping(address officer => uint32) private _officerOf;

    modifier onlyGovernor() {
        if (msg.sender != address(_council)) revert BureausNotGovernor(msg.sender);
        _;
    }

    /// @param council decides over supervisors, roles and the end of logs
    /// @param supervisors members of the council, as people call and find them; at least one
    /// @param holders who holds the three roles from the start
    constructor(ICouncil council, Supervisor[] memory supervisors, RoleHolders memory holders) {
        _council = council;
        _grantRole(DEFAULT_ADMIN_ROLE, address(council));
        uint256 count = supervisors.length;
        if (count == 0 || count > MAXIMUM_SUPERVISORS)
            revert BureausSupervisorCount(count, MAXIMUM_SUPERVISORS);
        for (uint256 i = 0; i < count; ++i) {
            if (_supervisorPlace[supervisors[i].account] != 0)
                revert BureausAccountInvalid(supervisors[i].account);
            _setSupervisor(supervisors[i]);
        }
        _grantAll(ENROL_ROLE, holders.enrollers);
        _grantAll(FREEZE_ROLE, holders.freezers);
        _grantAll(CLOSE_ROLE, holders.closers);
    }

    /// @inheritdoc IBureaus
    function enrol(BureauInput calldata input) external onlyRole(ENROL_ROLE) returns (LogId log) {
        return _enrol(input);
    }

    /// @inheritdoc IBureaus
    function rotateKeys(
        LogId log,
        address publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest
    ) external onlyRole(ENROL_ROLE) {
        _requireOpen(log);
        if (publisher != _publishers[log]) _bindPublisher(log, publisher);
        _bindKeys(log, publisher, logKey, sealingKeyDigest);
        emit KeysRotated(log, publisher, logKey, sealingKeyDigest);
    }

    /// @inheritdoc IBureaus
    function setEndpoint(LogId log, string calldata endpoint) external onlyRole(ENROL_ROLE) {
        _requireEnrolled(log);
        _requireLength(endpoint, 0, MAXIMUM_ENDPOINT_BYTES);
        _endpoints[log] = endpoint;
        emit EndpointChanged(log, endpoint);
    }

    /// @inheritdoc IBureaus
    function suspend(LogId log, bytes32 reasonDigest) external onlyRole(FREEZE_ROLE) {
        _requireEnrolled(log);
        if (_agencies[log].suspended) revert BureausSuspensionUnchanged(log, true);
        _agencies[log].suspended = true;
        emit BureauSuspended(log, reasonDigest);
    }

    /// @inheritdoc IBureaus
    function reinstate(LogId log, bytes32 reasonDigest) external onlyRole(FREEZE_ROLE) {
        _requireEnrolled(log);
        if (!_agencies[log].suspended) revert BureausSuspensionUnchanged(log, false);
        _agencies[log].suspended = false;
        emit BureauReinstated(log, reasonDigest);
    }

    /// @inheritdoc IBureaus
    function setOfficer(LogId log, address officer, bool active) external onlyRole(ENROL_ROLE) {
        _requireEnrolled(log);
        if (_officers[log][officer] == active) revert BureausOfficerUnchanged(log, officer, active);
        if (active) {
            _requireOpen(log);
            if (LogId.unwrap(_logOfPublisher[officer]) != 0) revert BureausAccountInvalid(officer);
            _requireNoOverseer(officer);
            ++_officerOf[officer];
        } else {
            --_officerOf[officer];
        }
        _officers[log][officer] = active;
        emit OfficerSet(log, officer, active);
    }

    /// @inheritdoc IBureaus
    function setSupervisor(Supervisor calldata supervisor) external onlyGovernor {
        _setSupervisor(supervisor);
    }

    /// @inheritdoc IBureaus
    function retireSupervisor(address account) external {
        if (_council.isMember(account)) revert BureausStillMember(account);
        CosignerKey[] storage keys = _cosignerKeys[account];
        if (keys.length == 0 || keys[keys.length - 1].key == 0)
            revert BureausCosignerUnknown(account, uint64(block.timestamp));
        keys.push(CosignerKey({key: 0, validFrom: uint64(block.timestamp)}));
        emit SupervisorRetired(account);
    }

    /// @inheritdoc IBureaus
    function closeLog(LogId log, bytes32 reasonDigest) external onlyGovernor {
        _requireOpen(log);
        _agencies[log].closed = true;
        // What asks for the publisher needs not ask whether the log is closed.
        delete _publishers[log];
        emit LogClosed(log, reasonDigest);
    }

    /// @inheritdoc IBureaus
    function nameSuccessor(
        LogId log,
        uint64 size,
        BureauInput calldata input
    ) external onlyGovernor returns (LogId successor) {
        _requireEnrolled(log);
        Agency memory agency = _agencies[log];
        if (!agency.closed) revert BureausLogNotClosed(log);
        if (LogId.unwrap(_successors[log]) != 0) revert BureausSuccessorNamed(log, _successors[log]);
        if (input.pool != agency.pool) revert BureausPoolDiffers(agency.pool, input.pool);
        successor = _enrol(input);
        _successors[log] = successor;
        _inheritances[successor] = Inheritance({predecessor: log, size: size});
        emit SuccessorNamed(log, successor, size);
    }

    /// @inheritdoc IBureaus
    function bureau(LogId log) external view returns (Bureau memory) {
        _requireEnrolled(log);
        Agency memory agency = _agencies[log];
        KeySet memory keys = _keys[log][_keys[log].length - 1];
        return
            Bureau({
                region: agency.region,
                agencyFamily: agency.agencyFamily,
                pool: agency.pool,
                suspended: agency.suspended,
                closed: agency.closed,
                enrolledAt: agency.enrolledAt,
                publisher: keys.publisher,
                logKey: keys.logKey,
                sealingKeyDigest: keys.sealingKeyDigest,
                name: _names[log],
                endpoint: _endpoints[log]
            });
    }

    /// @inheritdoc IBureaus
    function logIdOf(address publisher) external view returns (LogId) {
        return _logOfPublisher[publisher];
    }

    /// @inheritdoc IBureaus
    function logIdOfKey(bytes32 logKey) external view returns (LogId) {
        return _logOfKey[logKey];
    }

    /// @inheritdoc IBureaus
    function logCount() external view returns (uint32) {
        return _logCount;
    }

    /// @inheritdoc IBureaus
    function isEnrolled(LogId log) external view returns (bool) {
        return _isEnrolled(log);
    }

    /// @inheritdoc IBureaus
    function isPublisher(LogId log, address account) external view returns (bool) {
        // Only an enrolled log that is not closed has one, and nobody's address is zero.
        return account != address(0) && _publishers[log] == account;
    }

    /// @inheritdoc IBureaus
    function isOfficer(LogId log, address account) external view returns (bool) {
        return _officers[log][account] && !_agencies[log].closed;
    }

    /// @inheritdoc IBureaus
    function isSupervisor(address account) external view returns (bool) {
        return
            _council.isMember(account) &&
            LogId.unwrap(_logOfPublisher[account]) == 0 &&
            _officerOf[account] == 0;
    }

    /// @inheritdoc IBureaus
    function governor() external view returns (address) {
        return address(_council);
    }

    /// @inheritdoc IBureaus
    function mayEnrol(address account) external view returns (bool) {
        return hasRole(ENROL_ROLE, account);
    }

    /// @inheritdoc IBureaus
    function mayFreeze(address account) external view returns (bool) {
        return hasRole(FREEZE_ROLE, account);
    }

    /// @inheritdoc IBureaus
    function mayClose(address account) external view returns (bool) {
        return hasRole(CLOSE_ROLE, account);
    }

    /// @inheritdoc IBureaus
    function isClosed(LogId log) external view returns (bool) {
        return _agencies[log].closed;
    }

    /// @inheritdoc IBureaus
    function successorOf(LogId log) external view returns (LogId) {
        return _successors[log];
    }

    /// @inheritdoc IBureaus
    function predecessorOf(LogId log) external view returns (LogId predecessor, uint64 size) {
        Inheritance memory inheritance = _inheritances[log];
        return (inheritance.predecessor, inheritance.size);
    }

    /// @inheritdoc IBureaus
    function actingFor(LogId log) external view returns (LogId acting) {
        acting = log;
        // A successor is younger than what it carries on, so this ends.
        while (LogId.unwrap(_successors[acting]) != 0) acting = _successors[acting];
    }

    /// @inheritdoc IBureaus
    function originOf(LogId log, uint64 index) external view returns (LogId origin) {
        origin = log;
        while (index < _inheritances[origin].size) origin = _inheritances[origin].predecessor;
    }

    /// @inheritdoc IBureaus
    function isSuspended(LogId log) external view returns (bool) {
        _requireEnrolled(log);
        return _agencies[log].suspended;
    }

    /// @inheritdoc IBureaus
    function poolOf(LogId log) external view returns (PoolId) {
        _requireEnrolled(log);
        return _agencies[log].pool;
    }

    /// @inheritdoc IBureaus
    function regionOf(LogId log) external view returns (uint32) {
        _requireEnrolled(log);
        return _agencies[log].region;
    }

    /// @inheritdoc IBureaus
    function keysAt(LogId log, uint64 time) external view returns (KeySet memory) {
        _requireEnrolled(log);
        KeySet[] storage keys = _keys[log];
        if (time < keys[0].validFrom) revert BureausKeysNotYetValid(log, time, keys[0].validFrom);
        // The last set that was valid at `time`: halve until one is left.
        uint256 low = 0;
        uint256 high = keys.length - 1;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (keys[middle].validFrom <= time) low = middle;
            else high = middle - 1;
        }
        return keys[low];
    }

    /// @inheritdoc IBureaus
    function keyCount(LogId log) external view returns (uint256) {
        return _keys[log].length;
    }

    /// @inheritdoc IBureaus
    function keyByIndex(LogId log, uint256 index) external view returns (KeySet memory) {
        if (index >= _keys[log].length) revert BureausIndexOutOfRange(index, _keys[log].length);
        return _keys[log][index];
    }

    /// @inheritdoc IBureaus
    function cosignerKeyAt(address account, uint64 time) external view returns (bytes32) {
        CosignerKey[] storage keys = _cosignerKeys[account];
        bytes32 key = 0;
        for (uint256 i = 0; i < keys.length && keys[i].validFrom <= time; ++i) key = keys[i].key;
        if (key == 0) revert BureausCosignerUnknown(account, time);
        return key;
    }

    /// @inheritdoc IBureaus
    function cosignerKeyCount(address account) external view returns (uint256) {
        return _cosignerKeys[account].length;
    }

    /// @inheritdoc IBureaus
    function cosignerKeyByIndex(
        address account,
        uint256 index
    ) external view returns (CosignerKey memory) {
        uint256 count = _cosignerKeys[account].length;
        if (index >= count) revert BureausIndexOutOfRange(index, count);
        return _cosignerKeys[account][index];
    }

    /// @inheritdoc IBureaus
    function supervisorCount() external view returns (uint256) {
        return _supervisors.length;
    }

    /// @inheritdoc IBureaus
    function supervisorByIndex(uint256 index) external view returns (Supervisor memory) {
        if (index >= _supervisors.length) revert BureausIndexOutOfRange(index, _supervisors.length);
        return _supervisors[index];
    }

    /// @dev A role is given to nobody who holds another of the three or works for a bureau, and who
    /// administers them is decided at birth.
    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        if (role == DEFAULT_ADMIN_ROLE) {
            if (account != address(_council)) revert BureausRoleInvalid(role);
            return super._grantRole(role, account);
        }
        if (role != ENROL_ROLE && role != FREEZE_ROLE && role != CLOSE_ROLE)
            revert BureausRoleInvalid(role);
        bool isElsewhere = account == address(0) ||
            LogId.unwrap(_logOfPublisher[account]) != 0 ||
            _officerOf[account] != 0 ||
            (role != ENROL_ROLE && hasRole(ENROL_ROLE, account)) ||
            (role != FREEZE_ROLE && hasRole(FREEZE_ROLE, account)) ||
            (role != CLOSE_ROLE && hasRole(CLOSE_ROLE, account));
        if (isElsewhere) revert BureausAccountInvalid(account);
        return super._grantRole(role, account);
    }

    function _grantAll(bytes32 role, address[] memory accounts) private {
        for (uint256 i = 0; i < accounts.length; ++i) _grantRole(role, accounts[i]);
    }

    function _setSupervisor(Supervisor memory supervisor) private {
        address account = supervisor.account;
        if (!_council.isMember(account)) revert BureausNotMember(account);
        if (supervisor.cosignerKey == 0) revert BureausKeyMissing(supervisor.cosignerKey, 0);
        _requireLength(supervisor.name, 1, MAXIMUM_NAME_BYTES);
        _requireLength(supervisor.endpoint, 0, MAXIMUM_ENDPOINT_BYTES);
        uint256 place = _supervisorPlace[account];
        if (place == 0) {
            _supervisors.push(supervisor);
            _supervisorPlace[account] = _supervisors.length;
        } else {
            _supervisors[place - 1] = supervisor;
        }
        CosignerKey[] storage keys = _cosignerKeys[account];
        if (keys.length == 0 || keys[keys.length - 1].key != supervisor.cosignerKey) {
            keys.push(
                CosignerKey({key: supervisor.cosignerKey, validFrom: uint64(block.timestamp)})
            );
        }
        emit SupervisorNamed(
            account,
            supervisor.cosignerKey,
            supervisor.name,
            supervisor.endpoint
        );
    }

    function _enrol(BureauInput calldata input) private returns (LogId log) {
        if (input.region < 100000 || input.region > 999999)
            revert BureausRegionInvalid(input.region);
        if (PoolId.unwrap(input.pool) == 0) revert BureausPoolInvalid(input.pool);
        _requireLength(input.name, 1, MAXIMUM_NAME_BYTES);
        _requireLength(input.endpoint, 0, MAXIMUM_ENDPOINT_BYTES);
        log = LogId.wrap(++_logCount);
        _agencies[log] = Agency({
            region: input.region,
            agencyFamily: input.agencyFamily,
            pool: input.pool,
            suspended: false,
            closed: false,
            enrolledAt: uint64(block.timestamp)
        });
        _names[log] = input.name;
        _endpoints[log] = input.endpoint;
        _bindPublisher(log, input.publisher);
        _bindKeys(log, input.publisher, input.logKey, input.sealingKeyDigest);
        emit BureauEnrolled(
            log,
            input.region,
            input.pool,
            input.agencyFamily,
            input.publisher,
            input.logKey,
            input.sealingKeyDigest,
            input.name,
            input.endpoint
        );
    }

    /// @dev Refuses nobody, and whoever oversees.
    function _requireNoOverseer(address account) private view {
        if (
            account == address(0) ||
            _council.isMember(account) ||
            hasRole(ENROL_ROLE, account) ||
            hasRole(FREEZE_ROLE, account) ||
            hasRole(CLOSE_ROLE, account)
        ) revert BureausAccountInvalid(account);
    }

    /// @dev Gives an address to a log for good.
    function _bindPublisher(LogId log, address publisher) private {
        if (_officerOf[publisher] != 0) revert BureausAccountInvalid(publisher);
        _requireNoOverseer(publisher);
        LogId holder = _logOfPublisher[publisher];
        if (LogId.unwrap(holder) != 0) revert BureausPublisherTaken(publisher, holder);
        _logOfPublisher[publisher] = log;
        _publishers[log] = publisher;
    }

    /// @dev Adds a set of keys to a log's history. Its current log key may be kept, any other used
    /// key may not.
    function _bindKeys(
        LogId log,
        address publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest
    ) private {
        if (logKey == 0 || sealingKeyDigest == 0)
            revert BureausKeyMissing(logKey, sealingKeyDigest);
        KeySet[] storage keys = _keys[log];
        bool isKept = keys.length != 0 && keys[keys.length - 1].logKey == logKey;
        LogId holder = _logOfKey[logKey];
        if (!isKept && LogId.unwrap(holder) != 0) revert BureausLogKeyTaken(logKey, holder);
        _logOfKey[logKey] = log;
        keys.push(
            KeySet({
                publisher: publisher,
                validFrom: uint64(block.timestamp),
                logKey: logKey,
                sealingKeyDigest: sealingKeyDigest
            })
        );
    }

    function _isEnrolled(LogId log) private view returns (bool) {
        uint32 number = LogId.unwrap(log);
        return number != 0 && number <= _logCount;
    }

    function _requireEnrolled(LogId log) private view {
        if (!_isEnrolled(log)) revert BureausLogUnknown(log);
    }

    function _requireOpen(LogId log) private view {
        _requireEnrolled(log);
        if (_agencies[log].closed) revert BureausLogClosed(log);
    }

    function _requireLength(string memory text, uint256 minimum, uint256 maximum) private pure {
        uint256 length = bytes(text).length;
        if (length < minimum || length > maximum)
            revert BureausTextLength(length, minimum, maximum);
    }
}
