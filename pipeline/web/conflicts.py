"""Findings of one visit that differ: a manager writes down what came of it."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from pipeline.store.conflicts import LONGEST_NOTE
from pipeline.store.visits import VisitId
from pipeline.web.services import Served
from pipeline.web.sessions import Sender
from pipeline.workflow.settle import settle

router = APIRouter(prefix="/visits", include_in_schema=False)


@router.post("/{visit}/settle")
def settle_now(
    visit: str, sender: Sender, services: Served, note: Annotated[str, Form(max_length=2 * LONGEST_NOTE)] = ""
) -> Response:
    """What came of findings that differ; what stands stays."""
    settle(services.database, sender.person, VisitId(visit), note, now=services.now())
    return RedirectResponse(f"/visits/{visit}#found", 303)
