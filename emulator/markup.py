"""The XML of WeChat's messages: written with CDATA, read without entities."""

from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

FieldValue: TypeAlias = "str | int | Fields | list[Fields]"
Fields: TypeAlias = "dict[str, FieldValue]"

MAX_DEPTH = 16


class NotXml(Exception):
    """Raised when a text is no XML document that WeChat would read; the message says why."""


@dataclass
class Node:
    """One element: its own text and its children."""

    name: str
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def child(self, name: str) -> "Node | None":
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def get(self, name: str) -> str:
        """The text of the first child of that name, empty when it is missing."""
        found = self.child(name)
        return "" if found is None else found.text


def cdata(value: str) -> str:
    """A CDATA section that its own content cannot leave."""
    return "<![CDATA[" + _legal(value).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _legal(value: str) -> str:
    return "".join(letter for letter in value if letter in "\t\n\r" or letter >= " ")


def render(fields: Fields, *, root: str = "xml") -> str:
    """One document as WeChat sends it: numbers bare, text in CDATA, lists as repeated elements."""
    return f"<{root}>" + "".join(_element(name, value) for name, value in fields.items()) + f"</{root}>"


def _element(name: str, value: FieldValue) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, str):
        return f"<{name}>{cdata(value)}</{name}>"
    if isinstance(value, dict):
        return render(value, root=name)
    return "".join(render(item, root=name) for item in value)


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        node = Node(name)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        if len(self._open) > MAX_DEPTH:
            raise NotXml(f"elements are nested more than {MAX_DEPTH} deep")

    def end(self, _name: str) -> None:
        self._open.pop()

    def characters(self, data: str) -> None:
        self._open[-1].text += data

    def doctype(self, *_parts: object) -> None:
        raise NotXml("a document type is not allowed")


def parse(document: str) -> Node:
    """The root element; raise NotXml for malformed documents, document types and deep nesting."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(document.encode(errors="surrogatepass"), True)
    except expat.ExpatError as error:
        raise NotXml(f"not well-formed XML: {error}") from error
    if builder.root is None:
        raise NotXml("an empty document")
    return builder.root
