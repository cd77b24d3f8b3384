"""Whether a leaf still stands, signed by this supervisor: for anybody, as leaves and chain are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse

from api.supervisor.schemas import StandingAnswer
from ledger.evidence.encoding import MAX_JSON_INTEGER
from ledger.evidence.trust import MAX_LOG_ID
from ledger.recording.context import NodeContext
from ledger.supervision.standing import standing_statement


def router(context: NodeContext) -> APIRouter:
    """``/supervision/standing/<log>/<index>``: the statement as it stands in a proof."""
    routes = APIRouter(prefix="/supervision", tags=["standing"])

    @routes.get("/standing/{log_id}/{index}", response_model=StandingAnswer)
    def standing(
        log_id: Annotated[int, Path(ge=1, le=MAX_LOG_ID)],
        index: Annotated[int, Path(ge=0, le=MAX_JSON_INTEGER)],
    ) -> Response:
        """Our word as of the last checkpoint that we have checked."""
        statement = standing_statement(context, log_id, index)
        return JSONResponse(statement.to_object(), headers={"cache-control": "no-cache"})

    return routes
