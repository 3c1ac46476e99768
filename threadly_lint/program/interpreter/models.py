"""Database models of the project: which classes are rows, which columns they have, whom they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Value
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

DJANGO = "django.db.models.Model"
USER = "django.contrib.auth.models.User"


class Models:
    """Answers questions about model classes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[Class, bool] = {}
        self._by_name: dict[str, Class] | None = None

    def is_model(self, info: Class) -> bool:
        """Whether instances of the class are database rows (an ORM's base is an ancestor)."""
        if info not in self._known:
            self._known[info] = False
            inherited = any(self._is_base(b) for b in self.program.hierarchy.library_bases(info))
            self._known[info] = (inherited or self._is_declared(info)) and self._is_table(info)
        return self._known[info]

    def _is_declared(self, info: Class) -> bool:
        """A decorator or metaclass makes the class, or a base of it, a model."""
        return any(
            self._is_base(name)
            for base in self.program.hierarchy.mro(info)
            if not isinstance(base, str)
            for name in self.program.hierarchy.class_makers(base)
        )

    def library_of(self, info: Class) -> str:
        """The library whose base, metaclass or decorator makes the class a model, by its package."""
        projects = [c for c in self.program.hierarchy.mro(info) if not isinstance(c, str)]
        names = [
            *self.program.hierarchy.library_bases(info),
            *(m for c in projects for m in self.program.hierarchy.class_makers(c)),
        ]
        return next((name.partition(".")[0] for name in names if self._is_base(name)), "")

    def _is_base(self, name: str) -> bool:
        return self.program.knowledge.fact(name, "model") is not None

    def _is_table(self, info: Class) -> bool:
        """SQLModel classes are tables only with ``table=True`` on themselves or a base."""
        if not self.program.hierarchy.inherits(info, "sqlmodel.SQLModel"):
            return True
        projects = [c for c in self.program.hierarchy.mro(info) if not isinstance(c, str)]
        return any(k.name == "table" and _is_true(k.value) for c in projects for k in c.node.keywords)

    def sketched(self, name: str) -> Class | None:
        """The class that a library's model is known by: the project's own user model, or the library's in outline."""
        if self.program.knowledge.fact(name, "model") is None:
            return None
        if name == USER:
            from threadly_lint.program.entry.django_settings import user_model

            key = "user model"
            if key not in self.program.memo:
                self.program.memo[key] = None
                self.program.memo[key] = user_model(self.program)
            if self.program.memo[key] is not None:
                found: Class = self.program.memo[key]
                return found
        return next((x.shape.info for x in self.program.sketches.value(name) if isinstance(x.shape, t.ClassRef)), None)

    def name_in(self, value: Value) -> str:
        """The model that a value is, is made of, or selects: the first found, else empty."""
        for atom in value:
            if (info := self.class_in((atom,))) is not None:
                return info.name
        return ""

    def named(self, name: str) -> Class | None:
        """A model class by its bare name."""
        if self._by_name is None:
            self._by_name = {c.name: c for c in self.program.classes if self.is_model(c)}
        return self._by_name.get(name)

    def class_in(self, value: Value, depth: int = 3) -> Class | None:
        """The model class behind rows, classes, queries, lists and columns."""
        if depth < 0:
            return None
        for atom in value:
            shape = atom.shape
            if isinstance(shape, t.Inst | t.ClassRef) and self.is_model(shape.info):
                return shape.info
            for inner in _inside(shape):
                if (found := self.class_in(inner, depth - 1)) is not None:
                    return found
        return None

    def row_of(self, shape: t.Shape) -> Class | None:
        """The model of a row; what a library only knows by a mix-in (the current user) is a row of the one model that has it."""
        if isinstance(shape, t.Inst):
            return shape.info if self.is_model(shape.info) else None
        return self._mixing_in(shape.name) if isinstance(shape, t.Obj) else None

    def _mixing_in(self, name: str) -> Class | None:
        known: dict[str, Class | None] = self.program.memo.setdefault("models by mix-in", {})
        if name not in known:
            own = self.program.knowledge.class_of(name)
            found = (
                []
                if own is None
                else [c for c in self.program.classes if name in self.program.hierarchy.library_bases(c)]
            )
            models = [c for c in found if self.is_model(c)]
            known[name] = models[0] if len(models) == 1 and not self._is_base(name) else None
        return known[name]

    def is_column(self, info: Class, name: str) -> bool:
        """Whether setting an attribute may change a row: where columns are written down, it must be one of them."""
        if not self.program.hierarchy.inherits(info, DJANGO):
            return True
        columns = self.columns(info)
        return name in ("pk", "id") or name in columns or name.removesuffix("_id") in columns

    def columns(self, info: Class) -> dict[str, n.Expr]:
        """Names and right-hand sides (or annotations) of the model's columns, those of its bases included."""
        found: dict[str, n.Expr] = {}
        for base in self.program.hierarchy.mro(info):
            if isinstance(base, str):
                continue
            for statement in base.node.body:
                if isinstance(statement, n.Assign) and isinstance(statement.targets[0], n.Name):
                    source = statement.value or statement.annotation
                    if source is not None:
                        found.setdefault(statement.targets[0].id, source)
        return found


def _inside(shape: t.Shape) -> list[Value]:
    if isinstance(shape, t.Obj):
        return [shape.elem]
    if isinstance(shape, t.Seq):
        return [*(shape.items or ()), shape.elem]
    if isinstance(shape, t.LibMethod):
        return [(shape.receiver,)]
    if isinstance(shape, t.Inst):
        return [v for k, v in shape.keywords if k == ".model"]
    return []


def _is_true(expr: n.Expr) -> bool:
    return isinstance(expr, n.Constant) and expr.value == "True"
