// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogId} from "../types/LogId.sol";
import {PoolId} from "../types/PoolId.sol";
import {IFunds} from "./IFunds.sol";

/// @title IFundRules
/// @notice Says which ways the money of a pool may go, and which log's money may not go at all for
/// now.
/// @dev What supervisors decide about money; the books themselves are in IFunds, which asks here
/// before anything moves. Routes have a history by time: what was allowed when stays readable.
interface IFundRules {
    /// @notice What a movement of money is for; each pool has its own routes for each.
    enum Movement {
        Collection,
        Allocation,
        Payment,
        Return,
        TransferOut,
        TransferIn
    }

    /// @notice A way that money may go.
    struct Route {
        IFunds.Account from;
        IFunds.Account to;
    }

    /// @notice All ways that a pool's money may go for one kind of movement, from a moment on.
    /// @param effectiveAt seconds since 1970; zero for the usual routes, which hold from the start
    struct RouteProfile {
        uint64 effectiveAt;
        Route[] routes;
    }

    /// @notice How a log's outgoing money is stopped.
    /// @param until when it ends; in the past or zero: the log is not frozen
    /// @param windowEnd up to when whoever froze may freeze again after lifting it early
    /// @param freezableFrom from when on, after the window, a new freeze may begin
    /// @param isRenewed whether the council prolonged it
    struct Freeze {
        uint64 until;
        uint64 windowEnd;
        uint64 freezableFrom;
        bool isRenewed;
    }

    /// @notice A supervisor stopped a log's outgoing money for a while.
    event FundsFrozen(LogId indexed log, uint64 until, bytes32 reasonDigest);
    /// @notice The council prolonged a freeze.
    event FreezeRenewed(LogId indexed log, uint64 until, bytes32 reasonDigest);
    /// @notice A log's money may go again before the freeze ended.
    event FundsUnfrozen(LogId indexed log, bytes32 reasonDigest);
    /// @notice A pool's money goes these ways, and no other, from a moment on.
    event RoutesSet(
        PoolId indexed pool,
        Movement indexed movement,
        Route[] routes,
        uint64 effectiveAt,
        bytes32 documentDigest
    );

    /// @notice Only the council may do this.
    error FundRulesNotGovernor(address caller);
    /// @notice The caller may neither freeze nor lift a freeze.
    error FundRulesNotFreezer(address caller);
    /// @notice No log has this number.
    error FundRulesLogUnknown(LogId log);
    /// @notice A closed log moves nothing; a freeze that it had holds for its successor.
    error FundRulesLogClosed(LogId log);
    /// @notice The log is frozen already.
    error FundRulesLogFrozen(LogId log, uint64 until);
    /// @notice The log is not frozen; or, where a freeze is to be renewed, never was.
    error FundRulesNotFrozen(LogId log);
    /// @notice A freeze ended a short while ago; until then only the council may stop the money
    /// again.
    error FundRulesFreezeTooSoon(LogId log, uint64 freezableFrom);
    /// @notice No money can go this way for this kind of movement.
    error FundRulesRouteInvalid(Movement movement, IFunds.Account from, IFunds.Account to);
    /// @notice Every kind of movement but allocation has exactly one route.
    error FundRulesRouteCount(Movement movement, uint256 routes);
    /// @notice The history of routes only goes on: not before now, not before the last change.
    error FundRulesRouteTime(uint64 effectiveAt, uint64 earliestAt);
    /// @notice Nothing stands at this place of a list.
    error FundRulesIndexOutOfRange(uint256 index, uint256 count);

    /// @notice Stops a log's outgoing money for ten working days; by a supervisor who may freeze.
    /// @dev Where the working days are not published it ends after `FREEZE_CAP_SECONDS`, and never
    /// later. The end is fixed here: a calendar published later does not move it. After the end the
    /// same time must pass before it may be frozen again without the council.
    function freeze(LogId log, bytes32 reasonDigest) external;

    /// @notice Prolongs or repeats a freeze by ten working days from now; by the council.
    function renewFreeze(LogId log, bytes32 reasonDigest) external;

    /// @notice Ends a freeze early; by the council, or, unless the council renewed it, by a
    /// supervisor who may freeze.
    function unfreeze(LogId log, bytes32 reasonDigest) external;

    /// @notice Says which ways a pool's money goes for one kind of movement, from a moment on; by the
    /// council.
    /// @param routes all of them: any between a bureau's own accounts for allocation, exactly one for
    /// every other kind
    /// @param effectiveAt seconds since 1970, not in the past; zero means now
    /// @param documentDigest SHA-256 of the decision
    function setRoutes(
        PoolId pool,
        Movement movement,
        Route[] calldata routes,
        uint64 effectiveAt,
        bytes32 documentDigest
    ) external;

    /// @notice Which ways a pool's money may go for one kind of movement at a time.
    function profileAt(
        PoolId pool,
        Movement movement,
        uint64 time
    ) external view returns (RouteProfile memory);

    /// @notice How often a pool's routes for one kind of movement were set; the usual ones do not
    /// count.
    function profileCount(PoolId pool, Movement movement) external view returns (uint256);

    /// @notice A pool's routes in the order they were set, from zero.
    function profileByIndex(
        PoolId pool,
        Movement movement,
        uint256 index
    ) external view returns (RouteProfile memory);

    /// @notice Whether a pool's money may go this way at a time.
    function routeAllowedAt(
        PoolId pool,
        Movement movement,
        IFunds.Account from,
        IFunds.Account to,
        uint64 time
    ) external view returns (bool);

    /// @notice The bureau's own account on the one route of a kind of movement at a time; Outside for
    /// allocation, which may have many.
    function accountAt(
        PoolId pool,
        Movement movement,
        uint64 time
    ) external view returns (IFunds.Account);

    /// @notice When a log's freeze ends, or that of a closed log it carries on, whichever is later;
    /// in the past or zero: it is not frozen.
    function frozenUntil(LogId log) external view returns (uint64);

    /// @notice All that is known of a log's own freeze.
    function freezeOf(LogId log) external view returns (Freeze memory);
}
