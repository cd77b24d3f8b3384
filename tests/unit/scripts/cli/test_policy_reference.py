"""Every worked example of docs/reference/policy.md gives what the page says."""

from __future__ import annotations

import ast
import doctest
import json
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "reference" / "policy.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(anxu policy .+?)\n```\n```json\n(.+?)\n```", TEXT, re.DOTALL)
SESSIONS = re.findall(r"```pycon\n(.+?)\n```", TEXT, re.DOTALL)
ASKED = {"retirement", "pension", "account", "transfer-amount", "benefit-place", "deadline",
         "check-id", "check-uscc"}  # fmt: skip


def public_functions():
    """Every public function of ledger/policy, as ``module.name``."""
    for path in sorted((ROOT / "ledger" / "policy").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{path.stem}.{node.name}"


class TestCommands:
    def test_every_question_has_an_example(self):
        assert {command.split()[2] for command, _ in COMMANDS} == ASKED

    @pytest.mark.parametrize(("command", "answer"), COMMANDS, ids=lambda text: text.split()[2][:20])
    def test_an_example_answers_what_the_page_says(self, anxu, command, answer):
        given = shlex.split(command.replace("\\\n", " "))[1:]
        document = anxu(*given).document
        assert document.pop("steps")
        assert document == json.loads(answer)

    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize(("command", "answer"), COMMANDS, ids=lambda text: text.split()[2][:20])
    def test_people_read_the_same_answer_in_words(self, anxu, command, answer, language):
        given = shlex.split(command.replace("\\\n", " ").replace(" --json", ""))[1:]
        told = anxu(*given, "--language", language)
        document = json.loads(answer)
        assert document["explanation"][language] in told.out
        assert told.err == ""
        assert not any(name in told.out for name in document if "_" in name)


class TestFunctions:
    def test_the_sessions_say_what_the_page_says(self):
        session = doctest.DocTestParser().get_doctest(
            "\n".join(SESSIONS), {}, PAGE.name, str(PAGE), 0
        )
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
        runner.run(session, out=said.append)
        assert said == []
        assert len(session.examples) > 100

    def test_every_public_function_has_an_example(self):
        sessions = "\n".join(SESSIONS)
        missing = [
            name for name in public_functions()
            if not re.search(rf"\b{name.split('.')[1]}\b", sessions)
        ]  # fmt: skip
        assert missing == []
