// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITransfers} from "contracts/interfaces/ITransfers.sol";
import {LogId} from "contracts/types/LogId.sol";

import {LogActions} from "./LogActions.sol";

/// @notice Stays that move and benefits that are claimed; a book of both is kept beside.
abstract contract TransferActions is LogActions {
    uint256 internal constant TAGS = 12;

    struct Case {
        ITransfers.CaseState state;
        uint32 fromLog;
        uint32 toLog;
        uint64 since;
        uint256 tag;
        bytes32 figures;
        address mover;
        address canceller;
    }

    bytes32[] internal caseIds;
    mapping(bytes32 caseId => Case) internal cases;
    mapping(uint256 tag => bytes32 caseId) internal openCase;
    mapping(uint256 tag => uint32) internal holder;
    mapping(uint256 tag => uint32) internal payer;

    function request(uint256 fromSeed, uint256 toSeed, uint256 tagSeed, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        // Often between the same two, so that there is something to settle.
        uint32 toLog = toSeed % 2 == 0 ? _acting(FIRST_LOGS) : _log(toSeed);
        uint32 fromLog = fromSeed % 2 == 0 ? 1 : _log(fromSeed);
        if (holder[tag] != 0 && seed % 4 != 0) fromLog = holder[tag];
        bool isOld = seed % 8 == 1 && caseIds.length != 0;
        bytes32 id = isOld
            ? caseIds[seed % caseIds.length]
            : keccak256(abi.encode("case", caseIds.length));
        if (!_request(id, tag, fromLog, toLog, seed)) return;
        require(!isOld, "a case was opened twice");
        require(openCase[tag] == 0, "a stay has two open cases");
        require(!isSuspended[toLog] && !isClosed[toLog], "opened by who may not");
        uint32 from = _acting(fromLog);
        require(holder[tag] == 0 || _acting(holder[tag]) == from, "asked of another holder");
        caseIds.push(id);
        openCase[tag] = id;
        cases[id].state = ITransfers.CaseState.Requested;
        (cases[id].fromLog, cases[id].toLog, cases[id].tag) = (from, toLog, tag);
        cases[id].since = uint64(block.timestamp);
    }

    function _request(
        bytes32 id,
        uint256 tag,
        uint32 fromLog,
        uint32 toLog,
        uint256 seed
    ) private returns (bool ok) {
        (LogId from, LogId to) = (LogId.wrap(fromLog), LogId.wrap(toLog));
        bytes memory data = abi.encodeCall(
            transfers.request,
            (id, bytes32(tag), from, to, bytes32(seed))
        );
        (ok, ) = _act("request", publisherOf[toLog], address(0), address(transfers), data, seed);
    }

    function release(uint256 caseSeed, uint256 seed) external {
        if (caseIds.length == 0) return;
        bytes32 id = _case(caseSeed);
        bytes32 figures = bytes32(1 + (seed >> 1));
        (bool ok, ) = _act(
            "release",
            publisherOf[_acting(cases[id].fromLog)],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.release, (id, figures, bytes32(uint256(1)))),
            seed
        );
        if (!ok) return;
        _from(id, ITransfers.CaseState.Requested, ITransfers.CaseState.Requested);
        cases[id].state = ITransfers.CaseState.Released;
        (cases[id].figures, cases[id].since) = (figures, uint64(block.timestamp));
        (cases[id].mover, cases[id].canceller) = (address(0), address(0));
    }

    function accept(uint256 caseSeed, uint256 seed) external {
        if (caseIds.length == 0) return;
        bytes32 id = _case(caseSeed);
        bytes32 figures = seed % 4 == 0 ? bytes32(seed) : cases[id].figures;
        (bool ok, ) = _act(
            "accept",
            publisherOf[_acting(cases[id].toLog)],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.accept, (id, figures)),
            seed
        );
        if (!ok) return;
        _from(id, ITransfers.CaseState.Released, ITransfers.CaseState.Released);
        require(figures == cases[id].figures, "other figures were accepted");
        _end(id, ITransfers.CaseState.Accepted, true);
    }

    function refuse(uint256 caseSeed, bool bySender, uint256 seed) external {
        // Rarely, as withdrawing: most cases shall go on.
        if (caseIds.length == 0 || seed % 8 != 0) return;
        bytes32 id = _case(caseSeed);
        address sender = publisherOf[_acting(cases[id].fromLog)];
        address receiver = publisherOf[_acting(cases[id].toLog)];
        (bool ok, ) = _act(
            "refuse",
            bySender ? sender : receiver,
            bySender ? receiver : sender,
            address(transfers),
            abi.encodeCall(transfers.refuse, (id, 1, bytes32(uint256(1)))),
            seed
        );
        if (!ok) return;
        _from(id, ITransfers.CaseState.Requested, ITransfers.CaseState.Released);
        _end(id, ITransfers.CaseState.Refused, false);
    }

    function withdraw(uint256 caseSeed, uint256 seed) external {
        if (caseIds.length == 0 || seed % 8 != 0) return;
        bytes32 id = _case(caseSeed);
        (bool ok, ) = _act(
            "withdraw",
            publisherOf[_acting(cases[id].toLog)],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.withdraw, (id)),
            seed
        );
        if (!ok) return;
        _from(id, ITransfers.CaseState.Requested, ITransfers.CaseState.Released);
        _end(id, ITransfers.CaseState.Withdrawn, false);
    }

    function overrule(uint256 caseSeed, bool isSecond, bool cancels, uint256 seed) external {
        if (caseIds.length == 0) return;
        bytes32 id = _case(caseSeed);
        (address one, address other) = isSecond
            ? (secondMember, firstMember)
            : (firstMember, secondMember);
        ITransfers.Overruling outcome = cancels
            ? ITransfers.Overruling.Cancel
            : ITransfers.Overruling.Move;
        (bool ok, ) = _act(
            "overrule",
            one,
            other,
            address(transfers),
            abi.encodeCall(transfers.overrule, (id, outcome, bytes32(uint256(1)))),
            seed
        );
        if (!ok) return;
        Case storage found = cases[id];
        _from(id, ITransfers.CaseState.Requested, ITransfers.CaseState.Released);
        // Every day works here: the fifteenth day after that of the start ends at 16:00 UTC.
        require(block.timestamp >= _endOfDay(found.since, 15), "overruled before the deadline");
        address before = cancels ? found.canceller : found.mover;
        require(before != one, "one supervisor voted twice");
        if (before != address(0)) {
            if (cancels) _end(id, ITransfers.CaseState.Cancelled, false);
            else _end(id, ITransfers.CaseState.Moved, true);
            return;
        }
        if (cancels) {
            found.canceller = one;
            if (found.mover == one) found.mover = address(0);
        } else {
            found.mover = one;
            if (found.canceller == one) found.canceller = address(0);
        }
    }

    function claimBenefit(uint256 logSeed, uint256 tagSeed, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        uint32 log = _log(logSeed);
        (bool ok, ) = _act(
            "claimBenefit",
            publisherOf[log],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.claimBenefit, (bytes32(tag), LogId.wrap(log))),
            seed
        );
        if (!ok) return;
        require(payer[tag] == 0, "a benefit has two payers");
        require(!isSuspended[log] && !isClosed[log], "claimed by who may not");
        payer[tag] = log;
    }

    function releaseBenefit(uint256 tagSeed, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        uint32 log = payer[tag];
        if (log == 0 || seed % 2 != 0) return;
        uint32 contester = _contester(ITransfers.ClaimKind.Benefit, tag);
        (bool ok, ) = _act(
            "releaseBenefit",
            publisherOf[_acting(log)],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.releaseBenefit, (bytes32(tag), LogId.wrap(log))),
            seed
        );
        if (ok) payer[tag] = contester;
    }

    function handBenefitOver(uint256 tagSeed, uint256 toSeed, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        uint32 fromLog = _acting(payer[tag]);
        uint32 toLog = _log(toSeed);
        if (fromLog == 0) return;
        (LogId from, LogId to) = (LogId.wrap(fromLog), LogId.wrap(toLog));
        _act(
            "offerBenefit",
            publisherOf[fromLog],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.offerBenefit, (bytes32(tag), from, to)),
            seed
        );
        (bool ok, ) = _act(
            "takeBenefit",
            publisherOf[toLog],
            address(0),
            address(transfers),
            abi.encodeCall(transfers.takeBenefit, (bytes32(tag), from, to)),
            seed
        );
        if (ok) payer[tag] = toLog;
    }

    function contest(uint256 logSeed, uint256 tagSeed, bool isStay, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        uint32 log = _log(logSeed);
        ITransfers.ClaimKind kind = _kind(isStay);
        _act(
            "contest",
            publisherOf[_acting(log)],
            address(0),
            address(transfers),
            abi.encodeCall(
                transfers.contest,
                (kind, bytes32(tag), LogId.wrap(log), bytes32(uint256(1)))
            ),
            seed
        );
    }

    function settleClaim(uint256 tagSeed, bool isStay, bool isGiven, uint256 seed) external {
        uint256 tag = 1 + (tagSeed % TAGS);
        ITransfers.ClaimKind kind = _kind(isStay);
        uint32 contester = _contester(kind, tag);
        ITransfers.Finding finding = isGiven
            ? ITransfers.Finding.GiveToContester
            : ITransfers.Finding.Confirm;
        bytes memory data = abi.encodeCall(
            transfers.settleClaim,
            (kind, bytes32(tag), finding, bytes32(uint256(1)))
        );
        address[2] memory members = [firstMember, secondMember];
        for (uint256 i = 0; i < 2; ++i)
            _act("settleClaim", members[i], members[1 - i], address(transfers), data, seed);
        bool isOver = contester != 0 && _contester(kind, tag) == 0;
        if (!isOver || !isGiven) return;
        if (isStay) holder[tag] = contester;
        else payer[tag] = contester;
    }

    /// @dev The contract's book and ours say the same.
    function _auditTransfers() internal view {
        for (uint256 tag = 1; tag <= TAGS; ++tag) {
            bytes32 name = bytes32(tag);
            require(transfers.openCaseOf(name) == openCase[tag], "another open case");
            require(LogId.unwrap(transfers.holderOf(name)) == _acting(holder[tag]), "another holder");
            require(LogId.unwrap(transfers.payerOf(name)) == _acting(payer[tag]), "another payer");
        }
        for (uint256 i = 0; i < caseIds.length; ++i) {
            bool isSame = transfers.transferCase(caseIds[i]).state == cases[caseIds[i]].state;
            require(isSame, "a case moved by itself");
        }
    }

    function _from(
        bytes32 id,
        ITransfers.CaseState one,
        ITransfers.CaseState other
    ) private view {
        ITransfers.CaseState state = cases[id].state;
        require(state == one || state == other, "a settled case moved again");
        require(openCase[cases[id].tag] == id, "a case moved that is not open");
    }

    function _end(bytes32 id, ITransfers.CaseState state, bool moves) private {
        cases[id].state = state;
        openCase[cases[id].tag] = 0;
        if (moves) holder[cases[id].tag] = cases[id].toLog;
    }

    function _contester(ITransfers.ClaimKind kind, uint256 tag) private view returns (uint32) {
        return LogId.unwrap(transfers.claimOf(kind, bytes32(tag)).contester);
    }

    function _kind(bool isStay) private pure returns (ITransfers.ClaimKind) {
        return isStay ? ITransfers.ClaimKind.Stay : ITransfers.ClaimKind.Benefit;
    }

    function _case(uint256 seed) internal view returns (bytes32) {
        // The newest ones mostly: the older ones are over.
        uint256 back = seed % 5 == 0 ? caseIds.length : 8;
        uint256 place = (seed >> 8) % (back < caseIds.length ? back : caseIds.length);
        return caseIds[caseIds.length - 1 - place];
    }

    /// @dev The end, in Beijing, of the n-th day after the day of a moment.
    function _endOfDay(uint64 start, uint64 count) internal pure returns (uint64) {
        return ((start + 8 hours) / 1 days + count + 1) * 1 days - 8 hours;
    }
}
