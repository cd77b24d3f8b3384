"""Each habit that scripts/tidy.py checks, broken on purpose in a small checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import tidy

PROJECT = """
[project]
dependencies = ["rfc8785>=0.1.4"]
[project.optional-dependencies]
dev = ["ruff>=0.9"]
[[tool.importlinter.contracts]]
id = "layers"
layers = ["ledger.node", "ledger.store | ledger.keys", "(ledger.audit) : ledger.funds.rules"]
"""
RFC8785 = "rfc8785==0.1.4 \\\n    --hash=sha256:aa\n    # via anxu (pyproject.toml)\n"
RUFF = "ruff==0.17.6 \\\n    --hash=sha256:bb\n    # via\n    #   anxu (pyproject.toml)\n"


@pytest.fixture
def write(tmp_path):
    """Writes a file of the checkout and gives the checkout, read anew."""

    def write(path: str, text: str = "", mode: int = 0o644) -> tidy.Checkout:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return tidy.Checkout(tmp_path)

    write("pyproject.toml", PROJECT)
    write("requirements/runtime.txt", RFC8785)
    write("requirements/dev.txt", RFC8785 + RUFF)
    write("ledger/errors.py")
    return write


def said(check, checkout) -> list[str]:
    return [str(finding) for finding in check(checkout)]


class TestForbiddenText:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("see /" + "home/somebody/notes", "path of one machine"),
            ('ROOT = "/' + 'root/anxu"', "path of one machine"),
            ("# " + "TO" + "DO later", "unfinished work"),
            ("https://" + "pypi" + ".org/simple", "package host"),
            ("as " + "Clau" + "de wrote", "how the work was done"),
            ("fixes " + "issue " + "#12", "how the work was done"),
        ],
    )
    def test_text_is_found_with_its_line(self, write, line, reason):
        [finding] = said(tidy.forbidden_text, write("docs/page.md", f"fine\n{line}\n"))
        assert finding.startswith("docs/page.md:2: holds ")
        assert reason in finding

    @pytest.mark.parametrize(
        "line", ["GET https://anxu.example/home/page", "the issuer's user agent", "issued 12"]
    )
    def test_ordinary_text_passes(self, write, line):
        assert said(tidy.forbidden_text, write("docs/page.md", line)) == []


class TestLengths:
    def test_longest_allowed_function_passes(self, write):
        body = "def decide():\n" + "    pass\n" * (tidy.MAX_FUNCTION_LINES - 1)
        assert said(tidy.lengths, write("ledger/rules.py", body)) == []

    def test_one_line_more_is_found(self, write):
        body = "\ndef decide():\n" + "    pass\n" * tidy.MAX_FUNCTION_LINES
        assert said(tidy.lengths, write("ledger/rules.py", body)) == [
            "ledger/rules.py:2: decide has 71 lines; 70 at most"
        ]

    def test_long_file_is_found(self, write):
        text = "A = 1\n" * (tidy.MAX_FILE_LINES + 1)
        assert said(tidy.lengths, write("api/long.py", text)) == [
            "api/long.py:1: 601 lines; 600 at most"
        ]

    def test_tests_may_be_long(self, write):
        assert said(tidy.lengths, write("tests/test_long.py", "A = 1\n" * 900)) == []

    def test_every_exception_is_still_needed(self):
        """An exception that nobody uses any more would hide the next long file."""
        checkout = tidy.Checkout(tidy.ROOT)
        for path in tidy.LONG_FILES:
            assert checkout.text(path).count("\n") > tidy.MAX_FILE_LINES
        for path, name in tidy.LONG_FUNCTIONS:
            assert f"def {name}(" in checkout.text(path)


class TestTestedErrors:
    @pytest.fixture
    def checkout(self, write):
        write("ledger/rules.py", "raise LostError()\n")
        return write("ledger/errors.py", "class LostError(Exception):\n    pass\n")

    def test_error_without_test_is_found(self, checkout):
        assert said(tidy.tested_errors, checkout) == ["ledger/errors.py:1: no test names LostError"]

    def test_named_error_passes(self, checkout, write):
        checkout = write("tests/unit/test_lost.py", "raises(errors.LostError)")
        assert said(tidy.tested_errors, checkout) == []

    def test_longer_name_does_not_count(self, checkout, write):
        checkout = write("tests/unit/test_lost.py", "LostErrors")
        assert len(said(tidy.tested_errors, checkout)) == 1

    def test_error_that_nobody_uses_is_found(self, checkout, write):
        write("tests/unit/test_lost.py", "LostError")
        checkout = write("ledger/rules.py", "")
        assert said(tidy.tested_errors, checkout) == ["ledger/errors.py:1: nobody uses LostError"]

    def test_contract_error_without_test_is_found(self, write):
        checkout = write("contracts/interfaces/IFunds.sol", "interface I {\n  error FundsX();\n}\n")
        assert said(tidy.tested_errors, checkout) == [
            "contracts/interfaces/IFunds.sol:2: no test names FundsX"
        ]


class TestLayersComplete:
    @pytest.mark.parametrize("path", ["store/log", "keys/files", "audit/run", "funds/rules"])
    def test_module_of_a_layer_passes(self, write, path):
        assert said(tidy.layers_complete, write(f"ledger/{path}.py", "import os\n")) != []
        # the only finding is ledger/errors.py, which this small project does not list
        assert len(said(tidy.layers_complete, write(f"ledger/{path}.py", "import os\n"))) == 1

    def test_module_of_no_layer_is_found(self, write):
        found = said(tidy.layers_complete, write("ledger/funds/extra.py"))
        assert "ledger/funds/extra.py:1: ledger.funds.extra stands in no layer" in "".join(found)

    def test_package_without_imports_needs_no_layer(self, write):
        found = said(tidy.layers_complete, write("ledger/funds/__init__.py", '"""Funds."""\n'))
        assert not [line for line in found if "funds" in line]


class TestLockFresh:
    def test_fresh_locks_pass(self, write):
        assert said(tidy.lock_fresh, write("docs/page.md")) == []

    @pytest.mark.parametrize(
        ("runtime", "dev", "reason"),
        [
            ("", RFC8785 + RUFF, "rfc8785 is asked for and not locked"),
            (RFC8785, RFC8785, "ruff is asked for and not locked"),
            (RFC8785.replace("0.1.4", "0.1.3"), RFC8785 + RUFF, "0.1.3 is not rfc8785>=0.1.4"),
            (RFC8785.replace("0.1.4", "0.1.5"), RFC8785 + RUFF, "differs from the runtime lock"),
            (RFC8785.replace("anxu (", "web3 ("), RFC8785 + RUFF, "asked for since; lock again"),
            (RFC8785 + RUFF, RFC8785 + RUFF, "ruff is no longer asked for; lock again"),
            (RFC8785.replace("--hash=", ""), RFC8785 + RUFF, "rfc8785 has no hash"),
        ],
    )
    def test_damage_is_found(self, write, runtime, dev, reason):
        write("requirements/runtime.txt", runtime)
        found = said(tidy.lock_fresh, write("requirements/dev.txt", dev))
        assert any(reason in line for line in found), found


class TestDependenciesExplained:
    def test_missing_page_is_found(self, write):
        [finding] = said(tidy.dependencies_explained, write("README.md"))
        assert "is missing" in finding

    def test_unnamed_dependency_is_found(self, write):
        checkout = write("docs/dependencies.md", "rfc8785: canonical JSON; ruff-like")
        assert said(tidy.dependencies_explained, checkout) == [
            "docs/dependencies.md:1: does not name ruff"
        ]


class TestProgramsExecutable:
    def test_program_that_cannot_be_run_is_found(self, write):
        [finding] = said(tidy.programs_executable, write("scripts/go", "#!/bin/sh\n"))
        assert finding == "scripts/go:1: is a program and not executable"

    def test_executable_text_is_found(self, write):
        [finding] = said(tidy.programs_executable, write("docs/page.md", "text", 0o755))
        assert finding == "docs/page.md:1: is executable and no program"


class TestCheckout:
    def test_git_hides_what_it_ignores(self, write, tmp_path):
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        write(".gitignore", "var/\n")
        write("var/data.txt")
        checkout = write("docs/new.md")
        assert "docs/new.md" in checkout.paths
        assert "var/data.txt" not in checkout.paths

    def test_deleted_file_is_not_listed(self, write, tmp_path):
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        checkout = write("docs/old.md")
        subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
        Path(tmp_path / "docs/old.md").unlink()
        assert "docs/old.md" not in checkout.paths
