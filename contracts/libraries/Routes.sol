// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFundRules} from "../interfaces/IFundRules.sol";
import {IFunds} from "../interfaces/IFunds.sol";

/// @title Routes
/// @notice Sets of ways that money may go, and which set was in force when.
/// @dev A set is 64 bits: bit 8 * from + to stands for the way between two accounts.
library Routes {
    /// @notice The routes in force from a moment on, in one slot.
    /// @param through for every kind but allocation: the bureau's own account on the one route
    struct Version {
        uint64 effectiveAt;
        uint64 set;
        IFunds.Account through;
    }

    /// @dev Accounts and, a little more than them, the width of a row of the set.
    uint256 private constant ACCOUNTS = 7;
    uint256 private constant ROW = 8;

    /// @notice The version in force at a time: the last one not later; the usual routes before any.
    function inForce(
        Version[] storage versions,
        IFundRules.Movement movement,
        uint64 time
    ) internal view returns (Version memory) {
        // Halve until none is left; `low` counts the versions in force.
        uint256 low = 0;
        uint256 high = versions.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (versions[middle].effectiveAt <= time) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? usual(movement) : versions[low - 1];
    }

    /// @notice The routes of a pool for which nobody decided otherwise: contributions into the
    /// treasury, on through the fiscal account to expenditure, and paid out of there.
    function usual(IFundRules.Movement movement) internal pure returns (Version memory version) {
        IFunds.Account own = IFunds.Account.Expenditure;
        if (movement == IFundRules.Movement.Collection) own = IFunds.Account.Treasury;
        if (movement == IFundRules.Movement.TransferIn) own = IFunds.Account.Fiscal;
        if (movement == IFundRules.Movement.Allocation) {
            version.set =
                _bit(IFunds.Account.Treasury, IFunds.Account.Fiscal) |
                _bit(IFunds.Account.Fiscal, IFunds.Account.Expenditure);
        } else {
            (IFunds.Account from, IFunds.Account to) = _ends(movement, own);
            version.set = _bit(from, to);
            version.through = own;
        }
    }

    /// @notice Checks a new set of routes and packs it.
    function pack(
        IFundRules.Movement movement,
        IFundRules.Route[] calldata routes,
        uint64 effectiveAt
    ) internal pure returns (Version memory version) {
        bool isAllocation = movement == IFundRules.Movement.Allocation;
        if (!isAllocation && routes.length != 1)
            revert IFundRules.FundRulesRouteCount(movement, routes.length);
        version.effectiveAt = effectiveAt;
        for (uint256 i = 0; i < routes.length; ++i) {
            (IFunds.Account from, IFunds.Account to) = (routes[i].from, routes[i].to);
            if (isAllocation) {
                if (!isOwn(from) || !isOwn(to) || from == to)
                    revert IFundRules.FundRulesRouteInvalid(movement, from, to);
            } else {
                version.through = isOwn(from) ? from : to;
                (IFunds.Account first, IFunds.Account last) = _ends(movement, version.through);
                bool isReal = isOwn(version.through) && from == first && to == last;
                // Contributions arrive where they are collected, not where they are spent.
                bool isIncome = version.through == IFunds.Account.Treasury ||
                    version.through == IFunds.Account.LegacyIncome;
                if (!isReal || (movement == IFundRules.Movement.Collection && !isIncome))
                    revert IFundRules.FundRulesRouteInvalid(movement, from, to);
            }
            version.set |= _bit(from, to);
        }
    }

    /// @notice A set as a list, ascending by both accounts.
    function unpack(Version memory version) internal pure returns (IFundRules.RouteProfile memory) {
        uint256 count = 0;
        for (uint64 left = version.set; left != 0; left &= left - 1) ++count;
        IFundRules.Route[] memory routes = new IFundRules.Route[](count);
        count = 0;
        for (uint256 place = 0; place < ROW * ACCOUNTS; ++place) {
            if ((version.set >> place) & 1 == 0) continue;
            routes[count] = IFundRules.Route(
                IFunds.Account(place / ROW),
                IFunds.Account(place % ROW)
            );
            ++count;
        }
        return IFundRules.RouteProfile(version.effectiveAt, routes);
    }

    /// @notice Whether a set has a way.
    function has(
        Version memory version,
        IFunds.Account from,
        IFunds.Account to
    ) internal pure returns (bool) {
        return version.set & _bit(from, to) != 0;
    }

    /// @notice Treasury, fiscal, expenditure or legacy income: accounts a bureau really has.
    function isOwn(IFunds.Account account) internal pure returns (bool) {
        return account >= IFunds.Account.Treasury && account <= IFunds.Account.LegacyIncome;
    }

    /// @dev The one route of a kind of movement, given the bureau's own account on it.
    function _ends(
        IFundRules.Movement movement,
        IFunds.Account own
    ) private pure returns (IFunds.Account from, IFunds.Account to) {
        if (movement == IFundRules.Movement.Payment) return (own, IFunds.Account.Outside);
        if (movement == IFundRules.Movement.TransferOut) return (own, IFunds.Account.InTransit);
        if (movement == IFundRules.Movement.TransferIn) return (IFunds.Account.InTransit, own);
        return (IFunds.Account.Outside, own);
    }

    function _bit(IFunds.Account from, IFunds.Account to) private pure returns (uint64) {
        return uint64(1) << uint64(uint256(from) * ROW + uint256(to));
    }
}
