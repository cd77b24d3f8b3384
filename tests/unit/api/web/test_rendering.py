from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from api.web.parts import ChainState, Language, Outage, Role, Words
from api.web.rendering import (
    CONTENT_SECURITY_POLICY,
    STATIC_FOLDER,
    TEMPLATE_FOLDER,
    WEB_FOLDER,
    load_translations,
)
from scripts import translations

HOSTILE = "<script>alert('1')</script>\"><img src=x onerror=y>"
VOID = {"meta", "link", "input", "br", "img", "path", "rect"}
OWN_NAME = "安续"


class Reader(HTMLParser):
    """Collects tags, attributes and text, and refuses tags that do not close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


class TestEveryPage:
    @pytest.mark.parametrize("language", list(Language))
    def test_page_is_well_formed_with_one_title_and_no_inline_code(
        self, render_sample, sample_name, language
    ):
        reader = read(render_sample(sample_name, language))

        assert reader.tags.count("h1") == 1
        assert not {"script", "style", "iframe", "object"} & set(reader.tags)
        assert [
            row for row in reader.attributes if row[1] == "style" or row[1].startswith("on")
        ] == []
        assert [row for row in reader.attributes if str(row[2]).startswith(("javascript:", "http"))
                and row[1] != "xmlns"] == []  # fmt: skip
        ids = [value for _, name, value in reader.attributes if name == "id"]
        assert len(ids) == len(set(ids))

    def test_english_page_shows_no_chinese_source_text(self, render_sample, sample_name):
        sources = {text for message in translations.read() if message.id
                   for text in (message.id if isinstance(message.id, tuple) else (message.id,))}  # fmt: skip

        reader = read(render_sample(sample_name, Language.EN))

        shown = {text.strip() for text in reader.text} | {
            str(row[2]).strip() for row in reader.attributes
        }
        assert shown & sources <= {OWN_NAME}

    def test_page_says_its_language(self, render_sample, sample_name):
        assert '<html lang="zh-CN">' in render_sample(sample_name, Language.ZH)
        assert '<html lang="en">' in render_sample(sample_name, Language.EN)

    def test_every_template_has_a_sample(self, sample):
        pages = {str(path.relative_to(TEMPLATE_FOLDER)) for path in TEMPLATE_FOLDER.rglob("*.html")}
        building_blocks = {
            "base.html", "claims.html", "history.html", "parts.html", "supervisor/alert_rows.html",
            "supervisor/measure_parts.html",
        }  # fmt: skip
        assert {template for template, *_ in sample.SAMPLES.values()} == pages - building_blocks


class TestEscaping:
    def test_hostile_name_stays_text(self, render, sample):
        hostile = Words(HOSTILE, HOSTILE)
        pages = [
            render("person/record.html", replace(sample.RECORD, name=HOSTILE, lines=(
                replace(sample.RECORD.lines[0], city=hostile),)), Language.ZH, sample.RETIREE),
            render("bureau/transfer.html", replace(sample.TRANSFER, person_name=HOSTILE, source=hostile), Language.EN),
            render("error.html", replace(sample.ERROR, happened=hostile, reference=HOSTILE), Language.EN),
            render("sign_in.html", replace(sample.SIGN_IN, next_path=HOSTILE), Language.ZH, path="/" + HOSTILE),
        ]  # fmt: skip
        for page in pages:
            tags = read(page).tags
            assert "script" not in tags
            assert "img" not in tags

    def test_hostile_account_stays_text_in_the_flow_picture(self, render, sample):
        view = sample.SUPERVISOR_HOME
        first = replace(view.flow.accounts[0], name=Words(HOSTILE, HOSTILE))
        band = replace(view.flow.bands[0], href=f'/x"{HOSTILE}')
        flow = replace(
            view.flow, accounts=(first, *view.flow.accounts[1:]), bands=(band, *view.flow.bands[1:])
        )

        tags = read(
            render("supervisor/home.html", replace(view, flow=flow), Language.ZH, sample.INSPECTOR)
        ).tags

        assert "script" not in tags
        assert "img" not in tags


class TestRenderer:
    def test_missing_name_is_refused(self, render):
        with pytest.raises(jinja2.UndefinedError):
            render("error.html", object(), Language.ZH)

    def test_forms_carry_the_token_of_the_session(self, render_sample):
        page = render_sample("bureau-payout", Language.ZH)
        assert page.count('name="csrf_token" value="token-1"') == page.count('method="post"') == 2

    def test_side_list_marks_where_one_is(self, render_sample):
        page = render_sample("entry", Language.EN)
        assert '<a href="/bureau/log" aria-current="page">Log</a>' in page
        assert page.count('aria-current="page"') == 1

    def test_persons_and_verifiers_have_no_side_list(self, render_sample):
        assert "side-list" not in render_sample("person-record", Language.ZH)
        assert "side-list" not in render_sample("verify", Language.ZH)

    def test_chain_state_stands_in_the_head_in_words(self, renderer, sample):
        page = renderer.page("error.html", sample.ERROR, Language.EN, None, ChainState.UNREACHABLE)
        assert '<p class="chain chain-unreachable">anchoring out of reach</p>' in page

    @pytest.mark.parametrize(
        ("language", "since", "officers", "everybody"),
        [
            (Language.ZH, "2026-09-14 17:05", "照常可用", "记录都在"),
            (Language.EN, "2026-09-14 17:05", "Still works", "All records are there"),
        ],
    )
    def test_every_page_says_since_when_the_chain_is_out_and_what_still_works(
        self, renderer, sample, language, since, officers, everybody
    ):
        outage = Outage(datetime(2026, 9, 14, 9, 5, tzinfo=UTC), Words("没有答复。", "No answer."))
        for template, view, session, path in sample.SAMPLES.values():
            state = ChainState.UNREACHABLE
            page = renderer.page(template, view, language, session, state, path=path, outage=outage)
            read(page)
            banner = page.partition('<div class="outage" role="status">')[2].partition("</div>")[0]
            assert since in banner
            is_insider = session is not None and session.role in (Role.OFFICER, Role.SUPERVISOR)
            assert (officers if is_insider else everybody) in banner
            assert 'href="/chain"' in banner

    def test_without_an_outage_no_page_speaks_of_one(self, render_sample, sample_name):
        assert 'class="outage"' not in render_sample(sample_name, Language.ZH)

    def test_styles_are_named_by_their_content(self, render_sample):
        page = render_sample("error", Language.ZH)
        assert len(re.findall(r'href="/static/[a-z]+\.css\?v=[0-9a-f]{12}"', page)) == 4

    def test_policy_forbids_scripts_and_foreign_sources(self):
        assert "script-src 'none'" in CONTENT_SECURITY_POLICY
        assert "unsafe" not in CONTENT_SECURITY_POLICY
        assert "http" not in CONTENT_SECURITY_POLICY

    def test_static_files_fetch_nothing(self):
        for path in STATIC_FOLDER.iterdir():
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "url(" not in text
            assert "@import" not in text
            assert "http" not in text

    def test_a_suspicion_is_never_called_guilt(self):
        words = "\n".join(
            path.read_text(encoding="utf-8") for path in Path(WEB_FOLDER).rglob("*.html")
        )
        english = load_translations(Language.EN)
        assert not re.search("骗保|犯罪|违法|欺诈|嫌疑人|冒领", words)
        translated = " ".join(str(text) for text in english._catalog.values()).lower()
        assert not re.search(r"fraud|criminal|crime|culprit|offender", translated)


class TestAnswers:
    @pytest.mark.parametrize(
        ("name", "chinese", "english"),
        [
            (
                "person-record",
                "您可以在 2027\xa0年\xa03\xa0月退休",
                "You can retire in March\xa02027",
            ),
            ("person-retired", "您已经退休", "You are retired"),
            (
                "verify-valid",
                "可以采信：记录在案，仍然有效",
                "You can rely on it: recorded, and still standing",
            ),
            (
                "verify-invalid",
                "不能采信：证据与证明矛盾",
                "Do not rely on it: evidence contradicts it",
            ),
            (
                "verify-undetermined",
                "还不能判定：有的检查没能做",
                "It cannot be said yet: some checks could not be made",
            ),
            ("bureau-home", "有 5 件事等您办", "5 things are due"),
            (
                "bureau-payout",
                "还不能：1 行等两名经办人员决定",
                "Not yet: two officers must decide 1 line",
            ),
            (
                "bureau-payout-ready",
                "还不能：等第二名经办人员复核",
                "Not yet: a second officer must check",
            ),
            ("entry", "没有：自存证之日起未变", "No: unchanged since it was anchored"),
            ("entry-supervision", "现在无法核验", "It cannot be checked now"),
        ],
    )
    def test_title_is_the_answer(self, render_sample, name, chinese, english):
        assert f"<h1>{chinese}</h1>" in render_sample(name, Language.ZH)
        assert f"<h1>{english}</h1>" in render_sample(name, Language.EN)

    def test_inbox_begins_with_what_is_most_overdue(self, sample):
        assert [item.clock.days_left for item in sample.BUREAU_HOME.due] == [-1, 2, 4, 6, 11]

    def test_alerts_are_ranked_by_risk(self, sample):
        view = replace(sample.SUPERVISOR_HOME, alerts=sample.ALERTS[::-1])
        assert [row.risk for row in view.ranked] == [92, 78, 45, 20]

    def test_undecided_line_blocks_approval(self, render_sample):
        assert "/approve" not in render_sample("bureau-payout", Language.ZH)
        assert "/approve" in render_sample("bureau-payout-ready", Language.ZH)

    def test_unchecked_seal_says_what_is_missing(self, render_sample):
        assert "Missing: the supervisor&#39;s cosignature" in render_sample(
            "person-retired", Language.EN
        )
        assert "缺：监管联署" in render_sample("person-retired", Language.ZH)
