"""Why a case is refused: the code that stands on chain and the words that people read."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Final

from ledger.errors import (
    FiguresMismatchError,
    LedgerError,
    MonthLeftOutError,
    RecordAlteredError,
    RecordNotAnchoredError,
    RecordNotLiveError,
    RecordOfOtherPersonError,
)
from ledger.policy.tables import Explanation


class RefusalCode(IntEnum):
    """The ``reasonCode`` of the Transfers contract; zero is never a reason."""

    DRAWS_PENSION = 1
    NO_PAID_MONTH = 2
    KEEPS_RELATION = 3
    NO_RECORDS = 4
    PERSON_UNCLEAR = 5
    RECORD_ALTERED = 10
    MONTH_LEFT_OUT = 11
    RECORD_NOT_ANCHORED = 12
    RECORD_OF_OTHER_PERSON = 13
    RECORD_NOT_LIVE = 14
    FIGURES_DIFFER = 15
    PACKAGE_UNUSABLE = 16
    CHAIN_REFUSED = 20
    OTHER = 99


_ARTICLE_2: Final = "国办发〔2009〕66号第二条"
_ARTICLE_8: Final = "国办发〔2009〕66号第八条"

WORDS: Final = MappingProxyType(
    {
        RefusalCode.DRAWS_PENSION: Explanation(
            "已按规定领取基本养老金，不再转移", "A basic pension is drawn already", _ARTICLE_2
        ),
        RefusalCode.NO_PAID_MONTH: Explanation(
            "新参保地尚无缴费到账月份",
            "No month is paid at the new place yet",
            "国办发〔2009〕66号第三条",
        ),
        RefusalCode.KEEPS_RELATION: Explanation(
            "按年龄规定关系留原参保地，新参保地建立临时缴费账户",
            "By the age rule the relation stays; the new place opens a temporary account",
            "国办发〔2009〕66号第四条",
        ),
        RefusalCode.NO_RECORDS: Explanation(
            "原参保地无本人缴费记录", "The old place has no contribution of this person", _ARTICLE_8
        ),
        RefusalCode.PERSON_UNCLEAR: Explanation(
            "姓名与证件号码不一致，须先核实身份",
            "Name and identity number do not belong together; the identity comes first",
            _ARTICLE_8,
        ),
        RefusalCode.RECORD_ALTERED: Explanation(
            "所附记录与上链存证不符", "A record is not what was anchored", _ARTICLE_8
        ),
        RefusalCode.MONTH_LEFT_OUT: Explanation(
            "数据包缺少原参保地已记载的月份",
            "A month that the old place recorded is missing",
            _ARTICLE_8,
        ),
        RefusalCode.RECORD_NOT_ANCHORED: Explanation(
            "所附记录不在已上链的日志中",
            "A record is not in the anchored log of the old place",
            _ARTICLE_8,
        ),
        RefusalCode.RECORD_OF_OTHER_PERSON: Explanation(
            "所附记录不属于本人", "A record is about another person", _ARTICLE_8
        ),
        RefusalCode.RECORD_NOT_LIVE: Explanation(
            "所附记录已被冲销、重复或属于其他参保时段",
            "A record was reversed, stands twice or belongs to another stay",
            _ARTICLE_8,
        ),
        RefusalCode.FIGURES_DIFFER: Explanation(
            "信息表合计与记录核算结果不一致",
            "The sheet's totals do not follow from the records",
            _ARTICLE_8,
        ),
        RefusalCode.PACKAGE_UNUSABLE: Explanation(
            "数据包无法打开或格式有误", "The package cannot be opened or is malformed", _ARTICLE_8
        ),
        RefusalCode.CHAIN_REFUSED: Explanation(
            "链上合约未受理（如关系已由他地持有或另有在办业务）",
            "The contract did not take it (the stay is held elsewhere or another case is open)",
            _ARTICLE_8,
        ),
        RefusalCode.OTHER: Explanation("其他原因，见说明", "Another reason, see the note", ""),
    }
)
"""The words for every code, with the article they rest on."""

_BY_ERROR: Final = MappingProxyType(
    {
        RecordAlteredError: RefusalCode.RECORD_ALTERED,
        MonthLeftOutError: RefusalCode.MONTH_LEFT_OUT,
        RecordNotAnchoredError: RefusalCode.RECORD_NOT_ANCHORED,
        RecordOfOtherPersonError: RefusalCode.RECORD_OF_OTHER_PERSON,
        RecordNotLiveError: RefusalCode.RECORD_NOT_LIVE,
        FiguresMismatchError: RefusalCode.FIGURES_DIFFER,
    }
)


def refusal_code_of(error: LedgerError) -> RefusalCode:
    """The code for what a package failed by."""
    return _BY_ERROR.get(type(error), RefusalCode.PACKAGE_UNUSABLE)


def refusal_words(code: int) -> Explanation:
    """The words for a code found on chain; an unknown one reads as another reason."""
    known = code in set(RefusalCode)
    return WORDS[RefusalCode(code) if known else RefusalCode.OTHER]
