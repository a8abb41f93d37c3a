"""A statement to be shown: one under which nothing was found, with everything that a statement can have."""

import copy
from collections.abc import Mapping
from typing import Any

FAR = {
    "what": "ground sampling distance",
    "what_zh": "地面分辨率",
    "here": "3.1 cm",
    "known": "1.5-2.5 cm",
}
BLURRED = {
    "what": "ground blurred, in shadow, in glare or wrongly exposed",
    "what_zh": "模糊、阴影、反光或曝光不当的地面",
    "here": "31.0%",
    "known": "at most 20%",
}
ABSENCE = {
    "factors": {"coverage": 0.8712, "model": 0.9521, "readers": 0.93},
    "found_with_at_least": 0.7714,
    "doubt_of_factors": 0.025,
    "confidence_that_at_most": {"0": 0.7464, "1": 0.9227, "2": 0.9631, "5": 0.9748, "10": 0.975},
    "at_most_with_95_percent": 2,
    "takes_for_granted": ["nothing was planted or removed after the last look"],
}


def fuller(said: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of two flights, told as if their claims, readers, audit and visits were known."""
    made: dict[str, Any] = copy.deepcopy(dict(said))
    made["absence"] = copy.deepcopy(ABSENCE)
    made["model"] |= {"hits": 62, "n": 65, "low": 0.873, "high": 0.984, "at_least": 0.8519}
    made["readers"] |= {"hits": 98, "n": 100, "low": 0.93, "high": 0.994, "at_least": 0.9231}
    made["audit"] = {"share": 0.0, "low": 0.0, "high": 0.0451, "n": 80, "found": 0, "unread_places": 3}
    known = {"share": 0.95, "n_plots": 65, "n_found": 62, "missing_plots": 0, "differences": []}
    made["flights"][0] |= {"claim_holds": True, "claim": known | {"holds": True}}
    made["flights"][1] |= {"claim_holds": False, "claim": known | {"holds": False, "differences": [FAR, BLURRED]}}
    made["flags"] = {"rejected": 31, "absent": 2}
    each = [{"visit": f"v{n}", "outcome": "absent" if n < 3 else "open", "day": f"2026-11-0{n}"} for n in (1, 2, 3)]
    made["visits"] = {"planned": 3, "outcomes": {"absent": 2, "open": 1}, "each": each}
    made["not_supported"] = ["a place drawn at random is not read yet"]
    return made
