"""Assets: the scripts and style sheets that ``front/build.mjs`` made, found by the name of their source."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import NotFoundError

STATIC: Final = Path(__file__).parent / "static"
ADDRESS: Final = "/static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Which built file belongs to which source."""

    names: dict[str, str]

    def address(self, source: str) -> str:
        """The path under which a browser loads what was built from ``source``, such as ``app.css``.

        Raises:
            NotFoundError: Nothing was built from a source of that name.
        """
        if source not in self.names:
            raise NotFoundError(f"no {source} was built, there is {', '.join(sorted(self.names)) or 'nothing'}")
        return f"{ADDRESS}/built/{self.names[source]}"


def read_assets(folder: Path = STATIC) -> Assets:
    """What was built into ``folder``.

    Raises:
        NotFoundError: Nothing was built yet; the message says how to.
    """
    manifest = folder / "built" / "manifest.json"
    if not manifest.is_file():
        raise NotFoundError("the pages' scripts and styles are not built: run `make demo` or `make .venv/.front`")
    return Assets(names=json.loads(manifest.read_text(encoding="utf-8")))
