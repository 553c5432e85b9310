"""YAML into plain content: only mappings, lists and text, nothing executed, every line remembered."""

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from booking.catalogue_checks import Mistake, Place
from booking.staff_refusals import CatalogueError
from bot import texts
from bot.catalogue_document import Document

MAX_VALUES = 200_000
"""Values in one file, those behind anchors counted each time: far above any clinic, far below any harm."""
NULL, BOOL, MERGE = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "merge"))
PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "timestamp"))

END = "<stream end>"
"""What the parser names when a bracket is never closed: then the line that opened it says more."""


def read_yaml(data: bytes, name: str) -> Document:
    """Read YAML; raises ``CatalogueError`` with one line when it is not YAML at all."""
    text = _decoded(data, name)
    try:
        node = _parser().compose(text)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise CatalogueError([f"{name}:{line}: {texts.CATALOGUE_CONTROL_CHARACTER}"]) from None
    except MarkedYAMLError as error:
        raise CatalogueError([_syntax(error, name)]) from None
    except (YAMLError, ValueError) as error:
        raise CatalogueError([f"{name}:1: {texts.CATALOGUE_SYNTAX.format(problem=error)}"]) from None
    reader = _Reader()
    content = None if node is None else reader.read(node, ())
    return Document(name, content, reader.lines, reader.mistakes)


def _parser() -> YAML:
    """Return a parser that takes an anchor written twice, as YAML allows, without a warning to nobody."""
    parser = YAML(typ="safe", pure=True)
    parser.composer.warn_double_anchors = False
    return parser


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Place, str] = {}
        self.mistakes: list[Mistake] = []
        self._seen = 0

    def read(self, node: Node, place: Place) -> object:
        self._seen += 1
        if self._seen > MAX_VALUES:
            raise RecursionError
        self.lines.setdefault(place, str(node.start_mark.line + 1))
        match node:
            case MappingNode():
                return self._mapping(node, place)
            case SequenceNode():
                return [self.read(item, (*place, index)) for index, item in enumerate(node.value)]
            case ScalarNode():
                return self._scalar(node, place)
        raise RecursionError

    def _scalar(self, node: ScalarNode, place: Place) -> str | bool | None:
        if node.tag == NULL:
            return None
        if node.tag == BOOL:
            return str(node.value).casefold() in {"true", "yes", "on", "y"}
        if node.tag not in PLAIN_TAGS:
            self.mistakes.append(Mistake(place, "unknown_tag", {"tag": str(node.tag)}))
        return str(node.value)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        content: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == MERGE:
                merged |= self._merged(value_node, place)
                continue
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else "?"
            where = (*place, key)
            if key in content:
                self.mistakes.append(Mistake(where, "repeated_key", {"line": self.lines[where]}))
            self.lines[where] = str(key_node.start_mark.line + 1)
            content[key] = self.read(value_node, where)
        return merged | content

    def _merged(self, node: Node, place: Place) -> dict[str, object]:
        """Read what ``<<: *anchor`` brings in; an earlier mapping of a list goes before a later one."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, object] = {}
        for source in reversed(sources):
            content = self.read(source, place)
            merged |= content if isinstance(content, dict) else {}
        return merged


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CatalogueError([f"{name}:{line}: {texts.CATALOGUE_ENCODING}"]) from None


def _syntax(error: MarkedYAMLError, name: str) -> str:
    problem = str(error.problem or error.context or "")
    opened = error.context_mark if END in problem else None
    mark = opened or error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    known = next((words for part, words in texts.CATALOGUE_SYNTAX_PROBLEMS.items() if part in problem), None)
    return f"{name}:{line}: {known or texts.CATALOGUE_SYNTAX.format(problem=problem)}"
