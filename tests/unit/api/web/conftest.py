from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from api.web.parts import ChainState
from api.web.rendering import Renderer

SAMPLE_FILE = Path(__file__).with_name("sample_views.py")


def _load():
    spec = importlib.util.spec_from_file_location("web_sample_views", SAMPLE_FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_sample_views"] = module
    spec.loader.exec_module(module)
    return module


SAMPLES = _load()


def pytest_generate_tests(metafunc):
    if "sample_name" in metafunc.fixturenames:
        metafunc.parametrize("sample_name", sorted(SAMPLES.SAMPLES))


@pytest.fixture
def sample():
    return SAMPLES


@pytest.fixture(scope="session")
def renderer():
    return Renderer(node_name=SAMPLES.HEFEI_NODE, clock=lambda: SAMPLES.NOW, is_demo=True)


@pytest.fixture
def render(renderer):
    def _render(template, view, language, session=None, path="/"):
        return renderer.page(template, view, language, session, ChainState.CURRENT, path=path)

    return _render


@pytest.fixture
def render_sample(render):
    def _render(name, language):
        template, view, session, path = SAMPLES.SAMPLES[name]
        return render(template, view, language, session, path)

    return _render
