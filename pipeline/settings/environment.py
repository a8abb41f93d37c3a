"""The environment of the process: the one place where it is read, and where what would call home is switched off."""

import os
import sys
from pathlib import Path


def config_named() -> Path | None:
    """The file of settings that PLOTWATCH_CONFIG names, if it does."""
    named = os.environ.get("PLOTWATCH_CONFIG")
    return Path(named) if named else None


def silence_calls_home() -> None:
    """Switch off what dependencies send to their makers; call it before they are imported.

    ``import openvino`` reports itself to an analytics service unless its telemetry package is missing; no setting
    stops it but a consent file in the user's home. A None here makes that package missing to this process.
    """
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def child_environment(extra: dict[str, str]) -> dict[str, str]:
    """``PATH``, locale and temporary folder of this process, and ``extra``; nothing else is inherited."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
    return kept | extra


def in_continuous_integration() -> bool:
    """Whether this runs where nobody watches (``CI`` is set to anything but the empty string)."""
    return bool(os.environ.get("CI"))
