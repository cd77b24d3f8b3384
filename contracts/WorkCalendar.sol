// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBureaus} from "./interfaces/IBureaus.sol";
import {IWorkCalendar} from "./interfaces/IWorkCalendar.sol";
import {EventCount} from "./libraries/EventCount.sol";

/// @title WorkCalendar
/// @notice Keeps the working days of each year and counts terms by them.
/// @dev Due dates are computed on read, so that a late notice or a correction counts for every term
/// that is running.
contract WorkCalendar is IWorkCalendar, EventCount {
    uint256 private constant SECONDS_A_DAY = 86_400;
    /// @dev China Standard Time, all year.
    uint256 private constant OFFSET_SECONDS = 8 * 3_600;
    uint256 private constant FIRST_YEAR = 1970;
    uint256 private constant BITS_A_WORD = 256;

    IBureaus private immutable _bureaus;
    /// @dev Never both zero for a year that was published.
    mapping(uint256 year => uint256[2] workingDays) private _years;

    constructor(IBureaus bureaus) {
        _bureaus = bureaus;
    }

    /// @inheritdoc IWorkCalendar
    function publishYear(uint16 year, uint256[2] calldata workingDays) external {
        if (!_bureaus.mayEnrol(msg.sender)) revert WorkCalendarNotEnroller(msg.sender);
        if (isPublished(year)) revert WorkCalendarYearKnown(year);
        _requireDays(year, workingDays);
        _years[year] = workingDays;
        _countEvent();
        emit YearPublished(year, workingDays);
    }

    /// @inheritdoc IWorkCalendar
    function correctYear(uint16 year, uint256[2] calldata workingDays) external {
        if (msg.sender != _bureaus.governor()) revert WorkCalendarNotGovernor(msg.sender);
        if (!isPublished(year)) revert WorkCalendarYearUnknown(year);
        _requireDays(year, workingDays);
        _years[year] = workingDays;
        _countEvent();
        emit YearCorrected(year, workingDays);
    }

    /// @inheritdoc IWorkCalendar
    function yearOf(uint16 year) external view returns (uint256[2] memory workingDays) {
        return _years[year];
    }

    /// @inheritdoc IWorkCalendar
    function isWorkingDay(uint64 time) external view returns (bool works, bool known) {
        (uint256 year, uint256 place, ) = _dayOf(time);
        uint256[2] memory days_ = _years[year];
        return (_works(days_, place), _isKnown(days_));
    }

    /// @inheritdoc IWorkCalendar
    function isOverdue(uint64 start, uint16 workingDays) external view returns (bool) {
        (uint64 due, bool known) = dueAt(start, workingDays);
        return known && block.timestamp >= due;
    }

    /// @inheritdoc IWorkCalendar
    function isPublished(uint16 year) public view returns (bool) {
        return _isKnown(_years[year]);
    }

    /// @inheritdoc IWorkCalendar
    function dueAt(uint64 start, uint16 workingDays) public view returns (uint64, bool) {
        (uint256 year, uint256 place, uint256 length) = _dayOf(start);
        uint256[2] memory days_ = _years[year];
        if (!_isKnown(days_)) return (0, false);
        // Days since 1970 in UTC+8; far below any overflow, for `start` has 64 bits.
        uint256 day = (uint256(start) + OFFSET_SECONDS) / SECONDS_A_DAY;
        uint256 left = workingDays;
        while (left != 0) {
            ++day;
            if (++place == length) {
                (place, length) = (0, _lengthOf(++year));
                days_ = _years[year];
                if (!_isKnown(days_)) return (0, false);
            }
            if (_works(days_, place)) --left;
        }
        return (uint64((day + 1) * SECONDS_A_DAY - OFFSET_SECONDS), true);
    }

    /// @dev The year of a time in UTC+8, the day's place in it from zero, and how many days the
    /// year has. Years are found by whole cycles of 400, then one by one within the cycle's hundreds
    /// and fours, as in the proleptic Gregorian calendar.
    function _dayOf(
        uint64 time
    ) private pure returns (uint256 year, uint256 place, uint256 length) {
        // Counted from 1 January 1601, where a cycle of 400 years begins.
        uint256 day = (uint256(time) + OFFSET_SECONDS) / SECONDS_A_DAY + 134_774;
        year = 1601 + 400 * (day / 146_097);
        day %= 146_097;
        uint256 hundreds = day / 36_524 > 3 ? 3 : day / 36_524;
        day -= hundreds * 36_524;
        uint256 fours = day / 1_461;
        day -= fours * 1_461;
        uint256 ones = day / 365 > 3 ? 3 : day / 365;
        year += hundreds * 100 + fours * 4 + ones;
        return (year, day - ones * 365, _lengthOf(year));
    }

    function _lengthOf(uint256 year) private pure returns (uint256) {
        bool isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        return isLeap ? 366 : 365;
    }

    function _works(uint256[2] memory days_, uint256 place) private pure returns (bool) {
        return (days_[place / BITS_A_WORD] >> (place % BITS_A_WORD)) & 1 == 1;
    }

    function _isKnown(uint256[2] memory days_) private pure returns (bool) {
        return days_[0] | days_[1] != 0;
    }

    function _requireDays(uint16 year, uint256[2] calldata workingDays) private pure {
        if (year < FIRST_YEAR) revert WorkCalendarYearInvalid(year);
        bool isEmpty = workingDays[0] | workingDays[1] == 0;
        if (isEmpty || workingDays[1] >> (_lengthOf(year) - BITS_A_WORD) != 0)
            revert WorkCalendarDaysInvalid(year, workingDays);
    }
}
