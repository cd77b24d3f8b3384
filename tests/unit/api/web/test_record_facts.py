"""A record as people read it."""

from __future__ import annotations

from api.web.parts import FactForm, Words
from api.web.record_facts import record_facts

RECORD = {
    "schema": "anxu-contribution/1",
    "kind": 1,
    "name": "王建国",
    "identity_number": "320106198808150031",
    "scheme": "PENSION_EMPLOYEE",
    "base_fen": 817_700,
    "account_rate_bps": 800,
    "employer_code": "",
    "region": "340100",
    "handle_key": "internal",
    "maker": {"officer": "maker", "signature": "00"},
}


class TestRecordFacts:
    def test_identity_number_is_shown_by_its_tail_only(self):
        text = str(record_facts(RECORD))
        assert "…0031" in text
        assert "32010619880815" not in text

    def test_unknown_empty_and_nested_fields_are_left_out(self):
        labels = [fact.label.en for fact in record_facts(RECORD)]
        assert labels == [
            "Name",
            "Identity number, last four",
            "Scheme",
            "Wage base",
            "Rate into the account",
            "Region",
        ]

    def test_codes_and_regions_are_words_and_money_is_money(self):
        facts = {fact.label.en: fact for fact in record_facts(RECORD)}
        assert facts["Scheme"].value == Words("企业职工基本养老保险", "Employee basic pension")
        assert facts["Region"].value == Words("合肥市", "Hefei")
        assert (facts["Wage base"].value, facts["Wage base"].form) == ("817700", FactForm.FEN)
        assert facts["Rate into the account"].value == "8%"

    def test_unknown_code_is_shown_as_it_is(self):
        assert record_facts({"scheme": "SOMETHING"})[0].value == "SOMETHING"

    def test_conclusion_comes_in_both_languages(self):
        fact = record_facts({"sentence_zh": "符合", "sentence_en": "entitled"})[0]
        assert fact.value == Words("符合", "entitled")

    def test_why_and_by_whom_something_was_taken_back_is_in_words(self):
        record = {"reason_code": "WRONG_PERSON", "maker": "officer-maker", "checker": "checker"}
        facts = {fact.label.en: fact.value for fact in record_facts(record)}
        assert facts == {
            "Reason code": Words("人员错误", "the wrong person"),
            "Maker": "maker",
            "Checker": "checker",
        }
