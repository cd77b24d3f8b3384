"""The demonstration's sign-in: made-up persons in a file, a signed cookie that names one of them.

There are no passwords, so it works only where the settings say ``demo_sessions``, which is refused
outside a demonstration network. Anywhere else nobody is signed in and the sign-in page says so.
The cookie holds a persona's key and a form token, nothing personal: who stands behind a key, and
which records are hers, is read on the node for every request.

``personas.json`` in the node's directory, mode 0600, is a list of objects with exactly these names:
``key``, ``role`` (officer, supervisor, person), ``name_zh``, ``name_en``, ``comes_to_zh``,
``comes_to_en``, and for a person ``subject``: her pseudonym in hexadecimal. An officer's key is the
name of the signing key in the key store, such as ``officer-maker``.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Form, HTTPException, Request, status
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from api.web.navigation import safe_next
from api.web.parts import Role, Session, Words
from ledger.errors import FormTokenError, NotPermittedError, SettingsError
from ledger.evidence.encoding import Subject
from ledger.files import write_atomically
from ledger.keys.files import read_private
from ledger.keys.key_store import SESSION
from ledger.recording.context import NodeContext

PERSONAS_FILE: Final = "personas.json"
SESSION_SECONDS: Final = 8 * 60 * 60
"""How long a sign-in lasts: a working day."""
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
HOMES: Final = {Role.OFFICER: "/bureau", Role.SUPERVISOR: "/supervisor", Role.PERSON: "/me"}
NODE_ROLES: Final = {
    "bureau": frozenset({Role.OFFICER, Role.PERSON}),
    "supervisor": frozenset({Role.SUPERVISOR}),
}
"""Whom a node of each kind knows; a persona of another role cannot sign in there."""

_PERSONA: Final = "persona"
_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
_TOKEN_BYTES: Final = 24
_OFFICER_PREFIX: Final = "officer-"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody a visitor of the demonstration may be; ``subject`` is set for persons only."""

    key: str
    role: Role
    name_zh: str
    name_en: str
    comes_to_zh: str
    comes_to_en: str
    subject: Subject | None = None

    def __post_init__(self) -> None:
        if self.role not in HOMES:
            raise SettingsError(setting=PERSONAS_FILE, reason=f"no role {self.role} can sign in")
        if (self.subject is not None) != (self.role is Role.PERSON):
            raise SettingsError(
                setting=PERSONAS_FILE, reason="a person has a subject, and nobody else has one"
            )

    @property
    def name(self) -> Words:
        """The name in both languages."""
        return Words(self.name_zh, self.name_en)

    @property
    def officer(self) -> str:
        """The officer's short name, as services take it: ``maker`` of ``officer-maker``."""
        return self.key.removeprefix(_OFFICER_PREFIX)

    @property
    def home(self) -> str:
        """Where this role starts."""
        return HOMES[self.role]


def write_personas(directory: Path, personas: Iterable[Persona]) -> Path:
    """Write the personas of a node in one step, readable by its owner only; returns the file."""
    rows: list[dict[str, Any]] = []
    for persona in personas:
        row: dict[str, Any] = {
            "key": persona.key,
            "role": persona.role.value,
            "name_zh": persona.name_zh,
            "name_en": persona.name_en,
            "comes_to_zh": persona.comes_to_zh,
            "comes_to_en": persona.comes_to_en,
        }
        if persona.subject is not None:
            row["subject"] = persona.subject.hex()
        rows.append(row)
    path = directory / PERSONAS_FILE
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text.encode(), mode=0o600)
    return path


def load_personas(directory: Path) -> tuple[Persona, ...]:
    """The personas of a node; none while the demonstration has not written them.

    Raises:
        FileModeError: the file is open to others.
        SettingsError: it is not what `write_personas` writes; no value of it is repeated.
    """
    path = directory / PERSONAS_FILE
    if not path.is_file():
        return ()
    try:
        personas = tuple(_persona(row) for row in json.loads(read_private(path)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(setting=PERSONAS_FILE, reason="it is not a list of personas") from error
    if len({persona.key for persona in personas}) != len(personas):
        raise SettingsError(setting=PERSONAS_FILE, reason="a key stands twice")
    return personas


def _persona(row: dict[str, Any]) -> Persona:
    subject = row.get("subject")
    return Persona(
        key=str(row["key"]),
        role=Role(row["role"]),
        name_zh=str(row["name_zh"]),
        name_en=str(row["name_en"]),
        comes_to_zh=str(row["comes_to_zh"]),
        comes_to_en=str(row["comes_to_en"]),
        subject=Subject(bytes.fromhex(subject)) if subject is not None else None,
    )


class Sessions:
    """Who is signed in on one node."""

    def __init__(self, context: NodeContext) -> None:
        self._directory = context.directory
        self._known_roles = NODE_ROLES[context.settings.role]
        self.enabled = context.settings.demo_sessions

    def personas(self) -> tuple[Persona, ...]:
        """Whom a visitor may be here; read anew each time, since the demonstration adds some."""
        if not self.enabled:
            return ()
        return tuple(
            persona
            for persona in load_personas(self._directory)
            if persona.role in self._known_roles
        )

    def persona(self, request: Request) -> Persona | None:
        """Who is signed in with this request; None for nobody."""
        if not self.enabled:
            return None
        key = request.session.get(_PERSONA)
        if key is None:
            return None
        return next((each for each in self.personas() if each.key == key), None)

    def shown(self, request: Request) -> Session | None:
        """What the head of a page shows of who is signed in."""
        persona = self.persona(request)
        if persona is None:
            return None
        return Session(persona.name, persona.role, self.form_token(request), SIGN_OUT)

    def form_token(self, request: Request) -> str:
        """The token that every form of this session carries; made with the first form."""
        if not self.enabled:
            return ""
        token = request.session.get(_TOKEN)
        if not isinstance(token, str):
            token = request.session[_TOKEN] = secrets.token_urlsafe(_TOKEN_BYTES)
        return token

    def sign_in(self, request: Request, key: str) -> Persona:
        """Be a persona from now on; the old session is gone, its token too.

        Raises:
            NotPermittedError: nobody here has this key.
        """
        persona = next((each for each in self.personas() if each.key == key), None)
        if persona is None:
            raise NotPermittedError(action="signing in", needed="a persona of this node")
        request.session.clear()
        request.session[_PERSONA] = persona.key
        self.form_token(request)
        return persona

    def sign_out(self, request: Request) -> None:
        """Forget who this was."""
        if self.enabled:
            request.session.clear()

    def guard(self, role: Role) -> Callable[[Request], None]:
        """A dependency that lets only this role in and notes who it is, see `signed_in`."""

        def dependency(request: Request) -> None:
            request.state.persona = self.require(request, role)

        return dependency

    def require(self, request: Request, role: Role) -> Persona:
        """Whoever is signed in, if that is somebody of this role.

        Raises:
            HTTPException: 303 to the sign-in page when nobody is.
            NotPermittedError: it is somebody else's page.
        """
        persona = self.persona(request)
        if persona is None:
            target = SIGN_IN
            if request.method == "GET":
                target += f"?next={quote(request.url.path, safe='/')}"
            raise HTTPException(status.HTTP_303_SEE_OTHER, headers={"location": target})
        if persona.role is not role:
            raise NotPermittedError(action="this page", needed=f"the role of a {role.value}")
        return persona

    def require_form(self, request: Request, csrf_token: Annotated[str, Form()] = "") -> None:
        """Refuse a form that was not made in this session, or that another site sent; a dependency.

        Raises:
            FormTokenError: the token is missing or another session's, or the browser says where
                the form came from and it was not here.
        """
        site = request.headers.get("sec-fetch-site", "same-origin")
        expected = request.session.get(_TOKEN) if self.enabled else None
        is_ours = isinstance(expected, str) and hmac.compare_digest(
            expected.encode(), csrf_token.encode()
        )
        if not is_ours or site not in {"same-origin", "none"}:
            raise FormTokenError


def signed_in(request: Request) -> Persona:
    """Who passed the guard of the route that is answering."""
    persona: Persona = request.state.persona
    return persona


def landing(persona: Persona, next_path: str | None) -> str:
    """Where to go after sign-in: the page asked for if it is this role's, else the role's start."""
    wanted = safe_next(next_path)
    inside = wanted == persona.home or wanted.startswith(persona.home + "/")
    return wanted if inside else persona.home


def session_middleware(context: NodeContext) -> Middleware:
    """The signed cookie; named by port, because all ports of a machine share one cookie jar."""
    return Middleware(
        SessionMiddleware,
        secret_key=context.keys.secret(SESSION).hex(),
        session_cookie=f"anxu_session_{context.settings.port}",
        max_age=SESSION_SECONDS,
        same_site="strict",
        https_only=context.settings.endpoint.startswith("https:"),
    )
