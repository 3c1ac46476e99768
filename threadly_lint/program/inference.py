"""What astroid says about receivers that the interpreter cannot type. The only module that imports astroid.

Astroid sees the project's files as text, and stubs made from knowledge in the place of libraries. Nothing is looked for
anywhere else, and nothing is imported: a module that is neither is unknown. An answer depends on these texts alone,
neither on the machine nor on the questions before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from threadly_lint.program.interpreter.stubs import Stubs

if TYPE_CHECKING:
    from astroid.nodes import Module, NodeNG

    from threadly_lint.knowledge import Knowledge
    from threadly_lint.skeleton.nodes import Span

Answer = tuple[str, str] | None
"""The file of a class of the project (empty for a library's) and its dotted name; None for unknown."""


EFFECTS = frozenset(
    """
    begin build-raw commit flush read read-or-write rollback upsert write
    cache-delete cache-get cache-remember cache-scan cache-set cache-ttl
    index-admin index-read index-write publish subscribe enqueue schedule external-call process
    """.split()
)


class Budget(NamedTuple):
    """How much is asked at most. No clock decides, so that findings do not depend on the machine.

    ``characters`` is the size of the project's source up to which anything is asked at all.
    """

    questions: int = 2_000
    characters: int = 20_000_000


BUDGET = Budget()


class Inference:
    """Answers for one project. ``names`` maps paths to module names, ``read`` gives a file's text, empty when it has none.

    ``answers`` has been found before for exactly these texts, and grows.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        read: Callable[[str], str],
        knowledge: Knowledge,
        budget: Budget = BUDGET,
        answers: dict[str, Answer] | None = None,
    ) -> None:
        self.answers = answers if answers is not None else {}
        self.has_news = False
        self._names = names
        self._read = read
        self._knowledge = knowledge
        self._stubs = Stubs(knowledge)
        self._budget = budget
        self._asked: set[str] = set()
        self._places: dict[str, dict[Span, NodeNG]] = {}
        self._trees: dict[str, Module | None] = {}

    def receiver(self, path: str, span: Span) -> Answer:
        """The class of which the expression at ``span`` is an instance, when that is certain."""
        place = f"{path}:{','.join(map(str, span))}"
        if place not in self._asked:
            if len(self._asked) >= self._budget.questions:
                return None
            self._asked.add(place)
        if place not in self.answers:
            self.answers[place] = self._infer(path, span)
            self.has_news = True
        return self.answers[place]

    @cached_property
    def methods(self) -> frozenset[str]:
        """Names of methods with an effect: receivers of others are not worth a question."""
        return self._knowledge.methods_with(EFFECTS)

    def _infer(self, path: str, span: Span) -> Answer:
        with self._undisturbed():
            node = self._node(path, span)
            if node is None:
                return None
            _forget_inferences()
            try:
                return self._only_class(list(node.infer()))
            except Exception:  # whatever astroid stumbles over
                return None

    def _only_class(self, found: Iterable[Any]) -> Answer:
        from astroid import bases, nodes

        classes = set()
        for one in found:
            if isinstance(one, nodes.Const) and one.value is None:
                continue
            if not isinstance(one, bases.Instance) or not isinstance(one._proxied, nodes.ClassDef):
                return None
            classes.add(one._proxied.qname())
        if len(classes) != 1:
            return None
        name = classes.pop()
        return self._owner(name), name

    def _owner(self, dotted: str) -> str:
        """The file of the project that defines a class."""
        while dotted:
            if dotted in self._files:
                return self._files[dotted]
            dotted = dotted.rpartition(".")[0]
        return ""

    # Modules ----------------------------------------------------------------------------------------------------------------

    @cached_property
    def _files(self) -> dict[str, str]:
        """Paths by module name, without names that several files share."""
        by_name: dict[str, list[str]] = {}
        for path, name in sorted(self._names.items()):
            by_name.setdefault(name, []).append(path)
        return {name: paths[0] for name, paths in by_name.items() if len(paths) == 1}

    @cached_property
    def _packages(self) -> frozenset[str]:
        """Everything that has modules of the project in it."""
        return frozenset(name[:at] for name in self._names.values() for at, sign in enumerate(name) if sign == ".")

    @cached_property
    def _texts(self) -> dict[str, str]:
        texts = {name: self._read(path) for name, path in self._files.items()}
        return texts if sum(map(len, texts.values())) <= self._budget.characters else {}

    def _module(self, name: str) -> Module:
        """The tree that ``import name`` is to see. Raises ``AstroidBuildingError`` when there is none."""
        from astroid.exceptions import AstroidBuildingError

        if name not in self._trees:
            self._trees[name] = None
            self._trees[name] = self._build(name)
        found = self._trees[name]
        if found is None:
            raise AstroidBuildingError("neither in the project nor known", modname=name)
        return found

    def _build(self, name: str) -> Module | None:
        from astroid.builder import AstroidBuilder
        from astroid.manager import AstroidManager

        text = self._texts.get(name)
        if text is None:
            text = "" if name in self._packages else self._stubs.text(name)
        if text is None:
            return None
        path = self._files.get(name, f"{name}/__init__.py")
        try:
            return AstroidBuilder(AstroidManager()).string_build(text, name, path)
        except Exception:  # syntax newer than this Python, or a tree that astroid stumbles over
            return None

    def _node(self, path: str, span: Span) -> NodeNG | None:
        """The expression at a place; None where astroid has no tree."""
        if path not in self._places:
            name = self._names.get(path, "")
            tree = self._trees.get(name) if self._files.get(name) == path else None
            self._places[path] = dict(_expressions(tree, self._texts[name])) if tree is not None else {}
        return self._places[path].get(span)

    # Keeping astroid to itself -----------------------------------------------------------------------------------------------

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Astroid with a state of our own: it neither sees what others have loaded into it nor the other way round."""
        from astroid.manager import AstroidManager

        others, AstroidManager.brain = AstroidManager.brain, self._brain
        try:
            if not self._trees:
                self._build_all()
            yield
        finally:
            AstroidManager.brain = others

    def _build_all(self) -> None:
        """All modules in one order, whichever is asked about first: what astroid makes of one depends on the others."""
        from astroid.exceptions import AstroidBuildingError

        for name in sorted(self._texts):
            with suppress(AstroidBuildingError):
                self._module(name)

    @cached_property
    def _brain(self) -> Any:
        from astroid.brain.helpers import register_all_brains
        from astroid.builder import AstroidBuilder
        from astroid.manager import AstroidManager
        from astroid.transforms import TransformVisitor

        AstroidBuilder(AstroidManager())  # makes the tree of the built-ins, once for all
        others = AstroidManager.brain
        own = {
            **others,
            "astroid_cache": {"builtins": others["astroid_cache"]["builtins"]},
            "_mod_file_cache": _Nowhere(),
            "_failed_import_hooks": [],
            "_transform": TransformVisitor(),
            "always_load_extensions": False,
            "extension_package_whitelist": set(),
            "module_denylist": set(),
            "max_inferable_values": 100,
            "prefer_stubs": False,
        }
        AstroidManager.brain = own
        try:
            register_all_brains(AstroidManager())
        finally:
            AstroidManager.brain = others
        own["_failed_import_hooks"] = [self._module]  # alone: one of astroid's own imports what it is asked for
        return own


class _Nowhere(dict[Any, Any]):
    """In the place of astroid's record of where modules are found: none is found anywhere."""

    def __missing__(self, key: tuple[str, str | None]) -> Exception:
        from astroid.exceptions import AstroidImportError

        error: Exception = AstroidImportError("not looked for", modname=key[0])
        return error


def _forget_inferences() -> None:
    """What astroid remembers of one question would colour its answer to the next."""
    from astroid.context import InferenceContext
    from astroid.inference_tip import clear_inference_tip_cache

    InferenceContext().inferred.clear()
    clear_inference_tip_cache()


def _expressions(tree: Module, text: str) -> Iterator[tuple[Span, NodeNG]]:
    """Every expression by its place, counted as the skeleton does."""
    from astroid import nodes

    lines = [line if line.isascii() else line.encode() for line in text.split("\n")]

    def column(line: int, offset: int) -> int:
        known = lines[line - 1]
        return (offset if isinstance(known, str) else len(known[:offset].decode(errors="replace"))) + 1

    kinds = (nodes.Name, nodes.Attribute, nodes.Call, nodes.Subscript, nodes.Await, nodes.BoolOp, nodes.IfExp)
    for node in tree.nodes_of_class(kinds):
        line, offset, end, end_offset = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
        if line and end and offset is not None and end_offset is not None:
            yield (line, column(line, offset), end, column(end, end_offset)), node
