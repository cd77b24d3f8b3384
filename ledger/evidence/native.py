"""The compiled helpers: libcrypto called from loops that numba compiles, when both are there.

They are optional. Whoever uses them has a plain path that gives the same bytes, and takes it when
numba or libcrypto is missing, when the environment says ``ANXU_NATIVE=off``, or while a process has
hashed too little for the load to pay (about a second with a cold cache). What is compiled is kept
in the user's cache directory, never beside the sources.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import stat
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar, cast

VARIABLE: Final = "ANXU_NATIVE"
"""The environment variable that turns the compiled helpers off."""
OFF: Final = "off"
PATIENCE: Final = 100_000
"""How many items a process handles the plain way before it loads the helpers."""

_CACHE_VARIABLE = "NUMBA_CACHE_DIR"
_Function = TypeVar("_Function", bound=Callable[..., Any])
_load_lock = threading.Lock()


class Patience:
    """Decides when the compiled helpers are worth their load.

    Args:
        load: gives the module with the compiled loops; asked once.
        items: how many items go the plain way first.
    """

    def __init__(self, load: Callable[[], Any], items: int = PATIENCE) -> None:
        self._load = load
        self._left = items
        self._tried = False
        self._loaded: Any = None

    def loops(self, items: int) -> Any:
        """The compiled loops for a batch of ``items``, or None when it goes the plain way."""
        if os.environ.get(VARIABLE) == OFF or not is_installed():
            return None
        if self._tried:
            return self._loaded
        self._left -= items
        return self.loaded() if self._left < 0 else None

    def loaded(self) -> Any:
        """The compiled loops, now; None when they cannot be had or fail their own check."""
        with _load_lock:
            if not self._tried and is_installed():
                try:
                    self._loaded = self._load()
                except Exception as error:  # noqa: BLE001 - whatever ails the compiler, there is another way
                    warnings.warn(f"no compiled helpers: {error}", RuntimeWarning, stacklevel=2)
                self._tried = True
            return self._loaded


@cache
def is_installed() -> bool:
    """Whether numba and a libcrypto can be found; loads neither numba nor a compiler."""
    return find_spec("numba") is not None and _libcrypto() is not None


@cache
def _libcrypto() -> ctypes.CDLL | None:
    """The libcrypto that Python's own ``hashlib`` uses, else the system's."""
    places: list[str | None] = []
    try:
        import _hashlib

        # Asked for a symbol, an extension module also gives those of the libraries it is linked
        # with; where Python holds libcrypto itself, the process as a whole (None) does.
        places = [getattr(_hashlib, "__file__", None)]
    except ImportError:
        pass
    system = ctypes.util.find_library("crypto")
    for place in [*places, *([system] if system else [])]:
        try:
            library = ctypes.CDLL(place)
            _ = library.SHA256_Init, library.EVP_CIPHER_CTX_new
        except (OSError, AttributeError):
            continue
        return library
    return None


def register(names: Sequence[str]) -> bool:
    """Make functions of libcrypto known to compiled code as ``anxu_<name>``; False: one is missing.

    Call it in every process, before a loop that uses them is compiled or taken from the cache.
    """
    library = _libcrypto()
    if library is None:
        return False
    import llvmlite.binding

    for name in names:
        function = getattr(library, name, None)
        if function is None:
            return False
        address = ctypes.cast(function, ctypes.c_void_p).value
        llvmlite.binding.add_symbol(f"anxu_{name}", address)
    return True


def address_given_by(name: str) -> int:
    """What a function of libcrypto without arguments gives, as an address (such as a cipher)."""
    library = _libcrypto()
    assert library is not None, "the loops that ask for it were loaded"
    function = getattr(library, name)
    function.restype = ctypes.c_void_p
    return int(function() or 0)


def external(name: str, arguments: int, *, gives_nothing: bool = False) -> Any:
    """A function of libcrypto for compiled loops; each argument is an address or a whole number.

    Args:
        name: as libcrypto has it; to be registered before the loop is compiled.
        arguments: how many.
        gives_nothing: it returns nothing that is looked at.
    """
    from numba.core import types

    answer = types.void if gives_nothing else types.intp if name.endswith("_new") else types.int32
    return types.ExternalFunction(f"anxu_{name}", answer(*[types.intp] * arguments))


def compiled(function: _Function) -> _Function:
    """Compile a loop when it is first called, or take it from the cache; it runs without the GIL.

    A loop that is kept may only call loops of its own module: the cache looks at that file alone.
    """
    import numba

    directory = _cache_directory()
    if directory is not None:
        config: Any = numba.config
        config.CACHE_DIR = directory
    keep = directory is not None
    return cast("_Function", numba.njit(nogil=True, cache=keep, error_model="numpy")(function))


@cache
def _cache_directory() -> str | None:
    """Where compiled loops are kept; None when there is no directory that is ours alone."""
    if chosen := os.environ.get(_CACHE_VARIABLE):
        return chosen
    try:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        directory = Path(base) / "anxu" / "numba"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except (OSError, RuntimeError):
        return None
    # Code is read from there: nobody else may write it.
    shared = stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    mine = found.st_uid == os.getuid() and not shared and os.access(directory, os.W_OK)
    return str(directory) if mine else None
