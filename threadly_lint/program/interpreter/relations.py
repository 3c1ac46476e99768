"""What a model's instance shows for its columns and relations: rows on the other side, related managers, own managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import leaf

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Class

MANY = "django.db.models.fields.related_descriptors.ManyRelatedManager"
MANAGERS = ("django.db.models.Manager", "django.db.models.QuerySet")
RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField"})
USER_SETTING = "django.conf.settings.AUTH_USER_MODEL"
USER = "django.contrib.auth.models.User"


def field_value(program: Program, info: Class, column: Atom) -> Value | None:
    """What an instance of ``info`` has where its class holds a field; None when the object is no field."""
    shape = column.shape
    known = program.knowledge.class_of(shape.name) if isinstance(shape, t.Obj) else None
    if known is None or known.field is None or not isinstance(shape, t.Obj):
        return None
    return program.libraries.typed(known.field, (column,), _call_with_classes(program, info, shape.made))


def may_be_null(column: Atom) -> bool:
    """Whether a field says that it may hold nothing."""
    made = column.shape.made if isinstance(column.shape, t.Obj) else None
    return made is not None and any(True in t.constants(made.keyword(x)) for x in ("nullable", "null"))


def _call_with_classes(program: Program, info: Class, made: t.Site | None) -> Call | None:
    """The field's own call, models that it names by text resolved."""
    if made is None:
        return None
    args = tuple(_model_value(program, info, v) for v in made.args)
    keywords = {k: _model_value(program, info, v) if k == "to" else v for k, v in made.keywords}
    if "to" in keywords and not args:
        args = (keywords["to"],)
    return Call(made.module, "", (), args, keywords, made.call)


def _model_value(program: Program, info: Class, value: Value) -> Value:
    text = t.text_of(value)
    if text is not None:
        found = info if text == "self" else program.models.named(text.rpartition(".")[2])
        return (Atom(t.ClassRef(found)),) if found is not None else ()
    if any(isinstance(x.shape, t.Lib) and x.shape.name == USER_SETTING for x in value):
        user = program.models.sketched(USER)
        return (Atom(t.ClassRef(user)),) if user is not None else ()
    return value


def managed(program: Program, info: Class, value: Value, name: str = "") -> Value:
    """Managers in a model's class know whose rows they select.

    Django allows nothing but a manager under the name ``objects``, whoever has made it.
    """
    if name == "objects" and value and all(isinstance(x.shape, t.Unknown) for x in value):
        value = t.obj(MANAGERS[0]) if program.hierarchy.inherits(info, "django.db.models.Model") else value
    return tuple(_managed(program, info, atom) for atom in value)


def _managed(program: Program, info: Class, atom: Atom) -> Atom:
    shape = atom.shape
    if isinstance(shape, t.Inst) and program.hierarchy.inherits(shape.info, *MANAGERS):
        return atom._replace(shape=shape._replace(keywords=((".model", (Atom(t.ClassRef(info)),)),)))
    if (
        isinstance(shape, t.Obj)
        and not shape.elem
        and any(program.knowledge.is_subclass(shape.name, m) for m in MANAGERS)
    ):
        return atom._replace(shape=shape._replace(elem=(Atom(t.Inst(info)),)))
    return atom


def selected(program: Program, atom: Atom) -> Value:
    """The rows that a project's own manager or query class selects."""
    shape = atom.shape
    if not isinstance(shape, t.Inst):
        return ()
    model = dict(shape.keywords).get(".model", ())
    if not model and program.hierarchy.inherits(shape.info, MANAGERS[1]):
        model = next(iter(shape.args), ()) or dict(shape.keywords).get("model", ())
    return program.libraries.instances(model or _type_argument(program, shape.info))


def _type_argument(program: Program, info: Class) -> Value:
    """The model in ``class Orders(Repository[Order])``, of the class itself or a base."""
    from threadly_lint.program.interpreter.expressions import evaluate

    for base in program.hierarchy.mro(info):
        for expr in base.node.bases if not isinstance(base, str) else ():
            if isinstance(expr, n.Subscript):
                first = expr.index.items[0] if isinstance(expr.index, n.Sequence) else expr.index
                scope = program.hierarchy.scope_of(base)  # type: ignore[arg-type]
                found = t.keep(evaluate(scope, first), lambda x: _is_model(program, x))
                if found:
                    return found
    return ()


def _is_model(program: Program, atom: Atom) -> bool:
    return isinstance(atom.shape, t.ClassRef) and program.models.is_model(atom.shape.info)


def reverse_value(program: Program, info: Class, name: str) -> Value:
    """What ``row.name`` gives when other models point at this one: a row, or a manager of their rows."""
    known = _reverse(program)
    for base in program.hierarchy.mro(info):
        if (found := known.get((base, name))) is not None:
            model, is_single = found
            if is_single:
                return (Atom(t.Inst(model)),)
            own = program.hierarchy.class_attribute(model, "objects")[1]
            custom = tuple(x for x in managed(program, model, own) if isinstance(x.shape, t.Inst))
            return custom or t.obj(MANY, (Atom(t.Inst(model)),))
    return ()


def _reverse(program: Program) -> dict[tuple[object, str], tuple[Class, bool]]:
    """For each model and name: the model that points at it, and whether there is one row only."""
    key = "reverse relations"
    if key not in program.memo:
        found: dict[tuple[object, str], tuple[Class, bool]] = {}
        program.memo[key] = found
        for info in program.classes:
            if program.models.is_model(info):
                _note_relations(program, info, found)
    result: dict[tuple[object, str], tuple[Class, bool]] = program.memo[key]
    return result


def _note_relations(program: Program, info: Class, found: dict[tuple[object, str], tuple[Class, bool]]) -> None:
    for name, expr in program.models.columns(info).items():
        if not isinstance(expr, n.Call) or leaf(expr) not in RELATIONS:
            continue
        for column in program.hierarchy.class_attribute(info, name)[1]:
            made = column.shape.made if isinstance(column.shape, t.Obj) else None
            call = _call_with_classes(program, info, made)
            if made is None or call is None or not call.args:
                continue
            is_single = leaf(expr) == "OneToOneField"
            default = info.name.lower() if is_single else f"{info.name.lower()}_set"
            related = t.text_of(made.keyword("related_name")) or default
            for target in call.args[0]:
                if isinstance(target.shape, t.ClassRef):
                    found.setdefault((target.shape.info, related), (info, is_single))
