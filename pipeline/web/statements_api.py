"""Issued statements for scripts: which there are, where their proof is, and which were withdrawn."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from pipeline.web.problems import USUAL
from pipeline.web.scripts import Looker
from pipeline.web.services import Served
from pipeline.workflow.issue_statement import Listed, list_issued, read_issued

router = APIRouter(prefix="/api/v1/statements", tags=["coverage"], responses=USUAL)


@router.get("", summary="Issued statements, newest first")
def read_list(caller: Looker, services: Served, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> dict[str, Any]:
    """A page of the statements that were issued of a manager's districts; ``withdrawn`` is null where one stands."""
    shelf = list_issued(services.database, services.desk.files, caller, page)
    return {
        "version": 1,
        "page": shelf.page,
        "is_last": shelf.is_last,
        "statements": [_row(one) for one in shelf.listed],
    }


@router.get("/{sha256}", summary="An issued statement, with what it said and whether it was withdrawn")
def read_one(sha256: str, caller: Looker, services: Served) -> dict[str, Any]:
    """A statement; ``said`` is null where the kept file is not the one that was issued."""
    kept = read_issued(services.database, services.desk.files, caller, sha256)
    is_whole = kept.content is not None
    return _row(Listed(issued=kept.issued, is_whole=is_whole)) | {"said": kept.said if is_whole else None}


def _row(one: Listed) -> dict[str, Any]:
    issued, gone = one.issued, one.issued.withdrawn
    return {
        "sha256": issued.sha256,
        "district": issued.district,
        "area": issued.area,
        "from": issued.window.first.isoformat(),
        "to": issued.window.last.isoformat(),
        "issued_at": issued.issued_at.isoformat(),
        "leaf": issued.leaf,
        "is_whole": one.is_whole,
        "withdrawn": None
        if gone is None
        else {"at": gone.at.isoformat(), "reason": gone.reason, "replaced_by": gone.replaced_by, "leaf": gone.leaf},
    }
