"""Features: OGC API - Features 1.0 (core, GeoJSON, OpenAPI 3.0) over flags, flights, survey areas and gaps.

Districts and sight are those of the pages. Pages of features are linked by ``next`` and cut by id, so that none is
repeated or left out while flags come in.
"""

import json
from datetime import UTC
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import shapely
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.search import Search
from pipeline.web.features_description import describe
from pipeline.web.place_and_time import After, BBox, DateTime, Limit, must_know, search_for
from pipeline.web.problems import described
from pipeline.web.scripts import Geographer
from pipeline.web.services import Served
from pipeline.workflow.show_layers import Feature, Layer, Page, feature_of, layers_for, page_of

ADDRESS: Final = "/ogc"
GEOJSON: Final = "application/geo+json"
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
DEGREES: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS: Final = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "oas30")
]
TITLES: Final = {
    Layer.FLAGS: ("Flags", "Candidates for verification by people; none is a finding."),
    Layer.FLIGHTS: ("Flights", "Flights, and ground that could not be flown, by their boxes."),
    Layer.AREAS: ("Survey areas", "Ground that is to be covered."),
    Layer.UNCOVERED: ("Uncovered ground", "What nobody saw of survey areas, and why; ``datetime`` says in which days."),
}
ASKED: Final = frozenset({"bbox", "datetime", "limit", "after", "f"})

router = APIRouter(
    prefix=ADDRESS,
    tags=["OGC API - Features"],
    responses=described(
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
)
Form = Annotated[str, Query(description="Only json is spoken.", json_schema_extra={"enum": ["json"]})]


def _only_form(request: Request, f: Form = "json") -> None:
    """Nothing is asked of most doors but the form of the answer."""
    del f
    must_know(request.query_params, frozenset({"f"}))


def _asked(
    request: Request, bbox: BBox = "", when: DateTime = "", limit: Limit = "", after: After = "", f: Form = "json"
) -> Search:
    del f
    must_know(request.query_params, ASKED)
    return search_for(bbox=bbox, when=when, limit=limit, after=after)


Plain = Depends(_only_form)
Asked = Annotated[Search, Depends(_asked)]


@router.get("", summary="Where to begin", dependencies=[Plain])
def land(request: Request, _: Geographer) -> dict[str, Any]:
    """Links to everything else."""
    return {
        "title": "Plotwatch",
        "description": "Candidate plots, flights and survey areas, as far as you may see them.",
        "links": [
            _link(request, "self", ""),
            _link(request, "service-desc", "/api", OPENAPI),
            _link(request, "conformance", "/conformance"),
            _link(request, "data", "/collections"),
        ],
    }


@router.get("/api", summary="The description of these doors", dependencies=[Plain])
def describe_doors(request: Request, caller: Geographer) -> JSONResponse:
    """An OpenAPI 3.0 document, as the standard asks for; `/api/v1/openapi.json` describes all doors in 3.1."""
    content = describe(_address(request, ""), [layer.value for layer in layers_for(caller)])
    return JSONResponse(content, media_type=OPENAPI)


@router.get("/conformance", summary="What of the standard holds", dependencies=[Plain])
def conform(_: Geographer) -> dict[str, list[str]]:
    """The classes of the standard that these doors conform to."""
    return {"conformsTo": CONFORMS}


@router.get("/collections", summary="The layers", dependencies=[Plain])
def list_collections(request: Request, caller: Geographer) -> dict[str, Any]:
    """The layers that exist for you."""
    return {
        "links": [_link(request, "self", "/collections")],
        "collections": [_collection(request, layer) for layer in layers_for(caller)],
    }


@router.get("/collections/{collection}", summary="A layer", dependencies=[Plain])
def read_collection(request: Request, collection: str, caller: Geographer) -> dict[str, Any]:
    """One of the layers."""
    return _collection(request, _layer(caller, collection))


@router.get("/collections/{collection}/items", summary="Features of a layer", response_class=JSONResponse)
def list_items(request: Request, collection: str, caller: Geographer, asked: Asked, services: Served) -> JSONResponse:
    """A page of features. A flight, and its flags, count for the day it was flown, or else the one it arrived."""
    layer = _layer(caller, collection)
    page = page_of(services.database, caller, layer, asked)
    content: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": services.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": len(page.features),
        "links": _around(request, layer, page),
        "features": [as_geojson(feature) for feature in page.features],
    }
    if page.total is not None:
        content["numberMatched"] = page.total
    return JSONResponse(content, media_type=GEOJSON)


@router.get(
    "/collections/{collection}/items/{feature}",
    summary="A feature",
    response_class=JSONResponse,
    dependencies=[Plain],
)
def read_item(request: Request, collection: str, feature: str, caller: Geographer, services: Served) -> JSONResponse:
    """One feature. 404 where there is none, or it is not yours to see."""
    layer = _layer(caller, collection)
    found = feature_of(services.database, caller, layer, feature)
    links = [
        _link(request, "self", f"/collections/{layer.value}/items/{quote(found.id)}", GEOJSON),
        _link(request, "collection", f"/collections/{layer.value}"),
    ]
    return JSONResponse(as_geojson(found) | {"links": links}, media_type=GEOJSON)


def as_geojson(feature: Feature) -> dict[str, Any]:
    """A feature as GeoJSON (RFC 7946)."""
    outline = None if feature.outline is None else json.loads(shapely.to_geojson(feature.outline))
    return {"type": "Feature", "id": feature.id, "geometry": outline, "properties": feature.properties}


def _layer(person: Person, name: str) -> Layer:
    found = next((layer for layer in layers_for(person) if layer.value == name), None)
    if found is None:
        raise NotFoundError("there is no such layer")
    return found


def _collection(request: Request, layer: Layer) -> dict[str, Any]:
    title, description = TITLES[layer]
    return {
        "id": layer.value,
        "title": title,
        "description": description,
        "itemType": "feature",
        "crs": [DEGREES],
        "links": [
            _link(request, "self", f"/collections/{layer.value}"),
            _link(request, "items", f"/collections/{layer.value}/items", GEOJSON),
        ],
    }


def _around(request: Request, layer: Layer, page: Page) -> list[dict[str, str]]:
    """The links of a page: to itself, to its layer, and to the next one where there is one."""
    items, asked = f"/collections/{layer.value}/items", dict(request.query_params)
    links = [
        _link(request, "self", _with(items, asked), GEOJSON),
        _link(request, "collection", f"/collections/{layer.value}"),
    ]
    if page.after is not None:
        links.append(_link(request, "next", _with(items, asked | {"after": page.after}), GEOJSON))
    return links


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query, safe=',/:')}" if query else path


def _link(request: Request, rel: str, path: str, media_type: str = "application/json") -> dict[str, str]:
    return {"rel": rel, "href": _address(request, path), "type": media_type}


def _address(request: Request, path: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{ADDRESS}{path}"
