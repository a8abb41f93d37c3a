"""What every page must be: well formed."""

from html.parser import HTMLParser

import pytest


def unclosed(text: str) -> list[str]:
    """The elements of a page that are opened and never closed; one closed out of order fails the test."""
    parser = Balance()
    parser.feed(text)
    return parser.open


class Balance(HTMLParser):
    """Counts open elements."""

    void = frozenset({"link", "meta", "img", "input", "br", "circle", "path", "rect", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.void and self.open.pop() != tag:
            pytest.fail(f"</{tag}> closes another element")
