"""How a JSON body becomes the struct that a handler asks for: strictly, or not at all."""

import json
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request

from bff.errors import InvalidRequest
from bff.problems import describe_mistake

_NUL = b"\\u0000"


class StrictRequest(Request[Any, Any, Any]):
    """The framework converts leniently ("3" for 3) and keeps the last of two equal keys; this one refuses both."""

    async def json(self) -> Any:
        """The body as the handler's `data` type; no body at all is its default, if there is one.

        Raises:
            InvalidRequest: broken JSON, wrong types, unknown or repeated fields, characters that cannot be stored.
        """
        field = self.route_handler.parsed_data_field
        body = await self.body()
        if not body and field and field.has_default:
            return field.default
        return decode_strictly(body, field.annotation if field else Any)


def decode_strictly(body: bytes, body_type: Any) -> Any:
    try:
        decoded = make_decoder(body_type).decode(body)
        json.loads(body, object_pairs_hook=_refuse_repeated_names)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise InvalidRequest(describe_mistake(message, path.rstrip("`"))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise InvalidRequest("The body is not valid JSON.") from error
    # Legal in JSON and impossible in PostgreSQL.
    if _NUL in body:
        raise InvalidRequest("The body has characters that are not accepted.")
    return decoded


@lru_cache(maxsize=256)
def make_decoder(body_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(body_type)


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest("The body names a field twice.")
