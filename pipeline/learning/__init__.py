"""The classifier's making: the only importer of torch, torchvision, timm and albumentations. Extra ``[train]``.

Files follow the flow::

    sources   DATASET.toml: what there is, and that no ground stands on both sides of a split
    drawing   what somebody drew over one raster
    gis, coco, masks  read it from vector files, COCO, and pictures with masks
    labels    labelled outlines over each piece of ground, checked
    leakage   that no two roles share ground, by the map and by what pictures show
    chips     pieces of ground cut on the fly, with the target share of each cell
    augment   the same chip under another light and angle
    network   a fully convolutional classifier, and how far one of its cells sees
    checkpoint a training that was killed goes on where it stood
    evaluate  how well cells are told apart on ground it has not seen
    plots     the same for whole plots, with intervals, counted as a scan makes flags
    tradeoff  the same at every threshold
    sizes     recall by the size of a plot
    reliability do probabilities mean what they say
    mistakes  the worst misses and false flags
    evaluation every number of the above, and how it is written down
    folds     a data set cut so that each plot is judged by a model that never saw its ground
    calibrate logits to probabilities, probabilities to thresholds
    plan      what a training is told: one TOML file
    fit       the loop
    export    the bundle: weights, ONNX, manifest
    card      the model card
    datasheet the ground, counted
    train     the one entry: ``train(config, out, report)``
"""

from pipeline.settings import silence_calls_home

# Before albumentations is imported anywhere below: it asks the network for a newer version at import.
silence_calls_home()
