// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IWorkCalendar
/// @notice The official working days (法定工作日) of each year, and when a term of working days ends.
/// @dev Days are those of China Standard Time (UTC+8). A term's first day is not counted, and it
/// ends with its last working day, at 24:00. What needs a year that is not published is unknown:
/// then nothing is overdue, and no reading function refuses.
interface IWorkCalendar {
    /// @notice A year's working days are known.
    /// @param workingDays bit d - 1 of 512 (low word first) is set when day d of the year, 1 for
    /// 1 January, is a working day
    event YearPublished(uint16 indexed year, uint256[2] workingDays);
    /// @notice A published year was corrected by the council.
    event YearCorrected(uint16 indexed year, uint256[2] workingDays);

    /// @notice Only who may enrol agencies may publish a year.
    error WorkCalendarNotEnroller(address caller);
    /// @notice Only the council may correct a year.
    error WorkCalendarNotGovernor(address caller);
    /// @notice The year is published; only the council can correct it.
    error WorkCalendarYearKnown(uint16 year);
    /// @notice The year is not published.
    error WorkCalendarYearUnknown(uint16 year);
    /// @notice No day of this contract lies in the year.
    error WorkCalendarYearInvalid(uint16 year);
    /// @notice Without any working day, or with days that the year does not have.
    error WorkCalendarDaysInvalid(uint16 year, uint256[2] workingDays);

    /// @notice Publishes a year, once.
    function publishYear(uint16 year, uint256[2] calldata workingDays) external;

    /// @notice Corrects a published year; by the council.
    function correctYear(uint16 year, uint256[2] calldata workingDays) external;

    /// @notice Whether a year is published.
    function isPublished(uint16 year) external view returns (bool);

    /// @notice A year's working days; all zero when it is not published.
    function yearOf(uint16 year) external view returns (uint256[2] memory workingDays);

    /// @notice Whether the day of a time is a working day; `known` is false when nobody can say.
    function isWorkingDay(uint64 time) external view returns (bool works, bool known);

    /// @notice When a term of working days ends that began at a time.
    /// @param start any second of the term's first day, which is not counted
    /// @param workingDays length of the term; zero ends with its first day
    /// @return dueAt first second after the term; zero when it is not known
    /// @return known false when the term reaches into a year that is not published
    function dueAt(
        uint64 start,
        uint16 workingDays
    ) external view returns (uint64 dueAt, bool known);

    /// @notice Whether a term is certainly over now; false as long as its end is not known.
    function isOverdue(uint64 start, uint16 workingDays) external view returns (bool);
}
