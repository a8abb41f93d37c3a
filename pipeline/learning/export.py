"""The bundle: the trained network as 16-bit weights and as ONNX, and the manifest that vouches for both.

Batch norms are folded and the weights rounded to 16 bit *before* anything is written, so that ``weights.safetensors``
and ``model.onnx`` hold the same numbers and torch stays the reference of every other engine. The layout is a contract
that ``domain.model`` states.

Axes: n = window, h = row, w = column, b = band, y = cell row, x = cell column.
"""

import copy
import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnx.numpy_helper
import safetensors
import torch
from safetensors.torch import save_file

from pipeline.domain.int8 import Int8
from pipeline.domain.model import MANIFEST_VERSION, Manifest
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.familiarity import SENSE, KnowingClassifier
from pipeline.learning.network import Backbone, CellClassifier, build, fold_batch_norm
from pipeline.settings import parse

MANIFEST: Final = "bundle.json"
WEIGHTS: Final = "weights.safetensors"
GRAPH: Final = "model.onnx"
INT8_GRAPH: Final = "model.int8.onnx"
INT8_HEADING: Final = "## The 8-bit network"
CARD: Final = "card.md"
DATASHEET: Final = "datasheet.md"
OPSET: Final = 18
LEAST_ROUNDED: Final = 1024
"""Tensors of fewer elements stay 32-bit: they weigh nothing, and biases are worth their bits."""


def frozen(classifier: CellClassifier) -> CellClassifier:
    """A copy for scanning: eval mode, batch norms folded, large weights rounded to 16 bit (and kept as float32)."""
    ready = copy.deepcopy(classifier).cpu().eval()
    fold_batch_norm(ready)
    with torch.no_grad():
        for parameter in ready.parameters():
            if parameter.numel() >= LEAST_ROUNDED:
                parameter.copy_(parameter.half().float())
            parameter.requires_grad_(False)  # noqa: FBT003 - torch takes it by place
    return ready


def write_bundle(
    folder: Path,
    network: CellClassifier | KnowingClassifier,
    backbone: Backbone,
    manifest: Manifest,
    papers: Mapping[str, str],
) -> Manifest:
    """Write the bundle of a ``frozen`` network to ``folder``; an older bundle there is replaced once this one is whole.

    A ``KnowingClassifier`` gives a graph with a second output, ``distance``, and its weights hold what that needs.
    ``papers`` maps names (``CARD``, ``DATASHEET``) to Markdown.

    Returns:
        The manifest with the sha256 of every file.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_weights(part / WEIGHTS, network, backbone)
    write_onnx(part / GRAPH, network)
    for name, paper in papers.items():
        (part / name).write_text(paper, encoding="utf-8")
    return _seal(part, folder, manifest)


def add_int8(folder: Path, int8: Int8, graph: bytes) -> Manifest:
    """Write a decision about int8 into the bundle's manifest and card, and the graph beside them if it was accepted.

    Raises:
        InvalidInputError: The manifest cannot be read.
        NotFoundError: There is no bundle in ``folder``.
    """
    manifest = read_manifest(folder)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name in manifest.files.keys() - {INT8_GRAPH}:
        shutil.copy(folder / name, part / name)
    if int8.accepted:
        (part / INT8_GRAPH).write_bytes(graph)
    if CARD in manifest.files:
        before, _, _ = (part / CARD).read_text(encoding="utf-8").partition(INT8_HEADING)
        lines = [before.rstrip("\n"), "", INT8_HEADING, "", *(f"- {sentence}" for sentence in int8.sentences)]
        (part / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return _seal(part, folder, replace(manifest, int8=int8, version=MANIFEST_VERSION))


def _seal(part: Path, folder: Path, manifest: Manifest) -> Manifest:
    """Vouch for every file of ``part`` and put it in the place of ``folder``."""
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(part.iterdir())}
    whole = replace(manifest, files=hashes)
    (part / MANIFEST).write_text(json.dumps(asdict(whole), sort_keys=True, indent=2) + "\n", encoding="utf-8")
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return whole


def load_network(folder: Path) -> tuple[CellClassifier, Manifest]:
    """The reference network of a bundle (uint8 [n, h, w, b] to float32 logits [n, 1, y, x]) and its manifest.

    Raises:
        InvalidInputError: The manifest cannot be read, or a file is not the one it vouches for.
        NotFoundError: There is no bundle in ``folder``.
    """
    network, manifest = load_knowing(folder)
    return (network.classifier if isinstance(network, KnowingClassifier) else network), manifest


def load_knowing(folder: Path) -> tuple[CellClassifier | KnowingClassifier, Manifest]:
    """The reference network of a bundle and its manifest; a knowing one where the bundle has ``familiarity``.

    Raises:
        InvalidInputError: The manifest cannot be read, or a file is not the one it vouches for.
        NotFoundError: There is no bundle in ``folder``.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        if name != Path(name).name or not (folder / name).is_file():
            raise NotFoundError(f"bundle {folder.name} has no file {name}")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            raise InvalidInputError(f"{name} of bundle {folder.name} is not the file its manifest vouches for")
    if WEIGHTS not in manifest.files:
        raise NotFoundError(f"bundle {folder.name} vouches for no {WEIGHTS}")
    return read_weights(folder / WEIGHTS), manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle in ``folder``; its files are not looked at.

    Raises:
        InvalidInputError: It is not a manifest this software knows.
        NotFoundError: There is none.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NotFoundError(f"there is no {MANIFEST} in {folder}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON") from error
    return parse(Manifest, content, where=str(path))


def write_weights(path: Path, network: CellClassifier | KnowingClassifier, backbone: Backbone) -> None:
    """The weights of a ``frozen`` network, with what is needed to build it again."""
    classifier = network.classifier if isinstance(network, KnowingClassifier) else network
    sense = network.sense() if isinstance(network, KnowingClassifier) else {}
    tensors = {
        name: (tensor.half() if tensor.numel() >= LEAST_ROUNDED else tensor).contiguous()
        for name, tensor in {**classifier.state_dict(), **sense}.items()
    }
    described = json.dumps({"backbone": asdict(backbone), "shift_px": classifier.shift_px}, sort_keys=True)
    save_file(tensors, path, metadata={"network": described})
    path.chmod(0o644)  # safetensors writes for its owner alone; a bundle is there to be read


def read_weights(path: Path) -> CellClassifier | KnowingClassifier:
    """The ``frozen`` network of a weights file; a knowing one where the file holds what that needs.

    Raises:
        InvalidInputError: The file holds no network of ours, or the weights do not fit it.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {})["network"])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a mapping
        with torch.random.fork_rng(devices=[]):
            classifier = build(parse(Backbone, described["backbone"], where=path.name)).eval()
        fold_batch_norm(classifier)
        sense = {name: tensors.pop(name) for name in sorted(SENSE & tensors.keys())}
        classifier.load_state_dict(tensors)
        classifier.shift_px = int(described["shift_px"])
        network = KnowingClassifier(classifier) if sense else classifier
        if isinstance(network, KnowingClassifier):
            network.take_sense(sense)
    except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise InvalidInputError(f"{path.name} holds no network this software can build") from error
    return network.eval().requires_grad_(False)  # noqa: FBT003 - torch takes it by place


def write_onnx(path: Path, network: CellClassifier | KnowingClassifier) -> None:
    """The graph of a ``frozen`` network, weights as 16-bit constants, free of anything that varies between machines."""
    pixels_nhwb = torch.zeros(2, 4 * network.cell_px, 6 * network.cell_px, 3, dtype=torch.uint8)
    dynamic = torch.export.Dim.DYNAMIC
    with warnings.catch_warnings(), _quiet_exporter():
        warnings.simplefilter("ignore")  # the exporter warns about its own insides
        program = torch.onnx.export(
            network,
            (pixels_nhwb,),
            input_names=["pixels"],
            output_names=["logits", "distance"] if isinstance(network, KnowingClassifier) else ["logits"],
            dynamic_shapes=({0: dynamic, 1: dynamic, 2: dynamic},),
            opset_version=OPSET,
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    model = program.model_proto
    _name_axes(model)
    _forget_origin(model)
    _store_half(model)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


class _quiet_exporter:  # noqa: N801 - used like a function
    """The exporter's log, at errors only for a while."""

    def __enter__(self) -> None:
        self._levels = {name: logging.getLogger(name).level for name in ("torch.onnx", "onnxscript")}
        for name in self._levels:
            logging.getLogger(name).setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)


def _name_axes(model: onnx.ModelProto) -> None:
    """Readable names for the axes that are free."""
    for value, names in ((model.graph.input[0], "n h w"), *((output, "n _ y x") for output in model.graph.output)):
        for axis, name in zip(value.type.tensor_type.shape.dim, names.split(), strict=False):
            if not axis.HasField("dim_value"):
                axis.dim_param = name


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop stack traces and other notes of the machine that exported."""
    model.producer_name, model.producer_version, model.doc_string = "plotwatch", "", ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    model.graph.doc_string, model.graph.name = "", "cell-classifier"
    entries: list[Any] = [
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ]
    for entry in entries:
        entry.doc_string = ""
        del entry.metadata_props[:]


def _store_half(model: onnx.ModelProto) -> None:
    """Store large float32 constants in 16 bit, with a cast back in front of their use."""
    casts = []
    for constant in model.graph.initializer:
        values = onnx.numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < LEAST_ROUNDED:
            continue
        name, stored = constant.name, f"{constant.name}.half"
        constant.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(onnx.helper.make_node("Cast", [stored], [name], name=f"{name}.cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
