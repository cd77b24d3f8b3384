// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFunds} from "contracts/interfaces/IFunds.sol";
import {LogId} from "contracts/types/LogId.sol";
import {PoolId} from "contracts/types/PoolId.sol";

import {TransferActions} from "./TransferActions.sol";
import {vm} from "./Vm.sol";

/// @notice Money that comes, moves and goes; what each log should own is kept beside.
abstract contract FundActions is TransferActions {
    struct Batch {
        uint32 log;
        uint32 lines;
        uint64 end;
        uint64 amountFen;
        uint64 paidFen;
        uint64 returnedFen;
        bool isPaid;
    }
    struct Settlement {
        uint32 fromLog;
        uint32 toLog;
        uint64 amountFen;
        bool isReceived;
    }

    uint256 internal references;
    bytes32[] internal batchIds;
    mapping(bytes32 batchId => Batch) internal batches;
    bytes32[] internal settlementIds;
    mapping(bytes32 settlementId => Settlement) internal settlements;
    mapping(bytes32 caseId => bool) internal isSettled;
    mapping(uint32 log => int256) internal owned;
    mapping(uint32 log => uint32) internal heir;
    mapping(uint32 log => uint64) internal stoppedUntil;
    mapping(uint32 log => uint64) internal stoppedAt;
    mapping(uint32 origin => mapping(uint64 index => bool)) internal isPaidFor;
    mapping(uint32 origin => mapping(uint64 index => bool)) internal isCollected;

    function openBalance(uint256 logSeed, uint8 account, uint64 amount, uint256 seed) external {
        uint32 log = _log(logSeed);
        IFunds.Account which = IFunds.Account(account % 7);
        uint64 amountFen = amount % 1_000_000;
        bytes memory data = abi.encodeCall(
            funds.openBalance,
            (LogId.wrap(log), which, amountFen, bytes32(seed))
        );
        if (_do("openBalance", address(council), data, seed)) owned[log] += int64(amountFen);
    }

    function collect(uint256 logSeed, uint64 amount, bool corrects, uint256 seed) external {
        uint32 log = _log(logSeed);
        (uint64 first, uint64 end) = _range(log, funds.collectedUpTo(LogId.wrap(log)), seed);
        if (end == 0) return;
        uint64 amountFen = 1 + (amount % 100_000);
        uint32 lines = uint32(end - first);
        bytes32 id = _reference(seed);
        bytes memory data = corrects
            ? abi.encodeCall(
                funds.correctCollection,
                (LogId.wrap(log), id, first, end, lines, amountFen, 202601, 202601)
            )
            : abi.encodeCall(
                funds.recordCollection,
                (LogId.wrap(log), id, first, end, lines, amountFen, 202601, 202601)
            );
        if (!_do(corrects ? "correctCollection" : "recordCollection", publisherOf[log], data, seed))
            return;
        _mark(isCollected, log, first, end);
        owned[log] += corrects ? -int256(uint256(amountFen)) : int256(uint256(amountFen));
    }

    function move(uint256 logSeed, uint8 route, uint64 amount, uint256 seed) external {
        uint32 log = _log(logSeed);
        LogId id = LogId.wrap(log);
        // Mostly along the usual routes, with what is there.
        IFunds.Account from = IFunds.Account(seed % 8 == 0 ? route % 7 : 1 + (route % 2));
        IFunds.Account to = IFunds.Account(seed % 8 == 0 ? (route / 7) % 7 : 2 + (route % 2));
        uint128 there = funds.balance(id, from);
        uint64 amountFen = uint64(1 + (amount % (there + 2)));
        bytes memory data = abi.encodeCall(
            funds.move,
            (id, _reference(seed), from, to, amountFen, bytes32(seed))
        );
        if (!_do("move", publisherOf[log], data, seed)) return;
        require(amountFen <= there, "more moved than was there");
        _requireFree(log);
    }

    function recordPaid(uint256 logSeed, uint64 amount, uint256 seed) external {
        _register(_log(logSeed), 1 + (amount % 100_000), false, seed);
    }

    function propose(uint256 logSeed, uint64 amount, uint256 seed) external {
        _register(_log(logSeed), 1 + (amount % 100_000), true, seed);
    }

    function approve(uint256 batchSeed, uint64 part, uint8 signers, uint256 seed) external {
        if (batchIds.length == 0) return;
        bytes32 id = batchIds[batchIds.length - 1 - (batchSeed % _recent(batchIds.length))];
        Batch storage batch = batches[id];
        uint32 log = _heirOf(batch.log);
        uint64 paidFen = part % 4 == 0 ? part % (batch.amountFen + 2) : batch.amountFen;
        uint32 paidLines = paidFen == 0 ? 0 : batch.lines;
        bytes32 digest = funds.approvalDigest(id, paidLines, paidFen, bytes32(uint256(7)));
        // Mostly two officers of the log; else one twice, or one of another log.
        bool isRight = signers % 4 != 0;
        uint32 other = signers % 8 == 0 ? log : _log(seed);
        bytes memory data = abi.encodeCall(
            funds.approveDisbursement,
            (
                id,
                paidLines,
                paidFen,
                _signed(log, 0, digest),
                _signed(isRight ? log : other, isRight ? 1 : 0, digest)
            )
        );
        (, uint64 inherited) = funds.holderOf(LogId.wrap(batch.log));
        if (!_do("approveDisbursement", publisherOf[log], data, seed)) return;
        require(isRight, "not two officers of the log");
        require(!batch.isPaid, "a batch was paid twice");
        require(paidFen <= batch.amountFen && batch.end <= inherited, "more was paid than proposed");
        _requireFree(log);
        _requireNoDebt(log);
        (batch.isPaid, batch.paidFen) = (true, paidFen);
        owned[log] -= int256(uint256(paidFen));
    }

    function recordReturn(uint256 batchSeed, uint64 amount, uint256 seed) external {
        if (batchIds.length == 0) return;
        bytes32 id = batchIds[batchIds.length - 1 - (batchSeed % _recent(batchIds.length))];
        Batch storage batch = batches[id];
        uint32 log = _heirOf(batch.log);
        uint64 amountFen = 1 + (amount % (batch.paidFen + 1));
        bytes memory data = abi.encodeCall(
            funds.recordReturn,
            (LogId.wrap(log), _reference(seed), id, amountFen)
        );
        if (!_do("recordReturn", publisherOf[log], data, seed)) return;
        batch.returnedFen += amountFen;
        require(batch.returnedFen <= batch.paidFen, "more came back than was paid");
        owned[log] += int256(uint256(amountFen));
    }

    function clearShortfall(uint256 logSeed, uint64 amount, uint256 seed) external {
        uint32 log = _log(logSeed);
        LogId id = LogId.wrap(log);
        uint128 owed = funds.balance(id, IFunds.Account.Shortfall);
        uint128 there = funds.balance(id, IFunds.Account.Expenditure);
        uint128 most = owed < there ? owed : there;
        uint64 amountFen = uint64(1 + (amount % (most + 1)));
        bytes memory data = abi.encodeCall(
            funds.clearShortfall,
            (id, _reference(seed), amountFen, bytes32(seed))
        );
        if (!_do("clearShortfall", publisherOf[log], data, seed)) return;
        require(amountFen <= owed, "more was cleared than owed");
        _requireFree(log);
    }

    function sendSettlement(uint256 caseSeed, uint64 amount, uint256 seed) external {
        if (caseIds.length == 0) return;
        bytes32 one = caseIds[caseSeed % caseIds.length];
        (uint32 fromLog, uint32 toLog) = (_heirOf(cases[one].fromLog), _heirOf(cases[one].toLog));
        bytes32[] memory ids = _settleable(fromLog, toLog);
        if (ids.length < MINIMUM_LINES) return;
        uint128 there = funds.balance(LogId.wrap(fromLog), IFunds.Account.Expenditure);
        uint64 amountFen = uint64(1 + (amount % (there + 2)));
        bytes32 id = _reference(seed);
        bytes memory data = abi.encodeCall(
            funds.sendSettlement,
            (id, LogId.wrap(fromLog), LogId.wrap(toLog), amountFen, ids)
        );
        if (!_do("sendSettlement", publisherOf[fromLog], data, seed)) return;
        require(_poolOf(fromLog) != _poolOf(toLog), "settled inside a pool");
        _requireFree(fromLog);
        _requireNoDebt(fromLog);
        for (uint256 i = 0; i < ids.length; ++i) {
            require(!isSettled[ids[i]], "a case was settled twice");
            isSettled[ids[i]] = true;
        }
        settlementIds.push(id);
        settlements[id] = Settlement(fromLog, toLog, amountFen, false);
    }

    function receiveSettlement(uint256 settlementSeed, uint64 off, uint256 seed) external {
        if (settlementIds.length == 0) return;
        bytes32 id = settlementIds[settlementSeed % settlementIds.length];
        Settlement storage sent = settlements[id];
        uint64 amountFen = sent.amountFen + (seed % 4 == 0 ? off % 3 : 0);
        uint32 toLog = _heirOf(sent.toLog);
        bytes memory data = abi.encodeCall(funds.receiveSettlement, (id, amountFen));
        if (!_do("receiveSettlement", publisherOf[toLog], data, seed)) return;
        require(!sent.isReceived, "money arrived twice");
        require(amountFen == sent.amountFen, "another amount arrived than left");
        sent.isReceived = true;
        owned[_heirOf(sent.fromLog)] -= int256(uint256(amountFen));
        owned[toLog] += int256(uint256(amountFen));
    }

    function takeOver(uint256 logSeed, uint256 seed) external {
        uint32 log = _log(logSeed);
        uint32 older = predecessorOf[log];
        address anyone = everybody[seed % everybody.length];
        bytes memory data = abi.encodeCall(funds.takeOver, (LogId.wrap(log)));
        (bool ok, ) = _act("takeOver", anyone, anyone, address(funds), data, seed);
        if (!ok) return;
        require(older != 0 && heir[older] == 0, "books were taken over twice");
        heir[older] = log;
        owned[log] += owned[older];
        owned[older] = 0;
    }

    function freeze(uint256 logSeed, uint256 seed) external {
        if (seed % 3 != 0) return;
        uint32 log = _log(logSeed);
        bytes memory data = abi.encodeCall(rules.freeze, (LogId.wrap(log), bytes32(seed)));
        (bool ok, ) = _act("freeze", freezer, address(0), address(rules), data, seed);
        if (!ok) return;
        uint64 until = rules.freezeOf(LogId.wrap(log)).until;
        // Ten working days, where every day works; or what is left of a freeze lifted early.
        uint64 whole = _endOfDay(uint64(block.timestamp), 10);
        bool isRest = until == stoppedAt[log] && until > block.timestamp;
        require(until == whole || isRest, "a freeze of another length");
        (stoppedUntil[log], stoppedAt[log]) = (until, until);
    }

    function renewFreeze(uint256 logSeed, uint256 seed) external {
        if (seed % 8 != 0) return;
        uint32 log = _log(logSeed);
        bytes memory data = abi.encodeCall(rules.renewFreeze, (LogId.wrap(log), bytes32(seed)));
        (bool ok, ) = _act("renewFreeze", address(council), address(0), address(rules), data, seed);
        if (!ok) return;
        uint64 whole = _endOfDay(uint64(block.timestamp), 10);
        if (whole > stoppedUntil[log]) stoppedUntil[log] = whole;
        stoppedAt[log] = stoppedUntil[log];
    }

    function unfreeze(uint256 logSeed, bool byCouncil, uint256 seed) external {
        uint32 log = _log(logSeed);
        bytes memory data = abi.encodeCall(rules.unfreeze, (LogId.wrap(log), bytes32(seed)));
        (bool ok, ) = _act(
            "unfreeze",
            byCouncil ? address(council) : freezer,
            byCouncil ? freezer : address(council),
            address(rules),
            data,
            seed
        );
        if (!ok) return;
        stoppedUntil[log] = 0;
        if (byCouncil) stoppedAt[log] = uint64(block.timestamp);
    }

    /// @dev Every fen is accounted for, by log and by pool, and nothing is below zero.
    function _auditFunds() internal view {
        uint128[7][2] memory sums;
        for (uint32 log = 1; log <= logCount; ++log) {
            int256 there = 0;
            for (uint8 account = 1; account < 7; ++account) {
                uint128 balance = funds.balance(LogId.wrap(log), IFunds.Account(account));
                bool isDebt = IFunds.Account(account) == IFunds.Account.Shortfall;
                there += isDebt ? -int256(uint256(balance)) : int256(uint256(balance));
                sums[PoolId.unwrap(_poolOf(log)) == 32 ? 0 : 1][account] += balance;
            }
            require(there == owned[log], "money came or went unaccounted for");
        }
        for (uint8 account = 1; account < 7; ++account) {
            IFunds.Account which = IFunds.Account(account);
            bool isSame = funds.poolBalance(PoolId.wrap(32), which) == sums[0][account] &&
                funds.poolBalance(PoolId.wrap(34), which) == sums[1][account];
            require(isSame, "a pool is not the sum of its logs");
        }
    }

    function _register(uint32 log, uint64 amountFen, bool isProposal, uint256 seed) private {
        (uint64 first, uint64 end) = _range(log, funds.payoutRegisteredUpTo(LogId.wrap(log)), seed);
        if (end == 0) return;
        bytes32 id = _reference(seed);
        uint32 lines = uint32(end - first);
        bytes memory data = isProposal
            ? abi.encodeCall(
                funds.proposeDisbursement,
                (LogId.wrap(log), id, first, end, lines, amountFen, bytes32(uint256(7)), 202601)
            )
            : abi.encodeCall(
                funds.recordPaid,
                (LogId.wrap(log), id, first, end, lines, amountFen, 202601)
            );
        if (!_do(isProposal ? "proposeDisbursement" : "recordPaid", publisherOf[log], data, seed))
            return;
        require(!isProposal || !isSuspended[log], "proposed while suspended");
        _mark(isPaidFor, log, first, end);
        batchIds.push(id);
        uint64 paidFen = isProposal ? 0 : amountFen;
        batches[id] = Batch(log, lines, end, amountFen, paidFen, 0, !isProposal);
        owned[log] -= int256(uint256(paidFen));
    }

    function _do(
        string memory name,
        address right,
        bytes memory data,
        uint256 seed
    ) private returns (bool ok) {
        (ok, ) = _act(name, right, address(0), address(funds), data, seed >> 16);
    }

    /// @dev Mostly the next leaves that are not registered; sometimes some that are, or too many.
    function _range(
        uint32 log,
        uint64 registered,
        uint256 seed
    ) private view returns (uint64 first, uint64 end) {
        uint64 size = _sizeOf(log);
        if (seed % 8 == 0 && registered > 1) return (registered - 1, registered + 1);
        if (seed % 8 == 1) return (size, size + 2);
        if (registered + MINIMUM_LINES > size) return (0, 0);
        first = registered;
        end = first + MINIMUM_LINES + uint64(seed % 3);
        if (end > size) end = size;
    }

    /// @dev A leaf serves once in all logs that carry it.
    function _mark(
        mapping(uint32 => mapping(uint64 => bool)) storage used,
        uint32 log,
        uint64 first,
        uint64 end
    ) private {
        require(end <= _sizeOf(log), "leaves that nobody anchored");
        for (uint64 index = first; index < end; ++index) {
            uint32 origin = _originOf(log, index);
            require(!used[origin][index], "a leaf was used twice");
            used[origin][index] = true;
        }
    }

    function _requireFree(uint32 log) private view {
        for (; log != 0; log = predecessorOf[log])
            require(stoppedUntil[log] <= block.timestamp, "frozen money went out");
    }

    function _requireNoDebt(uint32 log) private view {
        uint128 owed = funds.balance(LogId.wrap(log), IFunds.Account.Shortfall);
        require(owed == 0, "money went out of a log that owes");
    }

    function _heirOf(uint32 log) private view returns (uint32) {
        while (heir[log] != 0) log = heir[log];
        return log;
    }

    /// @dev Released cases between two logs; old ones among them, which must not be settled again.
    function _settleable(uint32 fromLog, uint32 toLog) private view returns (bytes32[] memory ids) {
        bytes32[] memory found = new bytes32[](MINIMUM_LINES);
        uint256 count = 0;
        for (uint256 i = caseIds.length; i > 0 && count < MINIMUM_LINES; --i) {
            bytes32 id = caseIds[i - 1];
            bool isBetween = _heirOf(cases[id].fromLog) == fromLog &&
                _heirOf(cases[id].toLog) == toLog;
            bool isReleased = transfers.transferCase(id).releasedAt != 0;
            if (isBetween && isReleased && !isSettled[id]) found[count++] = id;
        }
        if (count == MINIMUM_LINES) ids = found;
    }

    /// @dev A new identifier; now and then one that was used.
    function _reference(uint256 seed) private returns (bytes32) {
        if (seed % 32 == 5 && references != 0) return keccak256(abi.encode("ref", references));
        return keccak256(abi.encode("ref", ++references));
    }

    function _recent(uint256 count) private pure returns (uint256) {
        return count < 6 ? count : 6;
    }

    function _signed(uint32 log, uint256 place, bytes32 digest) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_officerKey(log, place), digest);
        return abi.encodePacked(r, s, v);
    }
}
