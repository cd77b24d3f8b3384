// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bureaus} from "contracts/Bureaus.sol";
import {Checkpoints} from "contracts/Checkpoints.sol";
import {Council} from "contracts/Council.sol";
import {FundRules} from "contracts/FundRules.sol";
import {Funds} from "contracts/Funds.sol";
import {Statuses} from "contracts/Statuses.sol";
import {Transfers} from "contracts/Transfers.sol";
import {WorkCalendar} from "contracts/WorkCalendar.sol";
import {IBureaus} from "contracts/interfaces/IBureaus.sol";
import {LogId} from "contracts/types/LogId.sol";
import {PoolId} from "contracts/types/PoolId.sol";

import {vm} from "./Vm.sol";

/// @title World
/// @notice All contracts and everybody who takes part, and a way to act that also lets somebody
/// else try the same.
/// @dev A call that the rules refuse is no fault here: what counts is that nothing moves then, and
/// that nobody but the right one gets through.
abstract contract World {
    uint64 internal constant START = 1_767_600_000; // 5 January 2026, 16:00 in Beijing
    uint32 internal constant MINIMUM_LINES = 2;
    uint32 internal constant MOST_LOGS = 8;
    uint32 internal constant FIRST_LOGS = 4;

    Council internal council;
    Bureaus internal bureaus;
    WorkCalendar internal calendar;
    Checkpoints internal checkpoints;
    Transfers internal transfers;
    FundRules internal rules;
    Funds internal funds;
    Statuses internal statuses;

    address internal enroller = address(0xE1);
    address internal freezer = address(0xF1);
    address internal closer = address(0xC1);
    address internal firstMember = address(0xA1);
    address internal secondMember = address(0xA2);
    address internal outsider = address(0xB0);
    address[] internal everybody;
    uint32 internal logCount;
    mapping(uint32 log => address) internal publisherOf;
    mapping(uint32 log => bool) internal isClosed;
    mapping(uint32 log => bool) internal isSuspended;
    mapping(uint32 log => uint32 successor) internal successorOf;

    /// @dev How many calls were tried, how many landed by name, and how often a stranger was
    /// refused what the right one then did.
    uint256 internal tried;
    uint256 internal trespasses;
    string[] internal names;
    mapping(string name => uint256) internal landed;

    constructor() {
        vm.warp(START);
        address[] memory members = new address[](2);
        (members[0], members[1]) = (firstMember, secondMember);
        council = new Council(members, 2, 0);
        IBureaus.Supervisor[] memory supervisors = new IBureaus.Supervisor[](1);
        supervisors[0] = IBureaus.Supervisor(firstMember, bytes32(uint256(1)), "first", "");
        IBureaus.RoleHolders memory holders = IBureaus.RoleHolders(
            _only(enroller),
            _only(freezer),
            _only(closer)
        );
        bureaus = new Bureaus(council, supervisors, holders);
        calendar = new WorkCalendar(bureaus);
        checkpoints = new Checkpoints(bureaus);
        transfers = new Transfers(bureaus, calendar);
        rules = new FundRules(bureaus, calendar);
        funds = new Funds(bureaus, checkpoints, transfers, rules, MINIMUM_LINES);
        statuses = new Statuses(bureaus);
        for (uint16 year = 2026; year < 2040; ++year) _publish(year);
        everybody = [enroller, freezer, closer, firstMember, secondMember, outsider, address(council)];
        for (uint32 log = 1; log <= FIRST_LOGS; ++log) {
            vm.prank(enroller);
            bureaus.enrol(_input(log));
            _welcome(log);
        }
    }

    /// @dev Lets somebody else try first, who must be refused; then the right one, who may be.
    function _act(
        string memory name,
        address right,
        address alsoRight,
        address target,
        bytes memory data,
        uint256 seed
    ) internal returns (bool ok, bytes memory answer) {
        address other = everybody[seed % everybody.length];
        bool isOther = other != right && other != alsoRight;
        ++tried;
        if (isOther) {
            vm.prank(other);
            (ok, ) = target.call(data);
            require(!ok, string.concat("somebody else got through: ", name));
        }
        vm.prank(right);
        (ok, answer) = target.call(data);
        if (!ok) return (ok, answer);
        if (isOther) ++trespasses;
        if (landed[name] == 0) names.push(name);
        ++landed[name];
    }

    /// @dev A call that must be refused, whoever makes it.
    function _never(string memory what, address sender, address target, bytes memory data) internal {
        ++tried;
        vm.prank(sender);
        (bool ok, ) = target.call(data);
        require(!ok, what);
        if (landed[what] == 0) names.push(what);
        ++landed[what];
    }

    function _input(uint32 log) internal view returns (IBureaus.BureauInput memory) {
        return
            IBureaus.BureauInput({
                region: 320100,
                agencyFamily: 1,
                pool: _poolOf(log),
                publisher: address(uint160(0x1000 + log)),
                logKey: bytes32(uint256(0x2000 + log)),
                sealingKeyDigest: bytes32(uint256(0x3000 + log)),
                name: "bureau",
                endpoint: ""
            });
    }

    /// @dev Books of a new log, two officers, and its publisher among those who try.
    function _welcome(uint32 log) internal {
        logCount = log;
        publisherOf[log] = address(uint160(0x1000 + log));
        everybody.push(publisherOf[log]);
        for (uint256 place = 0; place < 2; ++place) {
            address officer = vm.addr(_officerKey(log, place));
            everybody.push(officer);
            vm.prank(enroller);
            bureaus.setOfficer(LogId.wrap(log), officer, true);
        }
    }

    function _officerKey(uint32 log, uint256 place) internal pure returns (uint256) {
        return 0x4000 + uint256(log) * 16 + place;
    }

    /// @dev Two pools of two logs; a successor is of its predecessor's.
    function _poolOf(uint32 log) internal view returns (PoolId) {
        for (uint32 older = 1; older < log; ++older) {
            if (successorOf[older] == log) return _poolOf(older);
        }
        return PoolId.wrap(log <= FIRST_LOGS / 2 ? 32 : 34);
    }

    /// @dev Who acts for a log: the last of its successors.
    function _acting(uint32 log) internal view returns (uint32) {
        while (successorOf[log] != 0) log = successorOf[log];
        return log;
    }

    function _log(uint256 seed) internal view returns (uint32) {
        return uint32(1 + (seed % logCount));
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    /// @dev Every day of the year works, so that a deadline can be told without a table.
    function _publish(uint16 year) private {
        uint256 days_ = year % 4 == 0 ? 366 : 365;
        uint256[2] memory bits = [type(uint256).max, (uint256(1) << (days_ - 256)) - 1];
        vm.prank(enroller);
        calendar.publishYear(year, bits);
    }
}
