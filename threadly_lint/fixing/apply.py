"""Applies as many fixes to one file's text as do not get in each other's way."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from msgspec import Struct

from threadly_lint.fixing import edits
from threadly_lint.fixing.imports import change_import, check_import, move_import
from threadly_lint.fixing.parsed import Parsed, Splice, splice, splices_conflict
from threadly_lint.fixing.source import Refusal
from threadly_lint.fixing.top import ImportNeeds, import_splices
from threadly_lint.values import (
    AddDecorator,
    AddImport,
    AddKeyword,
    ChangeImport,
    Edit,
    Fix,
    MoveImport,
    ReplaceExpression,
    SwapDecorators,
)


class Applied(Struct, frozen=True):
    """What became of the fixes that were asked for; ``waiting`` ones touch the same place as one that was applied."""

    text: str
    applied: tuple[Fix, ...]
    waiting: tuple[Fix, ...]
    refused: tuple[tuple[Fix, str], ...]


class _Plan(Struct, frozen=True):
    """What one fix changes: places in the file, and what it needs at the top."""

    splices: tuple[Splice, ...]
    needs: tuple[ImportNeeds, ...]


def apply_fixes(text: str, fixes: Sequence[Fix]) -> Applied:
    """Apply ``fixes``, in their order, to ``text``. Nothing here raises: a fix that cannot be applied is refused."""
    try:
        parsed = Parsed(text)
    except Refusal as refusal:
        return Applied(text, (), (), tuple((fix, str(refusal)) for fix in fixes))
    plans: list[_Plan] = []
    applied, waiting, refused = [], [], []
    for fix in dict.fromkeys(fixes):
        try:
            plan = _plan(fix, parsed)
            if splices_conflict(_all_splices([*plans, plan], parsed)):
                waiting.append(fix)
                continue
            _check(text, _all_splices([plan], parsed))
            plans.append(plan)
            applied.append(fix)
        except Refusal as refusal:
            refused.append((fix, str(refusal)))
    return Applied(splice(text, _all_splices(plans, parsed)), tuple(applied), tuple(waiting), tuple(refused))


def _plan(fix: Fix, parsed: Parsed) -> _Plan:
    parts = [_plan_edit(edit, parsed) for edit in fix.edits]
    plan = _Plan(tuple(one for splices, _ in parts for one in splices), tuple(needs for _, needs in parts))
    if splices_conflict(_all_splices([plan], parsed)):
        raise Refusal("its edits touch the same place")
    return plan


def _plan_edit(edit: Edit, parsed: Parsed) -> tuple[list[Splice], ImportNeeds]:
    match edit:
        case AddKeyword():
            return edits.add_keyword(edit, parsed), ImportNeeds()
        case ReplaceExpression():
            return edits.replace_expression(edit, parsed), ImportNeeds()
        case SwapDecorators():
            return edits.swap_decorators(edit, parsed), ImportNeeds()
        case AddDecorator():
            return edits.add_decorator(edit, parsed), ImportNeeds()
        case AddImport():
            check_import(edit, parsed)
            return [], ImportNeeds(imports=(edit,))
        case MoveImport():
            return move_import(edit, parsed)
        case ChangeImport():
            return change_import(edit, parsed)


def _all_splices(plans: Sequence[_Plan], parsed: Parsed) -> list[Splice]:
    needs = [need for plan in plans for need in plan.needs]
    splices = [one for plan in plans for one in plan.splices]
    cuts = [one for one in splices if not one.text]
    return [*splices, *import_splices(needs, cuts, parsed)]


def _check(text: str, splices: Sequence[Splice]) -> None:
    """Refuse a fix after which the file would not parse; Python itself is asked too where it reads the file at all."""
    fixed = splice(text, splices)
    if fixed == text:
        raise Refusal("it changes nothing")
    Parsed(fixed)
    if _compiles(text) and not _compiles(fixed):
        raise Refusal("the result would not be valid Python")


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<fixed>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
