"""Sign-in, sign-out, the start page and the reader's language."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, status
from fastapi.responses import RedirectResponse, Response

from api.auth.sessions import SIGN_IN, SIGN_OUT, Persona, landing
from api.web import views
from api.web.navigation import LANGUAGE_COOKIE, safe_next
from api.web.parts import Language, Words
from api.web.site import Site
from ledger.errors import NotFoundError

LANGUAGE_SECONDS: Final = 365 * 24 * 60 * 60


def sign_in_pages(site: Site) -> APIRouter:
    """``/``, ``/sign-in``, ``/sign-out`` and ``/language/<zh|en>``."""
    routes = APIRouter(include_in_schema=False)
    sessions = site.sessions

    @routes.get("/")
    def start(request: Request) -> Response:
        persona = sessions.persona(request)
        return _go(persona.home if persona is not None else SIGN_IN)

    @routes.get(SIGN_IN)
    def choose(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
        view = views.SignInView(
            personas=tuple(_shown(site, persona) for persona in sessions.personas()),
            action=SIGN_IN if sessions.enabled else "",
            next_path=safe_next(next),
            csrf_token=sessions.form_token(request),
        )
        return site.page(request, "sign_in.html", view)

    @routes.post(SIGN_IN, dependencies=[Depends(sessions.require_form)])
    def sign_in(
        request: Request,
        persona: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",  # noqa: A002 - the form's name
    ) -> Response:
        signed_in = sessions.sign_in(request, persona)
        return _go(landing(signed_in, next))

    @routes.post(SIGN_OUT, dependencies=[Depends(sessions.require_form)])
    def sign_out(request: Request) -> Response:
        sessions.sign_out(request)
        return _go(SIGN_IN)

    @routes.get("/language/{wanted}")
    def language(wanted: str, request: Request, next: str = "/") -> Response:  # noqa: A002
        if wanted not in set(Language):
            raise NotFoundError(what="language", key="with this code")
        answer = _go(safe_next(next))
        answer.set_cookie(
            LANGUAGE_COOKIE,
            wanted,
            max_age=LANGUAGE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    return routes


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


def _shown(site: Site, persona: Persona) -> views.Persona:
    return views.Persona(
        key=persona.key,
        name=persona.name,
        role=persona.role,
        place=site.node_name,
        comes_to=Words(persona.comes_to_zh, persona.comes_to_en),
    )
