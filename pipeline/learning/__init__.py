"""The classifier's making: the only importer of torch, torchvision, timm and albumentations. Extra ``[train]``."""
