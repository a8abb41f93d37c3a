"""OGC API - Features as GDAL reads it, and what the standard asks of the doors."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from covered import area, flown, land
from fastapi.testclient import TestClient
from figured import a_review
from offices import PASSWORD, Office, open_office
from serving import serving

from pipeline.imagery.looked import degrees_in_plane
from pipeline.store.search import Search
from pipeline.store.tokens import NewToken, Scope, add_token
from pipeline.web.app import build_app
from pipeline.web.features import CONFORMS
from pipeline.workflow.show_layers import Layer, page_of

DAY = date(2026, 6, 3)
PLOTS = [land(0.1 + x / 10, 0.5, 0.02, 0.02) for x in range(7)]
"""In a row from west to east, a tenth of 400 m from each other."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A review with controls on a flight without a date, seven flags on one of June, and two survey areas."""
    office = open_office(tmp_path_factory.mktemp("office"))
    a_review(office)
    flown(office, DAY, land(0, 0, 1, 1), flags=PLOTS)
    area(office, "valley", land(0, 0, 1, 1))
    area(office, "ridge", land(3, 3, 1, 1, turned=45))
    area(office, "far", land(9, 9, 1, 1), office.west)
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    with serving(build_app(office.services())) as server:
        yield f"{server.url}/ogc"


def secret(office: Office, name: str = "surveyor", scope: Scope = Scope.READ) -> str:
    new = NewToken(name="gis", person=office.people[name].id, scopes=frozenset({scope}), lasts=timedelta(days=7))
    with office.database.transaction() as connection:
        return add_token(connection, new, by=None, now=office.clock())[0]


@pytest.fixture(scope="module")
def tokens(office: Office) -> dict[str, str]:
    return {name: secret(office, name) for name in ("surveyor", "reviewer", "field", "westerner", "administrator")}


@pytest.fixture
def headers(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['surveyor']}"}


GDAL = """
import json, sys, pyogrio, shapely
asked = json.load(sys.stdin)
if "bbox" in asked["options"]:
    asked["options"]["bbox"] = tuple(asked["options"]["bbox"])
pyogrio.set_gdal_config_options({"GDAL_HTTP_TIMEOUT": "30", **asked["config"]})
if asked["layer"] is None:
    print(json.dumps([str(name) for name, _ in pyogrio.list_layers(asked["address"])]))
else:
    meta, _, wkb, columns = pyogrio.raw.read(asked["address"], layer=asked["layer"], **asked["options"])
    named = {str(name): [str(one) for one in column] for name, column in zip(meta["fields"], columns)}
    outlines = [shapely.to_wkt(one, rounding_precision=12) for one in shapely.from_wkb(wkb)]
    print(json.dumps(named | {"outline": outlines}))
"""
"""In a process of its own: GDAL holds this one while it waits for an answer from it."""


def gdal(address: str, layer: str | None = None, config: dict[str, str] | None = None, **options: Any) -> Any:
    """The layers that GDAL finds, or the columns of one; ``outline`` has what is on the ground."""
    asked = {"address": f"OAPIF:{address}", "layer": layer, "config": config or {}, "options": options}
    done = subprocess.run(
        [sys.executable, "-c", GDAL], input=json.dumps(asked), capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr[-600:]
    found = json.loads(done.stdout)
    return found if layer is None else found | {"outline": shapely.from_wkt(found["outline"])}


def everything(client: TestClient, path: str, headers: dict[str, str]) -> list[list[dict[str, Any]]]:
    """The features of all pages, following the links."""
    pages, link = [], path
    while link:
        answer = client.get(link, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])
        pages.append(page["features"])
        link = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    return pages


def test_gdal_lists_reads_and_filters_with_the_token_as_password(address: str, tokens: dict[str, str]) -> None:
    password = {"USERPWD": f"qgis:{tokens['surveyor']}"}
    flags = gdal(address, "flags", **password)
    assert len(flags["outline"]) == 42 + 7
    assert set(flags["what"]) == {"candidate for verification"}
    boxed = gdal(address, "flags", bbox=list(PLOTS[2].buffer(1e-5).bounds), **password)
    (found,) = boxed["outline"]
    assert shapely.hausdorff_distance(found, PLOTS[2]) < 1e-9
    assert boxed["label"] == ["F00002"]
    assert sorted(gdal(address, "areas", **password)["name"]) == ["ridge", "valley"]
    assert len(gdal(address, "flights", **password)["outline"]) == 2


def test_gdal_is_told_the_layers_and_nothing_without_a_token(
    address: str, tokens: dict[str, str], tmp_path: Path
) -> None:
    headers = tmp_path / "headers"
    headers.write_text(f"Authorization: Bearer {tokens['surveyor']}\n")
    assert set(gdal(address, config={"GDAL_HTTP_HEADER_FILE": str(headers)})) == {
        "flags",
        "flights",
        "areas",
        "uncovered",
    }
    with pytest.raises(AssertionError, match="401"):
        gdal(address)


def test_pages_follow_each_other_without_gap_or_repetition(client: TestClient, headers: dict[str, str]) -> None:
    pages = everything(client, "/ogc/collections/flags/items?limit=10", headers)
    ids = [feature["id"] for page in pages for feature in page]
    assert [len(page) for page in pages] == [10, 10, 10, 10, 9]
    assert ids == sorted(set(ids))
    first = client.get("/ogc/collections/flags/items?limit=10", headers=headers).json()
    assert (first["numberMatched"], first["numberReturned"]) == (49, 10)
    more = client.get("/ogc/collections/flags/items?limit=99999", headers=headers).json()
    assert more["numberReturned"] == 49
    assert "next" not in {link["rel"] for link in more["links"]}


def test_boxes_and_days_choose_features(client: TestClient, headers: dict[str, str]) -> None:
    def count(layer: str, query: str) -> int:
        return sum(len(page) for page in everything(client, f"/ogc/collections/{layer}/items?limit=2&{query}", headers))

    box = ",".join(map(str, land(0.05, 0.4, 0.3, 0.3).bounds))
    assert count("flags", f"bbox={box}") == 3
    assert count("flags", "bbox=179,-10,-179,10") == 0
    assert count("flags", "bbox=170,-90,112,90") == 49
    assert count("flags", f"datetime={DAY}T00:00:00Z") == 7
    assert count("flags", f"datetime=../{DAY}") == 7
    assert count("flags", "datetime=2026-06-04/..") == 42
    assert count("flights", f"datetime={DAY}") == 1
    assert count("areas", f"datetime={DAY}") == 2
    corner = ",".join(map(str, land(2.8, 2.8, 0.01, 0.01).bounds))
    assert count("areas", f"bbox={corner}") == 0, "the box of the turned area is met, its outline is not"


def test_uncovered_ground_of_many_states_is_paged_whole(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    for x in range(3):
        area(office, f"area {x}", land(x * 2, 0, 1, 1))
        flown(office, DAY, land(x * 2, 0, 0.6, 1), blurred=land(x * 2, 0, 0.2, 1))
    for limit in (1, 2, 4, 100):
        search, found = Search(limit=limit), []
        while True:
            page = page_of(office.database, office.people["surveyor"], Layer.UNCOVERED, search)
            found += [feature.id for feature in page.features]
            if page.after is None:
                break
            search = replace(search, after=page.after)
        assert len(found) == 6
        assert found == sorted(set(found))
    office.database.close()


def test_uncovered_ground_is_what_was_not_seen_of_areas_in_a_window(
    client: TestClient, headers: dict[str, str], address: str, tokens: dict[str, str]
) -> None:
    def gaps(query: str = "") -> dict[str, float]:
        pages = everything(client, f"/ogc/collections/uncovered/items?limit=1{query}", headers)
        return {one["properties"]["name"]: one["properties"]["area_m2"] for page in pages for one in page}

    whole = degrees_in_plane(land(0, 0, 1, 1)).area
    assert gaps() == {"ridge": pytest.approx(whole, rel=1e-3)}
    assert gaps("&datetime=2026-07-01/..") == {name: pytest.approx(whole, rel=1e-3) for name in ("ridge", "valley")}
    corner = ",".join(map(str, land(2.8, 2.8, 0.01, 0.01).bounds))
    assert gaps(f"&bbox={corner}") == {}
    found = gdal(address, "uncovered", USERPWD=f"qgis:{tokens['surveyor']}")
    assert (found["name"], found["state"]) == (["ridge"], ["not_flown"])
    outline = degrees_in_plane(shapely.union_all(found["outline"]))
    assert shapely.hausdorff_distance(outline, degrees_in_plane(land(3, 3, 1, 1, turned=45))) < 0.01
    (feature,) = client.get("/ogc/collections/uncovered/items", headers=headers).json()["features"]
    alone = client.get(f"/ogc/collections/uncovered/items/{feature['id']}", headers=headers).json()
    assert alone["properties"] == feature["properties"]
    assert client.get("/ogc/collections/uncovered/items/none-not_flown", headers=headers).status_code == 404
    west = {"Authorization": f"Bearer {tokens['westerner']}"}
    assert client.get(f"/ogc/collections/uncovered/items/{feature['id']}", headers=west).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3", "bbox=a,b,c,d", "bbox=nan,0,1,1", "bbox=0,5,1,4", "bbox=0,0,1,91", "datetime=yesterday",
        "datetime=2026-06-02/2026-06-01", "datetime=a/b/c", "limit=0", "limit=-1", "limit=x", "limit=1e3",
        "after=%00", "colour=red", "f=html5&colour=1",
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_a_bad_request(client: TestClient, headers: dict[str, str], query: str) -> None:
    answer = client.get(f"/ogc/collections/flags/items?{query}", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_last_day_of_all_is_a_day(client: TestClient, headers: dict[str, str]) -> None:
    for query in ("datetime=0001-01-01/9999-12-31", "datetime=../..", "datetime=/"):
        assert client.get(f"/ogc/collections/flags/items?{query}", headers=headers).json()["numberMatched"] == 49


def test_a_feature_is_read_alone_and_no_control_among_them(
    client: TestClient, office: Office, headers: dict[str, str]
) -> None:
    items = "/ogc/collections/flags/items"
    features = [feature for page in everything(client, items, headers) for feature in page]
    assert {feature["properties"]["label"][0] for feature in features} == {"F", "G"}
    alone = client.get(f"{items}/{features[0]['id']}", headers=headers).json()
    assert {name: alone[name] for name in features[0]} == features[0]
    control = features[0]["id"].rpartition("-")[0] + "-C0"
    hidden = client.get(f"{items}/{control}", headers=headers)
    nowhere = client.get(f"{items}/none", headers=headers)
    assert hidden.status_code == nowhere.status_code == 404
    assert hidden.json() == nowhere.json() == client.get(f"{items}/%00", headers=headers).json()
    assert "score" not in str(features)
    del office


@pytest.mark.parametrize(
    ("name", "flags", "layers"),
    [
        ("reviewer", 0, {"flags", "flights"}),
        ("field", 8, {"flags", "flights"}),
        ("westerner", 0, {"flags", "flights", "areas", "uncovered"}),
        ("administrator", 0, {"flags", "flights"}),
    ],
)
def test_everybody_sees_what_the_pages_show_them(
    client: TestClient, tokens: dict[str, str], name: str, flags: int, layers: set[str]
) -> None:
    theirs = {"Authorization": f"Bearer {tokens[name]}"}
    found = client.get("/ogc/collections", headers=theirs).json()["collections"]
    assert {layer["id"] for layer in found} == layers
    seen = client.get("/ogc/collections/flags/items", headers=theirs).json()["features"]
    assert len(seen) == flags
    assert {feature["properties"]["status"] for feature in seen} <= {"confirmed"}
    areas = client.get("/ogc/collections/areas/items", headers=theirs)
    assert areas.status_code == (200 if "areas" in layers else 404)
    if name == "westerner":
        assert [area["properties"]["name"] for area in areas.json()["features"]] == ["far"]
        assert client.get("/ogc/collections/flights/items", headers=theirs).json()["numberMatched"] == 0


@pytest.mark.parametrize("sent", ["", "Basic x", "Basic c3VydmV5b3I6eA==", "Bearer x"])
def test_what_is_no_token_is_asked_for_one(client: TestClient, sent: str) -> None:
    answer = client.get("/ogc", headers={"Authorization": sent})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_a_password_of_a_person_and_another_scope_open_nothing(client: TestClient, office: Office) -> None:
    assert client.get("/ogc", auth=("surveyor", PASSWORD)).status_code == 401
    assert client.get("/ogc", auth=("x", secret(office, scope=Scope.UPLOAD))).status_code == 401
    assert client.get("/api/v1/flights", auth=("x", secret(office))).status_code == 401


def test_the_landing_page_leads_everywhere_and_the_description_is_3_0(
    client: TestClient, headers: dict[str, str]
) -> None:
    links = {link["rel"]: link["href"] for link in client.get("/ogc", headers=headers).json()["links"]}
    assert set(links) == {"self", "service-desc", "conformance", "data"}
    assert client.get(links["conformance"], headers=headers).json() == {"conformsTo": CONFORMS}
    described = client.get(links["service-desc"], headers=headers)
    assert described.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = described.json()
    assert document["openapi"] == "3.0.3"
    said = document["components"]["parameters"]["collection"]["schema"]["enum"]
    assert said == ["flags", "flights", "areas", "uncovered"]
    for path, door in document["paths"].items():
        address = path.replace("{collection}", "flags").replace("{feature}", "none")
        answer = client.get(f"/ogc{address}".rstrip("/"), headers=headers)
        assert answer.status_code == (404 if "{feature}" in path else 200), path
        for parameter in door["get"]["parameters"]:
            assert parameter["$ref"].rpartition("/")[2] in document["components"]["parameters"]
