"""From raw JSON to data that may be trusted: first its shape, then its markup, then the rules of the business."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import nh3
from pydantic import AfterValidator, BaseModel, ValidationError

from shop.core.errors import Unacceptable

Form = TypeVar("Form", bound=BaseModel)


def without_markup(text: str) -> str:
    return nh3.clean(text, tags=set()).strip()


CleanText = Annotated[str, AfterValidator(without_markup)]


def scrub(value: Any) -> Any:
    if isinstance(value, str):
        return without_markup(value)
    if isinstance(value, list):
        return [scrub(item) for item in value]
    if isinstance(value, dict):
        return {key: scrub(item) for key, item in value.items()}
    return value


async def tidy(raw: str, form: type[Form], *rules: Callable[[Form], Awaitable[None]]) -> Form:
    try:
        shaped = form.model_validate_json(raw)
        clean = form.model_validate(scrub(shaped.model_dump()))
    except ValidationError as error:
        raise Unacceptable() from error
    for rule in rules:
        await rule(clean)
    return clean
