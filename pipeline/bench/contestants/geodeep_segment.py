"""GeoDeep, the engine in WebODM: ONNX Runtime on tiles, with the network as it accepts it: a segmentation."""

import json
from pathlib import Path
from typing import Final

import geodeep
import numpy as np
import onnx
import rasterio
from onnx import TensorProto, helper, numpy_helper

from pipeline.bench.course import Job, run_course
from pipeline.bench.scores import write_raster
from pipeline.scanning.bundle import open_bundle

TILE_PX: Final = 512
"""The tile of the segmentation networks that GeoDeep offers."""


def run(mosaic: Path, job: Job, folder: Path) -> int:
    """Segment the mosaic and write its mask."""
    bundle = open_bundle(Path(job.model))
    with rasterio.open(mosaic) as raster:
        pixels, gsd_cm = int(raster.width * raster.height), 100 * raster.transform.a
    network = folder / "network.onnx"
    network.write_bytes(as_segmentor(bundle.graph, cell_px=bundle.manifest.stride_px, gsd_cm=gsd_cm))
    write_raster(folder / "scores.tif", geodeep.segment(str(mosaic), str(network)), mosaic, cell_px=1)
    return pixels


def as_segmentor(graph: bytes, *, cell_px: int, gsd_cm: float) -> bytes:
    """The network with the faces GeoDeep wants: floats [1, 3, h, w] in [0, 1] in, two classes for each pixel out."""
    model = onnx.load_model_from_string(graph)
    before = [
        helper.make_node("Mul", ["images", "most"], ["scaled"]),
        helper.make_node("Round", ["scaled"], ["rounded"]),
        helper.make_node("Transpose", ["rounded"], ["turned"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["turned"], ["pixels"], to=TensorProto.UINT8),
    ]
    after = [
        helper.make_node("Sigmoid", ["logits"], ["target"]),
        helper.make_node("Sub", ["one", "target"], ["clear"]),
        helper.make_node("Concat", ["clear", "target"], ["cells"], axis=1),
        helper.make_node("Resize", ["cells", "", "scales"], ["classes"], mode="nearest"),
    ]
    constants = {
        "most": np.float32(255),
        "one": np.float32(1),
        "scales": np.array([1, 1, cell_px, cell_px], np.float32),
    }
    nodes = [*before, *model.graph.node, *after]
    shape = [1, 3, TILE_PX, TILE_PX]
    made = helper.make_graph(
        nodes,
        "segmentor",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 2, *shape[2:]])],
        [*model.graph.initializer, *(numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items())],
    )
    whole = helper.make_model(made, opset_imports=model.opset_import, ir_version=model.ir_version)
    said = {"model_type": "Segmentor", "resolution": gsd_cm, "class_names": {"0": "clear", "1": "target"}}
    helper.set_model_props(whole, {name: json.dumps(value) for name, value in said.items()})
    content: bytes = whole.SerializeToString()
    return content


if __name__ == "__main__":
    run_course(run)
