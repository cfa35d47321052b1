"""HTML as a reader of it: what it links to and what it says."""

from html.parser import HTMLParser

_LINKS = (
    "href",
    "src",
    "action",
    "data",
    "data-stack",
    "data-rendered",
    "data-page",
    "data-upload",
    "data-delete",
)
_SILENT = ("script", "style", "title")


class Reader(HTMLParser):
    """Reads one page.

    Attributes:
        links: every URL on it.
        tags: the names of its elements.
        words: what is to be read on it.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in _LINKS and value is not None]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] and self.tags[-1] not in _SILENT:
            self.words += data.split()

    @property
    def text(self) -> str:
        """What is to be read on it, with one blank between two words."""
        return " ".join(self.words)

    def link(self, part: str) -> str:
        """Return the first URL that has this in it."""
        return next(link for link in self.links if part in link)
