// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {IFundRules} from "./interfaces/IFundRules.sol";
import {IFunds} from "./interfaces/IFunds.sol";
import {IWorkCalendar} from "./interfaces/IWorkCalendar.sol";
import {EventCount} from "./libraries/EventCount.sol";
import {Routes} from "./libraries/Routes.sol";
import {LogId} from "./types/LogId.sol";
import {PoolId} from "./types/PoolId.sol";

/// @title FundRules
/// @notice Routes of each pool with their history, and freezes that end by themselves.
/// @dev Apart from Funds because one contract cannot hold both (24,576 bytes), and because other
/// people decide here than there: supervisors, not bureaus.
contract FundRules is IFundRules, EventCount {
    using Routes for Routes.Version;
    using Routes for Routes.Version[];

    /// @notice How many working days a freeze lasts.
    uint16 public constant FREEZE_WORKING_DAYS = 10;
    /// @notice How long a freeze lasts at most, working days or not: the longest ten working days of
    /// the years 2004 to 2026 take 23 days.
    uint64 public constant FREEZE_CAP_SECONDS = 23 days;

    IBureaus private immutable _bureaus;
    IWorkCalendar private immutable _calendar;
    mapping(LogId log => Freeze) private _freezes;
    /// @dev Ascending in `effectiveAt`.
    mapping(PoolId pool => mapping(Movement movement => Routes.Version[])) private _profiles;

    modifier onlyGovernor() {
        if (msg.sender != _bureaus.governor()) revert FundRulesNotGovernor(msg.sender);
        _;
    }

    constructor(IBureaus bureaus, IWorkCalendar calendar) {
        _bureaus = bureaus;
        _calendar = calendar;
    }

    /// @inheritdoc IFundRules
    function freeze(LogId log, bytes32 reasonDigest) external {
        if (!_bureaus.mayFreeze(msg.sender)) revert FundRulesNotFreezer(msg.sender);
        if (!_bureaus.isEnrolled(log)) revert FundRulesLogUnknown(log);
        if (_bureaus.isClosed(log)) revert FundRulesLogClosed(log);
        if (frozenUntil(log) > block.timestamp)
            revert FundRulesLogFrozen(log, frozenUntil(log));
        Freeze storage known = _freezes[log];
        // Lifted early: it may go on up to its end. Ended: the same time passes before the next.
        if (block.timestamp < known.windowEnd) {
            known.until = known.windowEnd;
        } else {
            if (block.timestamp < known.freezableFrom)
                revert FundRulesFreezeTooSoon(log, known.freezableFrom);
            _stopUntil(log, _freezeEnd(), false);
        }
        _countEvent();
        emit FundsFrozen(log, known.until, reasonDigest);
    }

    /// @inheritdoc IFundRules
    function renewFreeze(LogId log, bytes32 reasonDigest) external onlyGovernor {
        uint64 until = _freezes[log].until;
        if (until == 0) revert FundRulesNotFrozen(log);
        uint64 end = _freezeEnd();
        _stopUntil(log, end > until ? end : until, true);
        _countEvent();
        emit FreezeRenewed(log, _freezes[log].until, reasonDigest);
    }

    /// @inheritdoc IFundRules
    function unfreeze(LogId log, bytes32 reasonDigest) external {
        bool isGovernor = msg.sender == _bureaus.governor();
        if (!isGovernor && !_bureaus.mayFreeze(msg.sender)) revert FundRulesNotFreezer(msg.sender);
        Freeze storage known = _freezes[log];
        if (known.until <= block.timestamp) revert FundRulesNotFrozen(log);
        if (known.isRenewed && !isGovernor) revert FundRulesNotGovernor(msg.sender);
        known.until = uint64(block.timestamp);
        // What the council lifted, only the council stops again before the time has passed.
        if (isGovernor) known.windowEnd = known.until;
        _countEvent();
        emit FundsUnfrozen(log, reasonDigest);
    }

    /// @inheritdoc IFundRules
    function setRoutes(
        PoolId pool,
        Movement movement,
        Route[] calldata routes,
        uint64 effectiveAt,
        bytes32 documentDigest
    ) external onlyGovernor {
        if (effectiveAt == 0) effectiveAt = uint64(block.timestamp);
        Routes.Version[] storage versions = _profiles[pool][movement];
        uint256 count = versions.length;
        uint64 earliest = uint64(block.timestamp);
        if (count != 0 && versions[count - 1].effectiveAt > earliest)
            earliest = versions[count - 1].effectiveAt;
        if (effectiveAt < earliest) revert FundRulesRouteTime(effectiveAt, earliest);
        versions.push(Routes.pack(movement, routes, effectiveAt));
        _countEvent();
        emit RoutesSet(pool, movement, routes, effectiveAt, documentDigest);
    }

    /// @inheritdoc IFundRules
    function profileAt(
        PoolId pool,
        Movement movement,
        uint64 time
    ) external view returns (RouteProfile memory) {
        return _profiles[pool][movement].inForce(movement, time).unpack();
    }

    /// @inheritdoc IFundRules
    function profileCount(PoolId pool, Movement movement) external view returns (uint256) {
        return _profiles[pool][movement].length;
    }

    /// @inheritdoc IFundRules
    function profileByIndex(
        PoolId pool,
        Movement movement,
        uint256 index
    ) external view returns (RouteProfile memory) {
        Routes.Version[] storage versions = _profiles[pool][movement];
        if (index >= versions.length) revert FundRulesIndexOutOfRange(index, versions.length);
        return Routes.unpack(versions[index]);
    }

    /// @inheritdoc IFundRules
    function accountAt(
        PoolId pool,
        Movement movement,
        uint64 time
    ) external view returns (IFunds.Account) {
        return _profiles[pool][movement].inForce(movement, time).through;
    }

    /// @inheritdoc IFundRules
    function routeAllowedAt(
        PoolId pool,
        Movement movement,
        IFunds.Account from,
        IFunds.Account to,
        uint64 time
    ) public view returns (bool) {
        return _profiles[pool][movement].inForce(movement, time).has(from, to);
    }

    /// @inheritdoc IFundRules
    function frozenUntil(LogId log) public view returns (uint64 until) {
        while (LogId.unwrap(log) != 0) {
            if (_freezes[log].until > until) until = _freezes[log].until;
            (log, ) = _bureaus.predecessorOf(log);
        }
    }

    /// @inheritdoc IFundRules
    function freezeOf(LogId log) external view returns (Freeze memory) {
        return _freezes[log];
    }

    /// @dev Freezes a log, and keeps it from being frozen again for as long after that.
    function _stopUntil(LogId log, uint64 until, bool isRenewed) private {
        _freezes[log] = Freeze({
            until: until,
            windowEnd: until,
            freezableFrom: until + (until - uint64(block.timestamp)),
            isRenewed: isRenewed
        });
    }

    /// @dev When a freeze that begins now ends.
    function _freezeEnd() private view returns (uint64) {
        uint64 cap = uint64(block.timestamp) + FREEZE_CAP_SECONDS;
        (uint64 dueAt, bool known) = _calendar.dueAt(uint64(block.timestamp), FREEZE_WORKING_DAYS);
        return known && dueAt < cap ? dueAt : cap;
    }
}
