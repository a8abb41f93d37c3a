"""Settings: the only reader of ``configs/`` and of the environment. Read once, passed on in parts.

``tree`` has every value with its default, its unit and its reason; a TOML file changes what it names. Unknown keys are
errors. ``configs/plotwatch.toml`` shows every key.
"""

from pipeline.settings.environment import child_environment, in_continuous_integration, silence_calls_home
from pipeline.settings.keeping import JobSettings, RetentionSettings, StoreSettings, UploadLimits
from pipeline.settings.reading import STRICT, parse, read_toml
from pipeline.settings.tree import (
    IntakeLimits,
    PlotSettings,
    QualitySettings,
    ReviewSettings,
    ScanSettings,
    Settings,
    WebSettings,
    load_settings,
    with_address,
    with_data,
)

__all__ = [
    "STRICT",
    "IntakeLimits",
    "JobSettings",
    "PlotSettings",
    "QualitySettings",
    "RetentionSettings",
    "ReviewSettings",
    "ScanSettings",
    "Settings",
    "StoreSettings",
    "UploadLimits",
    "WebSettings",
    "child_environment",
    "in_continuous_integration",
    "load_settings",
    "parse",
    "read_toml",
    "silence_calls_home",
    "with_address",
    "with_data",
]
