"""A person's own pages: her record, the entries behind it, and proofs to carry away."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.auth.sessions import signed_in
from api.person.queries import HOME, own_leaves, record_view, require_own
from api.web.history_pages import erased_words
from api.web.parts import Doors, Role
from api.web.past_pages import own_as_of_view
from api.web.proof_pages import bundle_answer, index_of, own_entry_view
from api.web.site import Site
from ledger.errors import NotFoundError, NotPermittedError
from ledger.evidence.encoding import Subject
from ledger.recording.erasures import erasure_of
from ledger.recording.proofs import StandingSource

_SUFFIX = ".json"


def person_pages(site: Site, standing_source: StandingSource | None = None) -> APIRouter:
    """Everything under ``/me``; no URL names a person, the session says whose pages these are."""
    context = site.context
    guard = Depends(site.sessions.guard(Role.PERSON))
    routes = APIRouter(prefix=HOME, include_in_schema=False, dependencies=[guard])

    @routes.get("")
    def record(request: Request) -> Response:
        subject = _subject(request)
        with context.read() as view:
            erasure = erasure_of(context, view, subject)
        if erasure is not None:
            return site.page(request, "person/erased.html", erased_words(erasure))
        return site.page(request, "person/record.html", record_view(context, subject))

    @routes.get("/as-of")
    def as_of(request: Request, on: str = "") -> Response:
        view = own_as_of_view(
            context, _subject(request), on, f"{HOME}/as-of", f"{HOME}/entries/{{}}"
        )
        return site.page(request, "as_of.html", view)

    @routes.get("/entries/{index}")
    def entry(index: str, request: Request) -> Response:
        subject = _subject(request)
        wanted = index_of(index)
        require_own(context, subject, wanted)
        doors = Doors(
            f"{HOME}/entries/{{}}", f"{HOME}/proofs/{{}}.json", own_leaves(context, subject).all
        )
        return site.page(request, "entry.html", own_entry_view(context, wanted, doors))

    @routes.get("/proofs/{name}")
    def proof(name: str, request: Request) -> Response:
        if not name.endswith(_SUFFIX):
            raise NotFoundError(what="proof", key="with this name")
        wanted = index_of(name.removesuffix(_SUFFIX))
        require_own(context, _subject(request), wanted)
        return bundle_answer(context, wanted, standing_source)

    return routes


def _subject(request: Request) -> Subject:
    """Whose pages these are."""
    subject = signed_in(request).subject
    assert subject is not None, "a person has a subject"
    return subject


def may_open(site: Site, request: Request, index: int) -> None:
    """Let a session open a leaf: an officer any of this bureau's, a person her own only.

    Raises:
        NotPermittedError: nobody is signed in, or it is somebody else's.
    """
    persona = site.sessions.persona(request)
    if persona is not None and persona.role is Role.OFFICER:
        return
    if persona is None or persona.subject is None:
        raise NotPermittedError(action="this proof", needed="the person's own session")
    require_own(site.context, persona.subject, index)
