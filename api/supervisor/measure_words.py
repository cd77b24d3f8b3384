"""What is asked before a measure, and why a contract does not take one, with how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from api.supervisor.measures import Measure
from api.web.parts import Words
from ledger.ports import BEIJING

QUESTIONS: Final[Mapping[Measure, tuple[Words, Words, tuple[Words, ...]]]] = MappingProxyType(
    {
        Measure.FREEZE: (
            Words("冻结这家机构的拨付吗？", "Freeze this bureau's money?"),
            Words("冻结拨付", "Freeze its money"),
            (
                Words(
                    "冻结停的是这家机构名下的全部拨付，包括所有人的养老金；"
                    "满十个工作日自动解除。已经付出的照样入账。",
                    "A freeze stops all of this bureau's outgoing money, everybody's pension "
                    "included; it ends by itself after ten working days. What was paid already "
                    "is still put on the books.",
                ),
                Words(
                    "只想拦住一笔，不要冻结：请该机构在发放前暂缓那一行。",
                    "To stop one payment alone, do not freeze: have the bureau hold that line "
                    "before it is paid.",
                ),
            ),
        ),
        Measure.UNFREEZE: (
            Words("解除冻结吗？", "Lift the freeze?"),
            Words("解除冻结", "Lift the freeze"),
            (
                Words(
                    "解除后，这家机构可以继续拨付。原定期限之内还可以再次冻结。",
                    "Its money may go again. Up to the end that the freeze had, it can be frozen "
                    "again.",
                ),
            ),
        ),
        Measure.SUSPEND: (
            Words("暂停这家机构的新业务吗？", "Suspend this bureau?"),
            Words("暂停新业务", "Suspend it"),
            (
                Words(
                    "暂停后，它不能开始新的业务：不能提出新的发放批次，不能申请接收关系。"
                    "已提出的批次照常核发，存证、答复、转出照常。",
                    "It may begin nothing new: propose no payments, ask for no transfer. What was "
                    "proposed is still approved and paid; it still anchors, answers and releases.",
                ),
            ),
        ),
        Measure.REINSTATE: (
            Words("恢复这家机构的业务吗？", "Reinstate this bureau?"),
            Words("恢复业务", "Reinstate it"),
            (Words("恢复后，它可以重新开始新的业务。", "It may begin new business again."),),
        ),
        Measure.CLOSE: (
            Words("这一冲突怎么了结？", "How does this conflict end?"),
            Words("认定并办结", "Find and close"),
            (
                Words(
                    "认定对双方机构和本人都公开可查，办结后不能更改。",
                    "Both bureaus and the person can see the finding; it is not changed once made.",
                ),
            ),
        ),
    }
)  # fmt: skip
"""For each: the question, the words on the button, and what follows from it."""
OUTCOMES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "repaid": Words("多付的钱已经追回", "The money is back"),
        "receivable": Words("认定多付，列为应收，继续追回", "It is owed, and being recovered"),
        "not-paid-twice": Words("查明没有重复支付", "It was never paid twice"),
    }
)
"""The findings of the contract, by the name that commands give them."""
FREEZER_MISSING: Final = Words(
    "本节点没有可用的冻结密钥，不能在这里冻结或暂停。请在持有该密钥的监管节点上办理。",
    "This node has no key that may freeze or suspend. Do it at the supervisor's node that has one.",
)
CLOSER_MISSING: Final = Words(
    "本节点没有可用的办结密钥，不能在这里办结。请在持有该密钥的监管节点上办理。",
    "This node has no key that may close conflicts. Do it at the supervisor's node that has one.",
)
NO_DOCUMENT: Final = (
    Words("没有收到决定文件，什么也没有提交。", "No decision came, so nothing was sent."),
    Words("请选择决定文件，再按一次。", "Choose the file of the decision and press once more."),
)
NO_CHOICE: Final = (
    Words("没有选认定结论，什么也没有提交。", "No finding was chosen, so nothing was sent."),
    Words("请选一项结论，并重新选择文件。", "Choose one, and choose the file again."),
)
OUT_OF_REACH: Final = (
    Words(
        "暂时连不上存证网络，合约没法先核对，什么也没有提交。",
        "Anchoring is out of reach, so the contract could not be asked first; nothing was sent.",
    ),
    Words("恢复后请再办理一次。", "Do it again once it is back."),
)
UNDER_WAY: Final = (
    Words(
        "关于此事的前一个决定还在等上链，这一次没有提交。",
        "An earlier decision about this is still on its way; this one was not sent.",
    ),
    Words("请等它最终上链，看清结果再决定。", "Wait until it is final, look, and decide again."),
)


def _moment(seconds: Any) -> str:
    return f"{datetime.fromtimestamp(int(seconds), BEIJING):%Y-%m-%d %H:%M}"


_Values = Mapping[str, Any]
_LOOK: Final = Words("请刷新页面，看现在的状态。", "Load the page again and look how it stands.")
_ASK_COUNCIL: Final = Words(
    "请监管部门共同决定（机构页列有命令）。",
    "It takes the council; the bureau's page shows the command.",
)
_GRANT: Final = Words(
    "请监管部门共同决定授予这项职权，或在有权的节点办理。",
    "Have the council grant the role, or do it at a node that has it.",
)
_NOT_ALLOWED: Final = Words(
    "本节点的密钥没有这项职权。", "The key of this node does not have this role."
)


def _frozen(values: _Values) -> Words:
    until = _moment(values["until"])
    return Words(
        f"这家机构已经冻结，至北京时间 {until}。", f"It is frozen already, until {until} Beijing."
    )


def _too_soon(values: _Values) -> Words:
    at = _moment(values["freezableFrom"])
    return Words(
        f"上一次冻结刚结束，北京时间 {at} 之前不能单独再冻结。",
        f"A freeze ended lately; before {at} Beijing no supervisor alone freezes again.",
    )


def _always(zh: str, en: str) -> Callable[[_Values], Words]:
    return lambda _: Words(zh, en)


_REFUSALS: Final[Mapping[str, tuple[Callable[[_Values], Words], Words]]] = MappingProxyType(
    {
        "FundRulesLogFrozen": (_frozen, _ASK_COUNCIL),
        "FundRulesFreezeTooSoon": (_too_soon, _ASK_COUNCIL),
        "FundRulesNotFrozen": (
            _always("这家机构没有被冻结，无需解除。", "It is not frozen."),
            _LOOK,
        ),
        "FundRulesNotGovernor": (
            _always(
                "续冻是监管部门共同决定的，也只能共同解除。",
                "The council renewed this freeze, and only the council lifts it.",
            ),
            _ASK_COUNCIL,
        ),
        "FundRulesLogClosed": (
            _always(
                "这个日志已经关闭，它名下没有钱可停。", "This log is closed and moves no money."
            ),
            Words("请对承接它的机构办理。", "Look at the bureau that carries it on."),
        ),
        "BureausSuspensionUnchanged": (
            lambda values: Words(
                *("它已经暂停了。", "It is suspended already.")
                if values.get("suspended")
                else ("它没有被暂停，无需恢复。", "It is not suspended.")
            ),
            _LOOK,
        ),
        "ConflictsState": (
            _always("这一冲突已经了结。", "This conflict has ended already."), _LOOK,
        ),
        "FundRulesNotFreezer": (lambda _: _NOT_ALLOWED, _GRANT),
        "AccessControlUnauthorizedAccount": (lambda _: _NOT_ALLOWED, _GRANT),
        "ConflictsNotCloser": (lambda _: _NOT_ALLOWED, _GRANT),
    }
)  # fmt: skip


def refusal_words(error: str, values: _Values) -> tuple[Words, Words]:
    """What a contract has against an act, and what to do about it."""
    known = _REFUSALS.get(error)
    if known is None:
        return (
            Words(f"合约没有受理：{error}。", f"The contract did not take it: {error}."),
            Words("链上没有任何更改。请按这个词查合约说明。", "Nothing changed; look the word up."),
        )
    say, mend = known
    return say(values), mend


def kept_refusal(last_error: str | None) -> tuple[Words, Words]:
    """The same, from what the sender kept of a message that a contract refused."""
    name, _, body = (last_error or "?").partition(" ")
    try:
        values = json.loads(body) if body.startswith("{") else {}
        return refusal_words(name.rpartition(".")[2], values)
    except (ValueError, KeyError):
        return refusal_words(name, {})
