"""What tests of the pages may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import chromium
from fastapi import FastAPI
from fastapi.testclient import TestClient
from offices import Office, open_office
from playwright.sync_api import Browser

from pipeline.web.app import build_app


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two districts with their people, in a store of their own."""
    office = open_office(tmp_path)
    yield office
    office.database.close()


@pytest.fixture
def app(office: Office) -> FastAPI:
    return build_app(office.services())


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for a file of tests; one that outlived its file would leave its loop running in other tests."""
    with chromium() as browser:
        yield browser
