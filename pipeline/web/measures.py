"""Measures: areas and spans of time as a language writes them."""

from datetime import timedelta
from typing import Final

from babel import Locale
from babel.dates import format_timedelta
from babel.numbers import format_decimal, format_percent

from pipeline.domain.coverage import HECTARE_M2

SAID_IN_HECTARES_M2: Final = 1_000
"""From here on people say hectares."""
SAID_IN_CM2_M2: Final = 0.1
"""Below this, square centimetres."""


def area(area_m2: float, locale: Locale) -> str:
    """An area with its unit, to three digits or so."""
    if area_m2 >= SAID_IN_HECTARES_M2:
        return f"{format_decimal(area_m2 / HECTARE_M2, '#,##0.00', locale=locale)} ha"
    if 0 < area_m2 < SAID_IN_CM2_M2:
        return f"{format_decimal(area_m2 * 10_000, '#,##0', locale=locale)} cm²"
    pattern = "#,##0" if area_m2 >= 100 or not area_m2 else "#,##0.0"  # noqa: PLR2004 three digits
    return f"{format_decimal(area_m2, pattern, locale=locale)} m²"


def duration(span: timedelta, locale: Locale) -> str:
    """How long something took, in the largest unit that fits; what took no second at all took one."""
    shown = max(span, timedelta(seconds=1))
    return format_timedelta(shown, granularity="second", threshold=1.5, format="short", locale=locale)


def percent(share: float, locale: Locale) -> str:
    """A share in [0, 1] as people say it: whole percent, and tenths below 10 % and above 90 %."""
    fine = min(share, 1 - share) < 0.1 and 0 < share < 1  # noqa: PLR2004 where a whole percent is coarse
    return str(format_percent(share, "0.0\u00a0%" if fine else "0\u00a0%", locale=locale))
