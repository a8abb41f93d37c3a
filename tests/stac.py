"""STAC without a network: an Item against the core's JSON schemas, and against each extension that it declares.

pystac brings the core's schemas along. No package brings those of the extensions: what they ask of an Item is written
down here from their published versions, as far as an Item of ours can meet it. An extension that is not here fails.
"""

from typing import Any, Final

import pystac
from pystac.validation.stac_validator import JsonSchemaSTACValidator

AT: Final = "https://stac-extensions.github.io/"
TEXT: Final = {"type": "string", "minLength": 1}
COUNT: Final = {"type": "integer", "minimum": 0}
NUMBERS: Final = {"type": "array", "items": {"type": "number"}}
TASKS: Final = {"type": "array", "minItems": 1, "items": {"enum": ["classification", "segmentation", "detection"]}}
TENSOR: Final = {
    "type": "object",
    "required": ["shape", "dim_order", "data_type"],
    "properties": {
        "shape": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": -1}},
        "dim_order": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "pattern": "^[a-z-_]+$"},
        },
        "data_type": {"enum": ["uint8", "float32"]},
    },
}
NAMED_BANDS: Final = {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name"]}}


def only(prefix: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object whose fields of this prefix are known ones, each of its kind."""
    known = {f"{prefix}:{name}": kind for name, kind in fields.items()}
    others = {f"^(?!{prefix}:)": {}}
    return {"type": "object", "properties": known, "patternProperties": others, "additionalProperties": False, **more}


def an_item(**parts: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["type", "properties", "assets"], "properties": parts}


def each(asset: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": asset}


PROJECTION: Final = only(
    "proj",
    {
        "code": {"type": ["string", "null"], "pattern": "^[A-Z]+:[0-9]+$"},
        "wkt2": {"type": ["string", "null"]},
        "shape": {"type": "array", "minItems": 2, "maxItems": 2, "items": COUNT},
        "transform": {**NUMBERS, "oneOf": [{"minItems": 6, "maxItems": 6}, {"minItems": 9, "maxItems": 9}]},
    },
)
BAND: Final = {
    "type": "object",
    "minProperties": 1,
    "properties": {
        "data_type": {"enum": ["uint8"]},
        "unit": {"type": "string"},
        "nodata": {"type": "number"},
        "scale": {"type": "number"},
        "offset": {"type": "number"},
        "spatial_resolution": {"type": "number"},
    },
}
RASTER: Final = only("raster", {"bands": {"type": "array", "minItems": 1, "items": BAND}})
FILE: Final = only("file", {"checksum": {"type": "string", "pattern": "^[a-f0-9]+$"}, "size": COUNT})
PROCESSING: Final = only(
    "processing",
    {
        "software": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
        "datetime": {"type": "string", "format": "date-time", "pattern": "Z$"},
        "level": TEXT,
        "lineage": TEXT,
    },
)
MODEL: Final = only(
    "mlm",
    {
        "name": {"type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9_.-]+[a-zA-Z0-9]$"},
        "architecture": TEXT,
        "framework": TEXT,
        "tasks": TASKS,
        "pretrained": {"type": "boolean"},
        "input": {"items": {"required": ["name", "bands", "input"], "properties": {"name": TEXT, "input": TENSOR}}},
        "output": {
            "items": {
                "required": ["name", "tasks", "result"],
                "properties": {"name": TEXT, "tasks": TASKS, "result": TENSOR},
            }
        },
        "hyperparameters": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "patternProperties": {"^[0-9a-zA-Z_.-]+$": {}},
        },
    },
    required=[f"mlm:{name}" for name in ("name", "architecture", "tasks", "input", "output")],
)
IS_MODEL: Final = {"required": ["roles"], "properties": {"roles": {"contains": {"const": "mlm:model"}}}}
ASSET_OF_MODEL: Final = {
    "if": IS_MODEL,
    "then": {
        **only("mlm", {"artifact_type": TEXT}, required=["mlm:artifact_type"]),
        "anyOf": [{"required": ["bands"]}, {"required": ["raster:bands"]}, {"required": ["eo:bands"]}],
        "allOf": [{"properties": {"bands": NAMED_BANDS, "raster:bands": NAMED_BANDS, "eo:bands": NAMED_BANDS}}],
    },
    "else": only("mlm", {}),
}
HAS_A_MODEL: Final = {"not": {"additionalProperties": {"not": IS_MODEL}}}
"""Not every asset is something else."""

SCHEMAS: Final = {
    f"{AT}projection/v2.0.0/schema.json": an_item(properties=PROJECTION, assets=each(PROJECTION)),
    f"{AT}raster/v1.1.0/schema.json": an_item(assets=each(RASTER)),
    f"{AT}file/v2.1.0/schema.json": an_item(assets=each(FILE)),
    f"{AT}processing/v1.2.0/schema.json": an_item(properties=PROCESSING, assets=each(PROCESSING)),
    f"{AT}mlm/v1.4.0/schema.json": an_item(
        properties=MODEL, assets={"allOf": [HAS_A_MODEL, each(ASSET_OF_MODEL)]}
    ),
}  # fmt: skip
PREFIXES: Final = {"proj": "projection", "raster": "raster", "file": "file", "processing": "processing", "mlm": "mlm"}


def validate(item: dict[str, Any]) -> None:
    """Fail where the core, or an extension that the Item declares or uses, does not allow it."""
    validator = JsonSchemaSTACValidator()
    validator.schema_cache |= {
        uri: {"$schema": "http://json-schema.org/draft-07/schema#", "$id": uri, **schema}
        for uri, schema in SCHEMAS.items()
    }
    validator.validate_core(item, pystac.STACObjectType.ITEM, item["stac_version"])
    for uri in item["stac_extensions"]:
        assert uri in SCHEMAS, f"what {uri} asks for is not written down"
        validator.validate_extension(item, pystac.STACObjectType.ITEM, item["stac_version"], uri)
    used = {name.split(":")[0] for fields in (item["properties"], *item["assets"].values()) for name in fields}
    declared = {uri.removeprefix(AT).split("/")[0] for uri in item["stac_extensions"]}
    assert {PREFIXES[prefix] for prefix in used & set(PREFIXES)} == declared, "each is declared and used, or neither"
