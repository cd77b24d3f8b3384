"""Who a visitor of the demonstration may be: officers, a supervisor, and four made-up persons."""

from __future__ import annotations

from api.auth.sessions import Persona, write_personas
from api.web.parts import Role
from ledger.evidence.encoding import Subject
from scripts.demo_data import planted
from scripts.journey.layout import BUREAUS, NANJING, SUPERVISOR
from scripts.journey.steps import Stage


def write_demo_personas(stage: Stage) -> None:
    """Give every node of the demonstration its visitors."""
    for name in BUREAUS:
        people = _persons(stage) if name == NANJING else []
        write_personas(stage.layout.node(name), [*_officers(), *people])
    write_personas(
        stage.layout.node(SUPERVISOR),
        [
            Persona(
                "supervisor",
                Role.SUPERVISOR,
                "监管人员",
                "Supervisor",
                "查看疑点与基金流向",
                "looks at suspicions and at where the money went",
            ),
        ],
    )


def _officers() -> list[Persona]:
    return [
        Persona(
            "officer-maker",
            Role.OFFICER,
            "经办人员（初审）",
            "Officer (maker)",
            "受理转移、编制待遇批次",
            "takes in transfers, proposes batches",
        ),
        Persona(
            "officer-checker",
            Role.OFFICER,
            "经办人员（复核）",
            "Officer (checker)",
            "复核并签名",
            "checks and signs",
        ),
    ]


def _persons(stage: Stage) -> list[Persona]:
    def subject(identity_number: str) -> Subject:
        return stage.context(NANJING).bureau.writer.subject_of(identity_number)

    eligible, short = stage.planted.proofs
    moved = next(
        item
        for item in stage.planted.transfers
        if item.case == planted.TRANSFER and item.overlapping
    )
    held = stage.planted.held
    return [
        Persona(
            "person-eligible",
            Role.PERSON,
            eligible.name,
            "Retiree, entitled",
            "可以退休吗？",
            "may I retire?",
            subject(eligible.identity_number),
        ),
        Persona(
            "person-short",
            Role.PERSON,
            short.name,
            "Retiree, four months short",
            "还差多少？",
            "how much is missing?",
            subject(short.identity_number),
        ),
        Persona(
            "person-moved",
            Role.PERSON,
            moved.name,
            "Worker who moved from Hefei",
            "转移到哪一步了？",
            "where is my transfer?",
            subject(moved.identity_number),
        ),
        Persona(
            "person-held",
            Role.PERSON,
            held.name,
            "New pensioner, payment held",
            "为何暂缓支付？",
            "why is my payment held?",
            subject(held.identity_number),
        ),
    ]
