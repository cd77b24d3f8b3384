from __future__ import annotations

import io

import pytest

from ledger.keys import pseudonyms
from ledger.keys.oprf_helper import OUTPUT_BYTES, OprfHelper, serve
from ledger.keys.pseudonyms import KeyedEvaluator

SEED = bytes(range(32))
INPUTS = [f"resident-id|{number:018d}".encode() for number in range(9)]


class TestOprfHelper:
    def test_it_gives_the_outputs_of_this_process_in_order(self):
        expected = KeyedEvaluator(SEED).evaluate(INPUTS)
        with OprfHelper(SEED, b"anxu-oprf/1") as helper:
            for part in (INPUTS, INPUTS[:1], INPUTS[3:]):
                helper.start(part)
                assert helper.outputs(len(part)) == [expected[INPUTS.index(item)] for item in part]

    def test_many_inputs_are_shared_out(self, monkeypatch):
        expected = KeyedEvaluator(SEED).evaluate(INPUTS)
        monkeypatch.setattr(pseudonyms, "HELPED_INPUTS", 4)
        assert KeyedEvaluator(SEED).evaluate(INPUTS) == expected
        assert all(len(output) == OUTPUT_BYTES for output in expected)

    def test_a_helper_that_ended_is_no_answer(self):
        helper = OprfHelper(SEED, b"anxu-oprf/1")
        helper._process.kill()
        helper._process.wait()
        with pytest.raises(EOFError):
            helper.outputs(1)
        helper.close()

    def test_without_a_helper_everything_is_evaluated_here(self, monkeypatch):
        expected = KeyedEvaluator(SEED).evaluate(INPUTS)

        class Gone(OprfHelper):
            def start(self, inputs):
                self._process.kill()
                self._process.wait()
                super().start(inputs)

        monkeypatch.setattr(pseudonyms, "HELPED_INPUTS", 4)
        monkeypatch.setattr(pseudonyms, "OprfHelper", Gone)
        assert KeyedEvaluator(SEED).evaluate(INPUTS) == expected

    def test_the_key_stands_in_no_argument(self):
        with OprfHelper(SEED, b"anxu-oprf/1") as helper:
            assert not any(SEED.hex() in str(item) for item in helper._process.args)

    def test_nothing_in_gives_nothing_out(self):
        sink = io.BytesIO()
        serve(io.BytesIO(), sink)
        assert sink.getvalue() == b""
