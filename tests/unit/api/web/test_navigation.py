from __future__ import annotations

import pytest

from api.web.navigation import current_place, language_href, pick_language, safe_next, side_list
from api.web.parts import Language, Role


class TestLanguage:
    @pytest.mark.parametrize(
        ("cookie", "header", "language"),
        [
            ("en", "zh-CN", Language.EN), ("zh", "en", Language.ZH), (None, "en-GB,en;q=0.9", Language.EN),
            (None, "fr,zh;q=0.5,en;q=0.7", Language.EN), (None, "fr", Language.ZH), (None, None, Language.ZH),
            ("<x>", "en", Language.EN), (None, "en;q=x", Language.ZH),
        ],
    )  # fmt: skip
    def test_own_choice_counts_before_the_browser_and_chinese_is_the_rest(
        self, cookie, header, language
    ):
        assert pick_language(cookie, header) is language

    def test_switch_comes_back_to_the_page(self):
        assert language_href(Language.EN, '/bureau/"x?y') == "/language/en?next=/bureau/%22x%3Fy"


class TestSafeNext:
    @pytest.mark.parametrize(
        "path",
        ["//evil.example", "https://evil.example", "/\\evil", "", None, "me", "/a\r\nb", "/a\tb"],
    )
    def test_paths_that_lead_elsewhere_are_dropped(self, path):
        assert safe_next(path) == "/"

    def test_own_paths_are_kept(self):
        assert safe_next("/bureau/transfers/7?page=2") == "/bureau/transfers/7?page=2"


class TestSideList:
    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("/bureau", "/bureau"),
            ("/bureau/transfers/7", "/bureau/transfers"),
            ("/bureau/entries/3", "/bureau/log"),
            ("/bureau/other", ""),
        ],
    )
    def test_line_is_marked_for_all_its_pages(self, path, place):
        assert current_place(side_list(Role.OFFICER), path) == place

    def test_persons_have_no_side_list(self):
        assert side_list(Role.PERSON) == side_list(None) == ()
