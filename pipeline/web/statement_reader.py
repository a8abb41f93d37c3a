"""For whom a statement is shown: in the words of their language, with links to where they read it."""

from fastapi import Request

from pipeline.store.registry import list_models
from pipeline.web.renderer import language_of
from pipeline.web.services import Services
from pipeline.web.statement_links import Links
from pipeline.web.words import Words


def words_of(request: Request, services: Services) -> Words:
    """Words of the reader's language."""
    return services.renderer.words[language_of(request)]


def links_of(request: Request, services: Services, *, paper: bool = True) -> Links:
    """Links from a page of this server, or from ``paper``."""
    with services.database.snapshot() as connection:
        models = {one.bundle_sha256: one.id for one in list_models(connection)}
    return Links(base=str(request.base_url).rstrip("/") if paper else "", models=models)
