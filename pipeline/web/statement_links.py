"""Where the evidence of a statement lies, as addresses of this server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses begin with ``base``: "" on a page of the server, its own address on paper; None where there is none.

    ``models`` has the id of each model by the sha256 of its bundle.
    """

    base: str | None = ""
    models: Mapping[str, str] = field(default_factory=dict)

    def to(self, path: str, **query: str) -> str:
        """An address; "" where there is no server to ask."""
        if self.base is None:
            return ""
        return f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "")

    def coverage(self, said: Mapping[str, Any]) -> str:
        """The managers' map in the window of a statement."""
        rows = said["coverage"]
        return self.to("/coverage", district=said["of"]["district"], **{"from": rows["from"], "to": rows["to"]})

    def model(self, sha256: str) -> str:
        """The page of a model, or that of all models where it was not entered by itself."""
        return self.to(f"/models/{self.models[sha256]}" if sha256 in self.models else "/models")
