"""The usual stack: FastAPI, pydantic, redis-py and PyJWT; signed-in cached status read."""

import os
from datetime import datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from redis.asyncio import Redis

app = FastAPI()
_redis = Redis.from_url(os.environ["BENCH_REDIS_URL"])
_SECRET = os.environ["BENCH_JWT_SECRET"]


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class NextAction(Shape):
    code: str
    label: str


class Freshness(Shape):
    as_of: datetime
    source: str
    stale: bool


class Status(Shape):
    status: str
    result: str | None
    requested_at: datetime | None
    checked_at: datetime | None
    notes: str | None
    case_id: str | None
    message: str
    next_action: NextAction
    freshness: Freshness


def read_account(authorization: Annotated[str, Header()]) -> str:
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "), _SECRET, algorithms=["HS256"], audience="portal"
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    return str(claims["account"])


@app.get("/status")
async def read_status(account: Annotated[str, Depends(read_account)]) -> Status:
    stored = await _redis.get(f"bench:status:{account}")
    if stored is None:
        raise HTTPException(404)
    return Status.model_validate_json(stored)
