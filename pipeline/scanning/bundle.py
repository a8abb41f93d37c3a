"""Read and verify a model bundle before anything of it is used.

The format is the docstring of ``domain.model``. A bundle may come from anyone: only files that the manifest names are
read, each must have the recorded sha256, and the graph is handed on as bytes, so that it cannot point to other files.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnx
from google.protobuf.message import DecodeError

from pipeline.domain.model import Manifest
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.settings import parse

MANIFEST: Final = "bundle.json"
GRAPH: Final = "model.onnx"
INT8_GRAPH: Final = "model.int8.onnx"
KNOWN_FILES: Final = frozenset({"weights.safetensors", GRAPH, INT8_GRAPH, "card.md", "datasheet.md"})
MOST_BYTES: Final = 1024**3
MOST_MANIFEST_BYTES: Final = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verified bundle: its manifest, the ONNX graph as bytes, and the sha256 of ``bundle.json`` as its identity.

    ``int8_graph`` is there only if the manifest says that its gate accepted it.
    """

    folder: Path
    manifest: Manifest
    graph: bytes
    sha256: str
    int8_graph: bytes | None = None


def open_bundle(folder: Path) -> Bundle:
    """The bundle in ``folder``, every file of it verified.

    Raises:
        NotFoundError: There is no bundle there.
        InvalidInputError: A file is missing, changed, of a kind that is never read, or reaches outside the folder.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NotFoundError(f"there is no model bundle in {folder}: a bundle is a folder with a {MANIFEST}")
    if path.stat().st_size > MOST_MANIFEST_BYTES:
        raise InvalidInputError(f"{path} is too large to be a manifest")
    content = path.read_bytes()
    manifest = _manifest(content, where=f"{folder.name}/{MANIFEST}")
    for name, sha256 in manifest.files.items():
        _verify(folder, name, sha256)
    accepted = manifest.int8 is not None and manifest.int8.accepted
    return Bundle(
        folder=folder,
        manifest=manifest,
        graph=_graph(folder, manifest, GRAPH),
        sha256=hashlib.sha256(content).hexdigest(),
        int8_graph=_graph(folder, manifest, INT8_GRAPH) if accepted else None,
    )


def _graph(folder: Path, manifest: Manifest, name: str) -> bytes:
    """A network of the bundle, verified."""
    if name not in manifest.files:
        raise InvalidInputError(f"the bundle {folder.name} has no {name}")
    graph = (folder / name).read_bytes()
    _verify_graph(graph, manifest, where=f"{folder.name}/{name}")
    return graph


def _manifest(content: bytes, *, where: str) -> Manifest:
    try:
        said = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidInputError(f"{where} is not JSON") from error
    return parse(Manifest, said, where=where)


def _verify(folder: Path, name: str, sha256: str) -> None:
    """Refuse a file that is unknown, missing, a link, too large, or not what the manifest recorded."""
    if name not in KNOWN_FILES:
        known = ", ".join(sorted(KNOWN_FILES))
        raise InvalidInputError(f"the bundle {folder.name} names a file {name!r}; only {known} are ever read")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise InvalidInputError(f"the bundle {folder.name} lacks its {name}: copy the whole folder again")
    if path.stat().st_size > MOST_BYTES:
        raise InvalidInputError(f"{folder.name}/{name} is larger than 1 GiB: a bundle has 25 MB")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise InvalidInputError(
            f"{folder.name}/{name} is not the file the bundle was made with (its sha256 differs): copy the bundle again"
        )


def _verify_graph(graph: bytes, manifest: Manifest, *, where: str) -> None:
    """Refuse a graph that is no ONNX, keeps data elsewhere, or does not take and give what its manifest needs."""
    try:
        model = onnx.load_model_from_string(graph)
    except DecodeError as error:
        raise InvalidInputError(f"{where} is not an ONNX network") from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model)):
        raise InvalidInputError(f"{where} keeps its weights in other files; a bundle's network must be whole")
    inputs = [value.name for value in model.graph.input]
    outputs = [value.name for value in model.graph.output]
    wanted = ["logits"] if manifest.familiarity is None else ["logits", "distance"]
    if inputs != ["pixels"] or outputs != wanted:
        given = " and ".join(map(repr, wanted))
        raise InvalidInputError(f"{where} must take 'pixels' and give {given}, it has {inputs} and {outputs}")


def _tensors(message: Any) -> Iterator[onnx.TensorProto]:
    """Every tensor anywhere inside a protobuf message: initialisers, attributes, subgraphs, functions."""
    if isinstance(message, onnx.TensorProto):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        for part in [value] if hasattr(value, "ListFields") else value:
            if hasattr(part, "ListFields"):
                yield from _tensors(part)
