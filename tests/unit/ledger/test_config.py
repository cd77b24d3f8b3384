from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ledger.config import SETTINGS_FILE, NodeSettings
from ledger.errors import SettingsError

GOOD = NodeSettings(
    role="bureau", name_zh="南京", name_en="Nanjing", region="320100", pool=32, log_id=1,
    database_url="sqlite:////tmp/x", host="127.0.0.1", port=8001, rpc_urls=("http://127.0.0.1:8545",),
)  # fmt: skip


class TestNodeSettings:
    def test_what_is_saved_is_what_is_loaded(self, tmp_path):
        GOOD.save(tmp_path)
        assert NodeSettings.load(tmp_path) == GOOD
        replace(GOOD, demo_sessions=True).save(tmp_path)
        assert NodeSettings.load(tmp_path).demo_sessions

    def test_settings_without_the_optional_one_load(self, tmp_path):
        GOOD.save(tmp_path)
        content = json.loads((tmp_path / SETTINGS_FILE).read_text())
        del content["demo_sessions"]
        (tmp_path / SETTINGS_FILE).write_text(json.dumps(content))
        assert NodeSettings.load(tmp_path) == GOOD

    @pytest.mark.parametrize(
        ("setting", "value"),
        [("role", "king"), ("port", -1), ("port", 65_536), ("region", "32010"), ("region", "32010x"),
         ("rpc_quorum", 2), ("rpc_quorum", -1)],
    )  # fmt: skip
    def test_a_setting_out_of_bounds_is_refused(self, setting, value):
        with pytest.raises(SettingsError) as refusal:
            replace(GOOD, **{setting: value})
        assert refusal.value.setting == setting

    @pytest.mark.parametrize("missing", ["role", "log_id", "database_url", "rpc_urls"])
    def test_a_missing_setting_is_named(self, tmp_path, missing):
        GOOD.save(tmp_path)
        content = json.loads((tmp_path / SETTINGS_FILE).read_text())
        del content[missing]
        (tmp_path / SETTINGS_FILE).write_text(json.dumps(content))
        with pytest.raises(SettingsError) as refusal:
            NodeSettings.load(tmp_path)
        assert refusal.value.setting == missing

    def test_an_unknown_setting_is_named(self, tmp_path):
        GOOD.save(tmp_path)
        content = json.loads((tmp_path / SETTINGS_FILE).read_text()) | {"databse_url": "x"}
        (tmp_path / SETTINGS_FILE).write_text(json.dumps(content))
        with pytest.raises(SettingsError) as refusal:
            NodeSettings.load(tmp_path)
        assert refusal.value.setting == "databse_url"

    @pytest.mark.parametrize(
        ("named", "read"), [("http://127.0.0.1:8545", GOOD.rpc_urls), ("", ())]
    )
    def test_an_older_file_names_one_endpoint(self, tmp_path, named, read):
        GOOD.save(tmp_path)
        content = json.loads((tmp_path / SETTINGS_FILE).read_text()) | {"rpc_url": named}
        del content["rpc_urls"], content["rpc_quorum"]
        (tmp_path / SETTINGS_FILE).write_text(json.dumps(content))
        assert NodeSettings.load(tmp_path) == replace(GOOD, rpc_urls=read)
        assert NodeSettings.load(tmp_path).rpc_url == named

    @pytest.mark.parametrize("text", [None, "{", ""])
    def test_a_directory_that_is_no_node_is_refused(self, tmp_path, text):
        if text is not None:
            (tmp_path / SETTINGS_FILE).write_text(text)
        with pytest.raises(SettingsError) as refusal:
            NodeSettings.load(tmp_path)
        assert refusal.value.setting == SETTINGS_FILE

    @pytest.mark.parametrize("text", ["[]", "3", '{"role": 1}'])
    def test_json_of_another_shape_is_refused(self, tmp_path, text):
        (tmp_path / SETTINGS_FILE).write_text(text)
        with pytest.raises(SettingsError):
            NodeSettings.load(tmp_path)

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("port", "8001"),
            ("log_id", None),
            ("pool", True),
            ("region", 320100),
            ("rpc_urls", "http://x"),
            ("rpc_urls", [1]),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, tmp_path, setting, value):
        GOOD.save(tmp_path)
        content = json.loads((tmp_path / SETTINGS_FILE).read_text()) | {setting: value}
        (tmp_path / SETTINGS_FILE).write_text(json.dumps(content))
        with pytest.raises(SettingsError) as refusal:
            NodeSettings.load(tmp_path)
        assert refusal.value.setting == setting
