"""A bureau of which statements are made, and a statement with everything that one can have."""

import copy
import io
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import covered
import pypdf
from covered import land
from fastapi.testclient import TestClient
from offices import PASSWORD, Office, open_office, sign_in

from pipeline.store.ground import regions_of
from pipeline.web.app import build_app

DAY = date(2026, 10, 1)
NAME = "Terraces #strong[x] $y$ <b>"

FAR = {
    "what": "ground sampling distance",
    "what_zh": "地面分辨率",
    "here": "3.1 cm",
    "known": "1.5-2.5 cm",
}
BLURRED = {
    "what": "ground blurred, in shadow, in glare or wrongly exposed",
    "what_zh": "模糊、阴影、反光或曝光不当的地面",
    "here": "31.0%",
    "known": "at most 20%",
}
ABSENCE = {
    "factors": {"coverage": 0.8712, "model": 0.9521, "readers": 0.93},
    "found_with_at_least": 0.7714,
    "doubt_of_factors": 0.025,
    "confidence_that_at_most": {"0": 0.7464, "1": 0.9227, "2": 0.9631, "5": 0.9748, "10": 0.975},
    "at_most_with_95_percent": 2,
    "takes_for_granted": ["nothing was planted or removed after the last look"],
}


def fuller(said: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of two flights, told as if their claims, readers, audit and visits were known."""
    made: dict[str, Any] = copy.deepcopy(dict(said))
    made["absence"] = copy.deepcopy(ABSENCE)
    made["model"] |= {"hits": 62, "n": 65, "low": 0.873, "high": 0.984, "at_least": 0.8519}
    made["readers"] |= {"hits": 98, "n": 100, "low": 0.93, "high": 0.994, "at_least": 0.9231}
    made["audit"] = {"share": 0.0, "low": 0.0, "high": 0.0451, "n": 80, "found": 0, "unread_places": 3}
    known = {"share": 0.95, "n_plots": 65, "n_found": 62, "missing_plots": 0, "differences": []}
    made["flights"][0] |= {"claim_holds": True, "claim": known | {"holds": True}}
    made["flights"][1] |= {"claim_holds": False, "claim": known | {"holds": False, "differences": [FAR, BLURRED]}}
    made["flags"] = {"rejected": 31, "absent": 2}
    each = [{"visit": f"v{n}", "outcome": "absent" if n < 3 else "open", "day": f"2026-11-0{n}"} for n in (1, 2, 3)]
    made["visits"] = {"planned": 3, "outcomes": {"absent": 2, "open": 1}, "each": each}
    made["not_supported"] = ["a place drawn at random is not read yet"]
    return made


def opened(folder: Path) -> Office:
    """Terraces of which a part was not flown and another was blurred, with a flag that waits; and a far district."""
    office = open_office(folder)
    covered.area(office, NAME, land(0, 0, 2, 1))
    covered.area(office, "Far away", land(40, 0, 1, 1), office.west)
    covered.flown(office, DAY, land(0, 0, 1, 1), flags=[land(0.2, 0.2, 0.1, 0.1)])
    covered.flown(office, DAY + timedelta(days=20), land(0.9, 0, 0.5, 1), land(1.2, 0.2, 0.1, 0.3))
    return office


def client_of(office: Office, name: str, password: str = PASSWORD) -> TestClient:
    client = TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False)
    return sign_in(client, name, password)


def terraces(office: Office, name: str = NAME) -> str:
    with office.database.snapshot() as connection:
        return next(one.id for one in regions_of(connection, {office.east.id, office.west.id}) if one.area == name)


def asked(office: Office) -> dict[str, str]:
    return {"area": terraces(office), "from": "2026-10-01", "to": "2026-11-26"}


def field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


def texts(pdf: bytes) -> str:
    """What can be read in a PDF, without its line breaks."""
    assert pdf.startswith(b"%PDF-")
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def issue(client: TestClient, office: Office) -> str:
    """Issue what a manager has before them; the address of what was issued."""
    page = client.get("/statement", params=asked(office)).text
    form = asked(office) | {"csrf": field(page, "csrf"), "content": field(page, "content")}
    answer = client.post("/statement/issue", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
