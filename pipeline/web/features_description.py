"""The description of the doors of OGC API - Features as OpenAPI 3.0, which that standard asks for."""

from importlib.metadata import version
from typing import Any

from pipeline.store.search import MOST
from pipeline.web.place_and_time import USUAL_LIMIT

Document = dict[str, Any]


def describe(address: str, layers: list[str]) -> Document:
    """The document of doors under ``address`` that open ``layers``."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Plotwatch: OGC API - Features", "version": version("plotwatch")},
        "servers": [{"url": address}],
        "security": [{"token": []}, {"tokenAsPassword": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "tokenAsPassword": {"type": "http", "scheme": "basic"},
            },
            "parameters": _parameters(layers),
            "responses": {
                "Json": {"description": "JSON", "content": {"application/json": {"schema": {"type": "object"}}}},
                "Features": {
                    "description": "GeoJSON",
                    "content": {"application/geo+json": {"schema": {"type": "object"}}},
                },
                "Problem": {
                    "description": "What went wrong",
                    "content": {"application/problem+json": {"schema": {"type": "object"}}},
                },
            },
        },
    }


def _paths() -> Document:
    of_items = ("bbox", "datetime", "limit", "after", "f")
    return {
        "/": _door("Where to begin", "Json", ("f",)),
        "/api": _door("This description", "Json", ("f",)),
        "/conformance": _door("What of the standard holds", "Json", ("f",)),
        "/collections": _door("The layers", "Json", ("f",)),
        "/collections/{collection}": _door("A layer", "Json", ("collection", "f")),
        "/collections/{collection}/items": _door("Features of a layer", "Features", ("collection", *of_items)),
        "/collections/{collection}/items/{feature}": _door("A feature", "Features", ("collection", "feature", "f")),
    }


def _door(summary: str, answer: str, parameters: tuple[str, ...]) -> Document:
    return {
        "get": {
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
            "responses": {
                "200": {"$ref": f"#/components/responses/{answer}"},
                "default": {"$ref": "#/components/responses/Problem"},
            },
        }
    }


def _parameters(layers: list[str]) -> Document:
    text, number = {"type": "string"}, {"type": "number"}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL_LIMIT}
    box = {"type": "array", "items": number, "minItems": 4, "maxItems": 6}
    return {
        "collection": _parameter("collection", text | {"enum": layers}, place="path"),
        "feature": _parameter("feature", text, place="path"),
        "bbox": _parameter("bbox", box) | {"style": "form", "explode": False},
        "datetime": _parameter("datetime", text),
        "limit": _parameter("limit", limit),
        "after": _parameter("after", text),
        "f": _parameter("f", text | {"enum": ["json"]}),
    }


def _parameter(name: str, schema: Document, *, place: str = "query") -> Document:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}
