// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {LogId} from "./types/LogId.sol";
import {PoolId} from "./types/PoolId.sol";

/// @title Bureaus
/// @notice Registry of everyone who takes part.
/// @dev Addresses of publishers, officers and supervisors are kept apart, so that no one key can
/// both propose, approve and oversee.
contract Bureaus is IBureaus {
    /// @notice Most supervisors that can be named.
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
        uint64 enrolledAt;
    }

    uint32 private _logCount;
    Supervisor[] private _supervisors;
    mapping(address account => bool) private _isSupervisor;
    mapping(LogId log => Agency) private _agencies;
    mapping(LogId log => string) private _names;
    mapping(LogId log => string) private _endpoints;
    /// @dev Ascending in `validFrom`; the last one counts now.
    mapping(LogId log => KeySet[]) private _keys;
    mapping(LogId log => address) private _publishers;
    mapping(LogId log => mapping(address officer => bool)) private _officers;
    /// @dev Addresses and keys stay bound to their log after a rotation.
    mapping(address publisher => LogId) private _logOfPublisher;
    mapping(bytes32 logKey => LogId) private _logOfKey;
    /// @dev How many logs an address is an active officer of.
    mapping(address officer => uint32) private _officerOf;

    modifier onlySupervisor() {
        if (!_isSupervisor[msg.sender]) revert BureausNotSupervisor(msg.sender);
        _;
    }

    /// @param supervisors at least one; they cannot be changed later in this version
    constructor(Supervisor[] memory supervisors) {
        uint256 count = supervisors.length;
        if (count == 0 || count > MAXIMUM_SUPERVISORS)
            revert BureausSupervisorCount(count, MAXIMUM_SUPERVISORS);
        for (uint256 i = 0; i < count; ++i) {
            Supervisor memory supervisor = supervisors[i];
            address account = supervisor.account;
            if (account == address(0) || _isSupervisor[account])
                revert BureausAccountInvalid(account);
            if (supervisor.cosignerKey == 0) revert BureausKeyMissing(supervisor.cosignerKey, 0);
            _requireLength(supervisor.name, 1, MAXIMUM_NAME_BYTES);
            _requireLength(supervisor.endpoint, 0, MAXIMUM_ENDPOINT_BYTES);
            _isSupervisor[account] = true;
            _supervisors.push(supervisor);
            emit SupervisorNamed(
                account,
                supervisor.cosignerKey,
                supervisor.name,
                supervisor.endpoint
            );
        }
    }

    /// @inheritdoc IBureaus
    function enrol(BureauInput calldata input) external onlySupervisor returns (LogId log) {
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

    /// @inheritdoc IBureaus
    function rotateKeys(
        LogId log,
        address publisher,
        bytes32 logKey,
        bytes32 sealingKeyDigest
    ) external onlySupervisor {
        _requireEnrolled(log);
        if (publisher != _publishers[log]) _bindPublisher(log, publisher);
        _bindKeys(log, publisher, logKey, sealingKeyDigest);
        emit KeysRotated(log, publisher, logKey, sealingKeyDigest);
    }

    /// @inheritdoc IBureaus
    function setEndpoint(LogId log, string calldata endpoint) external onlySupervisor {
        _requireEnrolled(log);
        _requireLength(endpoint, 0, MAXIMUM_ENDPOINT_BYTES);
        _endpoints[log] = endpoint;
        emit EndpointChanged(log, endpoint);
    }

    /// @inheritdoc IBureaus
    function suspend(LogId log, bytes32 reasonDigest) external onlySupervisor {
        _requireEnrolled(log);
        if (_agencies[log].suspended) revert BureausSuspensionUnchanged(log, true);
        _agencies[log].suspended = true;
        emit BureauSuspended(log, reasonDigest);
    }

    /// @inheritdoc IBureaus
    function reinstate(LogId log, bytes32 reasonDigest) external onlySupervisor {
        _requireEnrolled(log);
        if (!_agencies[log].suspended) revert BureausSuspensionUnchanged(log, false);
        _agencies[log].suspended = false;
        emit BureauReinstated(log, reasonDigest);
    }

    /// @inheritdoc IBureaus
    function setOfficer(LogId log, address officer, bool active) external onlySupervisor {
        _requireEnrolled(log);
        if (_officers[log][officer] == active) revert BureausOfficerUnchanged(log, officer, active);
        if (active) {
            if (
                officer == address(0) ||
                _isSupervisor[officer] ||
                LogId.unwrap(_logOfPublisher[officer]) != 0
            ) {
                revert BureausAccountInvalid(officer);
            }
            ++_officerOf[officer];
        } else {
            --_officerOf[officer];
        }
        _officers[log][officer] = active;
        emit OfficerSet(log, officer, active);
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
        // Only an enrolled log has a publisher, and nobody's address is zero.
        return account != address(0) && _publishers[log] == account;
    }

    /// @inheritdoc IBureaus
    function isOfficer(LogId log, address account) external view returns (bool) {
        return _officers[log][account];
    }

    /// @inheritdoc IBureaus
    function isSupervisor(address account) external view returns (bool) {
        return _isSupervisor[account];
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
    function supervisorCount() external view returns (uint256) {
        return _supervisors.length;
    }

    /// @inheritdoc IBureaus
    function supervisorByIndex(uint256 index) external view returns (Supervisor memory) {
        if (index >= _supervisors.length) revert BureausIndexOutOfRange(index, _supervisors.length);
        return _supervisors[index];
    }

    /// @dev Gives an address to a log for good.
    function _bindPublisher(LogId log, address publisher) private {
        if (publisher == address(0) || _isSupervisor[publisher] || _officerOf[publisher] != 0) {
            revert BureausAccountInvalid(publisher);
        }
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

    function _requireLength(string memory text, uint256 minimum, uint256 maximum) private pure {
        uint256 length = bytes(text).length;
        if (length < minimum || length > maximum)
            revert BureausTextLength(length, minimum, maximum);
    }
}
