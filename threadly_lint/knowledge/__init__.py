"""What library calls mean, as data: one TOML file per role beside this module, no code per library.

The file's stem is the role of its facts. Names are written as they are imported; other import paths are aliases. A
table describes one class (``[class."..."]``: members are methods and attributes of an instance) or one module
(``[module."..."]``: members are functions, classes and ready objects)::

    [class."acme.Session"]
    aliases = "acme.session.Session acme.v1.Session"     # other import paths; work for everything below as well
    bases = "acme.BaseSession"                           # members, types and facts are inherited
    subclasses = "acme.ReadSession"                      # classes that add nothing
    like = "acme.OtherSession"                           # members are copied, no subclass relation
    is = "session"                                       # what making or naming the class itself means
    defaults = { async = true }                          # keys that hold for every group of this table
    write = "add delete"                                 # effect = names of members, separated by blanks
    read = ["get", { names = "search list_*", timeout = 30 }]
    enter = "$self"                                      # also iter, await, call, item, any (other attributes)
    attrs = { user = "acme.User | None" }
    returns = { "get search" = "$elem | None" }

Types are explained in ``type_expressions.py``. ``field`` is the type that a model's instance shows where its class
holds an instance of this class (foreign keys, relationships). Effects, kinds and channels are the words listed in
``facts.py``, where ``Fact`` says what each key means.

A group of names may carry: ``kind`` (unless said ``method`` in classes, in modules ``call`` or, for a capitalised name,
``class``), ``async`` (the result is awaited), ``identity``, ``asks``, ``channel``, ``service``, ``access``, ``status`` (a number,
or the argument that holds it), ``timeout`` (seconds, ``none`` or ``inherit`` for an argument called ``timeout``, or a
table: ``by`` arguments, ``default`` as before or ``unknown``, several joined by ``/``, ``where`` = ``call``, for a
class ``constructor``, without arguments ``client``, ``unit = "ms"``), ``raises``, ``key``, ``value``, ``ttl`` (an
argument: a position, a keyword, or ``1/timeout``), ``model`` (a type), ``exit`` (``commit``, ``close``,
``commit-close``) and ``default``. ``is`` takes the same keys with ``effect`` in the place of ``names``. A name may end
in ``*`` and then stands for all members that are not named otherwise; pseudo classes such as ``boto3.client('s3')``
fall back to ``boto3.client('*')``.

Other sections: ``[keyword."acme.get"]`` with ``effect = "keyword"`` (plus ``when``, the value for which it holds, and
``default``), ``[setting]``, ``[exceptions."acme.errors"]`` (classes = parents), ``[aliases]`` (path = path),
``[constants]`` and ``status_modules`` (modules whose ``HTTP_404_...`` names are numbers).

What a table cannot say (base classes, mixins and decorators whose code meets the project's overrides) is written as Python in outline:
``sketches/<library module>.sketch``, run by ``threadly_lint.program.interpreter.sketches`` in place of the library.

To add a library, add its tables to the files of the roles it plays; a mistake is reported with file and line.
"""

from __future__ import annotations

from functools import cache

from threadly_lint.knowledge.facts import Argument, Fact, KnowledgeError, LibClass, Timeout
from threadly_lint.knowledge.lookup import Knowledge
from threadly_lint.knowledge.store import compiled_knowledge
from threadly_lint.knowledge.type_expressions import UNION, TypeExpression, TypeExpressionError, parse_type

__all__ = [
    "UNION",
    "Argument",
    "Fact",
    "Knowledge",
    "KnowledgeError",
    "LibClass",
    "Timeout",
    "TypeExpression",
    "TypeExpressionError",
    "load_knowledge",
    "parse_type",
]


@cache
def load_knowledge() -> Knowledge:
    """The knowledge that ships with the tool. Raises ``KnowledgeError`` when its files are wrong."""
    return Knowledge(compiled_knowledge())
