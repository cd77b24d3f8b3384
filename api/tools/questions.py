"""The three questions of ``/tools/``: their fields, how they are asked, what the answer shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.tools.views import ChartRow, Choice, Field, FieldGroup, FieldKind
from api.web.formats import month_words, yuan
from api.web.parts import Fact, FactForm, Language, Words
from ledger.advice.answers import Answer
from ledger.advice.inputs import Inputs
from ledger.advice.pension import answer_pension
from ledger.advice.retirement import answer_retirement
from ledger.advice.transfers import answer_transfer_amount
from ledger.errors import ParameterMissingError
from ledger.policy.periods import duration_text, months_between
from ledger.policy.rates import benefit_base
from ledger.policy.regions import NATION, regions

STRETCHES: Final = 4
"""How many stretches of one wage base the form of a transfer has room for."""
_PROVINCE: Final = "province"
_BASE_YEAR: Final = 2025
_MONTH_HINT: Final = Words("年-月，例如 1975-06", "Year and month, for example 1975-06")
_MONTHS_HINT: Final = Words("15 年是 180 个月", "15 years are 180 months")

RULE_FIELDS: Final[Mapping[str, Words]] = {
    "base": Words("计发基数", "Benefit base"),
    "birth_period": Words("出生年月", "Month of birth"),
    "early_paid_months": Words("建账前缴费月数", "Months paid before accounts"),
    "index_e4": Words("平均缴费指数", "Average contribution index"),
    "months": Words("累计缴费月数", "Months in all"),
    "retirement_period": Words("退休年月", "Month of retirement"),
}
"""What people call the figures that a rule may find impossible beside one another."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of an answer, beside its steps."""

    answer: Words
    facts: tuple[Fact, ...]
    chart: tuple[ChartRow, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One tool: where it is, what it asks, and how its answer is shown."""

    path: str
    title: Words
    lead: Words
    fields: Callable[[], tuple[FieldGroup, ...]]
    ask: Callable[[Mapping[str, str]], Answer]
    show: Callable[[Mapping[str, Any]], Shown]


# --- retirement -------------------------------------------------------------------------------

_CATEGORIES: Final = (
    Choice("male", Words("男职工（原 60 周岁）", "Man (former age 60)")),
    Choice("female-55", Words("女职工，管理或技术岗位（原 55 周岁）", "Woman, former age 55")),
    Choice("female-50", Words("女职工，工人岗位（原 50 周岁）", "Woman, former age 50")),
)
_CATEGORY: Final = Field(
    "category",
    Words("退休类别", "Category"),
    FieldKind.CHOICE,
    hint=Words(
        "女职工的类别按岗位认定，以单位和经办机构核定为准",
        "A woman's category depends on the post, as it was decided",
    ),
    choices=_CATEGORIES,
)
_BORN: Final = Field(
    "born", Words("出生年月（档案记载）", "Month of birth"), FieldKind.MONTH, hint=_MONTH_HINT
)
_FLEXIBLE: Final = Field(
    "flexible",
    Words("提前或延迟几个月", "Months earlier or later"),
    FieldKind.WHOLE,
    hint=Words("提前填负数，例如 -12；延迟填正数", "Earlier is negative, such as -12"),
    is_needed=False,
)


def _retirement_fields() -> tuple[FieldGroup, ...]:
    return (FieldGroup((_CATEGORY, _BORN, _FLEXIBLE)),)


def _show_retirement(found: Mapping[str, Any]) -> Shown:
    month = _period(found["retirement_month"])
    if found["flexible_months"]:
        answer = _in_month("您选择在 {}退休", "You choose to retire in {}", month)
    else:
        answer = _in_month("您在 {}到达法定退休年龄", "You reach the pension age in {}", month)
    needed = found["minimum_months"]
    facts = (
        _duration("法定退休年龄", "Pension age", found["retirement_age_months"]),
        _duration("比原年龄延迟", "Later than before", found["delay_months"]),
        _month("待遇从何时起发", "Benefits from", found["benefits_from"]),
        _month("最早可选", "Earliest month", found["earliest_month"]),
        _month("最晚可选", "Latest month", found["latest_month"]),
        Fact(
            Words("最低缴费年限", "Contributions needed"),
            Words(f"{needed} 个月（{duration_text(needed)}）", f"{needed} months"),
        ),
        *(
            [_month("最迟告知或约定", "Notice by", found["notice_by"])]
            if found["notice_by"]
            else []
        ),
    )
    return Shown(answer, facts, _retirement_chart(found))


def _retirement_chart(found: Mapping[str, Any]) -> tuple[ChartRow, ...]:
    points = [
        (Words("原退休年龄", "Former age"), found["old_age_month"], False),
        (Words("最早可选", "Earliest"), found["earliest_month"], False),
        (
            Words("法定退休年龄", "Pension age"),
            found["statutory_month"],
            not found["flexible_months"],
        ),
    ]
    if found["flexible_months"]:
        points.append((Words("您的选择", "Your choice"), found["retirement_month"], True))
    points.append((Words("最晚可选", "Latest"), found["latest_month"], False))
    points.sort(key=lambda point: str(point[1]))
    first = _period(found["old_age_month"])
    whole = max(months_between(first, _period(found["latest_month"])), 1)
    return tuple(
        ChartRow(
            name,
            _month_words(_period(month)),
            places := months_between(first, _period(month)) / whole,
            places,
            strong=strong,
        )
        for name, month, strong in points
    )


# --- pension ----------------------------------------------------------------------------------


def _pension_fields() -> tuple[FieldGroup, ...]:
    place = Field(
        "region",
        Words("待遇领取地", "Place that pays"),
        FieldKind.CHOICE,
        hint=Words(
            "只列出有计发基数或平均工资可查的省份",
            "Only provinces whose benefit base or average wage is in the tables",
        ),
        choices=provinces(),
    )
    working_life = (
        Field(
            "paid_months",
            Words("到退休时实际缴费月数", "Months paid by then"),
            FieldKind.WHOLE,
            hint=_MONTHS_HINT,
        ),
        Field(
            "deemed_months",
            Words("视同缴费月数", "Months that count unpaid"),
            FieldKind.WHOLE,
            hint=Words("建立个人账户之前、经认定的工龄", "Approved years from before accounts"),
            is_needed=False,
        ),
        Field(
            "index",
            Words("平均缴费指数", "Average contribution index"),
            FieldKind.DECIMAL,
            hint=Words(
                "缴费工资与平均工资之比，多在 0.6 至 3 之间；按平均工资缴费填 1",
                "Own base against the average wage, from 0.6 to 3; 1 is average",
            ),
        ),
        Field(
            "balance_yuan",
            Words("退休时个人账户储存额（元）", "Personal account then (yuan)"),
            FieldKind.DECIMAL,
        ),
        Field(
            "base_yuan",
            Words("计发基数（元）", "Benefit base (yuan)"),
            FieldKind.DECIMAL,
            hint=Words("知道当地公布的数才填；不填按参数表", "If you know it; else the table's"),
            is_needed=False,
        ),
    )
    return (
        FieldGroup((_CATEGORY, _BORN, _FLEXIBLE), Words("退休时间", "Retirement")),
        FieldGroup((place, *working_life), Words("缴费和账户", "Contributions and account")),
    )


def _show_pension(found: Mapping[str, Any]) -> Shown:
    total = found["total_fen"]
    parts = [
        (Words("基础养老金", "Basic pension"), found["basic_fen"]),
        (Words("个人账户养老金", "Account pension"), found["account_fen"]),
        (Words("过渡性养老金", "Transitional pension"), found["transition_fen"]),
        (Words("地方增发", "Local addition"), found["addition_fen"]),
    ]
    facts = (
        _month("退休年月", "Retirement in", found["retirement_month"]),
        _month("待遇从何时起发", "Benefits from", found["benefits_from"]),
        *(_fen(name, amount) for name, amount in parts if amount),
        _fen(Words("每月合计", "A month in all"), total),
        _fen(Words("计发基数", "Benefit base"), found["base_fen"]),
        Fact(
            Words("计发月数", "Account divided by"),
            Words(f"{found['annuity_months_e1'] / 10:g}", f"{found['annuity_months_e1'] / 10:g}"),
        ),
    )
    answer = Words(f"每月约 {yuan(total)} 元", f"About {yuan(total)} yuan a month")
    return Shown(answer, facts, _parts_chart([part for part in parts if part[1]], total))


def provinces() -> tuple[Choice, ...]:
    """The provinces for which a pension can be estimated at all."""
    return tuple(
        Choice(code, Words(region.name_zh, region.name_en))
        for code, region in sorted(regions().items())
        if region.level == _PROVINCE and code != NATION and _has_base(code)
    )


def _has_base(code: str) -> bool:
    try:
        benefit_base(code, _BASE_YEAR)
    except ParameterMissingError:
        return False
    return True


# --- transfer ---------------------------------------------------------------------------------


def _transfer_fields() -> tuple[FieldGroup, ...]:
    everywhere = tuple(
        Choice(code, Words(region.name_zh, region.name_en))
        for code, region in sorted(regions().items())
        if region.level == _PROVINCE and code != NATION
    )
    where = (
        Field("from_region", Words("转出地", "From"), FieldKind.CHOICE, choices=everywhere),
        Field("to_region", Words("转入地", "To"), FieldKind.CHOICE, choices=everywhere),
        Field(
            "balance_yuan",
            Words("个人账户储存额（元）", "Personal account (yuan)"),
            FieldKind.DECIMAL,
        ),
    )
    return (FieldGroup(where), *(_stretch(number) for number in range(1, STRETCHES + 1)))


def _stretch(number: int) -> FieldGroup:
    needed = number == 1
    return FieldGroup(
        (
            Field(
                f"first_{number}",
                Words("从", "From"),
                FieldKind.MONTH,
                is_needed=needed,
                hint=Words("年-月，例如 2018-03", "Year and month, for example 2018-03"),
            ),
            Field(f"last_{number}", Words("到", "Until"), FieldKind.MONTH, is_needed=needed),
            Field(
                f"base_yuan_{number}",
                Words("每月缴费基数（元）", "Wage base of a month (yuan)"),
                FieldKind.DECIMAL,
                is_needed=needed,
            ),
        ),
        Words(f"第 {number} 段缴费", f"Stretch {number} of contributions"),
    )


def _ask_transfer(values: Mapping[str, str]) -> Answer:
    """The stretches as a list; one that was left empty is left out."""
    periods = []
    for number in range(1, STRETCHES + 1):
        row = {
            name: values.get(f"{name}_{number}", "").strip()
            for name in ("first", "last", "base_yuan")
        }
        if number == 1 or any(row.values()):
            periods.append(row)
    plain = {name: text for name, text in values.items() if not name[-1].isdigit()}
    return answer_transfer_amount(Inputs({**plain, "periods": periods}))


def _show_transfer(found: Mapping[str, Any]) -> Shown:
    parts = [
        (Words("个人账户储存额", "Personal account"), found["account_fen"]),
        (Words("统筹基金 12%", "12 % from the pool"), found["pool_fen"]),
    ]
    months = found["months"]
    count = Fact(Words("缴费月数", "Months"), Words(f"{months} 个月", f"{months} months"))
    if found["scope"] == "INTRA_POOL":
        answer = Words("省内转移只转记录，不转资金", "Inside one province no money moves")
        return Shown(answer, (count, *(_fen(name, amount) for name, amount in parts)), ())
    total = found["fund_fen"]
    answer = Words(f"随关系转移约 {yuan(total)} 元", f"About {yuan(total)} yuan move along")
    facts = (
        count,
        *(_fen(name, amount) for name, amount in parts),
        _fen(Words("合计", "In all"), total),
    )
    return Shown(answer, facts, _parts_chart(parts, total))


# --- shared -----------------------------------------------------------------------------------


def _parts_chart(parts: list[tuple[Words, int]], total: int) -> tuple[ChartRow, ...]:
    """Parts that add up, each beginning where the one before ends, then the whole."""
    rows, before = [], 0
    for shade, (name, amount) in enumerate(parts):
        rows.append(
            ChartRow(
                name,
                _yuan_words(amount),
                before / max(total, 1),
                (before + amount) / max(total, 1),
                shade=shade,
            )
        )
        before += amount
    whole = ChartRow(Words("合计", "In all"), _yuan_words(total), 0, 1, strong=True)
    return (*rows, whole)


def _yuan_words(fen: int) -> Words:
    return Words(f"{yuan(fen)} 元", f"{yuan(fen)} yuan")


def _fen(label: Words, fen: int) -> Fact:
    return Fact(label, str(fen), FactForm.FEN)


def _period(month: str) -> int:
    return int(month.replace("-", ""))


def _month_words(period: int) -> Words:
    return Words(month_words(period, Language.ZH), month_words(period, Language.EN))


def _in_month(zh: str, en: str, period: int) -> Words:
    words = _month_words(period)
    return Words(zh.format(words.zh), en.format(words.en))


def _month(zh: str, en: str, month: str) -> Fact:
    return Fact(Words(zh, en), _month_words(_period(month)))


def _duration(zh: str, en: str, months: int) -> Fact:
    return Fact(Words(zh, en), Words(duration_text(months), duration_text(months, "en")))


QUESTIONS: Final = (
    Question(
        "/tools/retirement",
        Words("我什么时候可以退休？", "When can I retire?"),
        Words(
            "填出生年月和类别，看法定退休时间、可选的早晚范围。",
            "From birth month and category: the statutory month, and which may be chosen.",
        ),
        _retirement_fields,
        lambda values: answer_retirement(Inputs(values)),
        _show_retirement,
    ),
    Question(
        "/tools/pension",
        Words("我的养老金大约有多少？", "About how much is my pension?"),
        Words(
            "填缴费年限、平均指数和账户储存额，看每一部分怎么来。",
            "From months paid, average index and account: every part, and where it comes from.",
        ),
        _pension_fields,
        lambda values: answer_pension(Inputs(values)),
        _show_pension,
    ),
    Question(
        "/tools/transfer",
        Words("转移时能转走多少钱？", "How much money moves with me?"),
        Words(
            "填转出地、转入地和缴费基数，看随关系转移的资金。",
            "From the two places and the wage bases: the money that moves along.",
        ),
        _transfer_fields,
        _ask_transfer,
        _show_transfer,
    ),
)
"""Every tool, in the order in which they are offered."""
