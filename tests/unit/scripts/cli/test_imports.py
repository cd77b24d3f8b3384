from __future__ import annotations

import os
import signal

import pytest

from scripts.cli.imports import stopping


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_asks_the_import_to_stop(self, number):
        with stopping() as stop:
            assert not stop()
            os.kill(os.getpid(), number)
            assert stop()

    def test_the_second_one_ends_at_once(self):
        with stopping() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    def test_afterwards_signals_do_what_they_did(self):
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        with stopping():
            os.kill(os.getpid(), signal.SIGTERM)
        after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        assert after == before
