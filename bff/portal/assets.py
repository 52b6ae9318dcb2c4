"""Style sheets, scripts and pictures, served by ourselves under names that carry their digest."""

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from bff.errors import NotFound

STATIC = Path(__file__).parent / "static"
CACHE_FOR_EVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what is asked for: a changed content has another one, so it may be kept for ever."""

    name: str
    media_type: str
    body: bytes
    compressed: bytes


@cache
def get_assets() -> dict[str, Asset]:
    """By their plain names. The parts of the style sheet go out as one file, in the order of their names."""
    sheets = b"\n".join(path.read_bytes() for path in sorted(STATIC.glob("css/*.css")))
    singles = [*STATIC.glob("js/*.js"), *STATIC.glob("*.svg")]
    bodies = {"portal.css": sheets, **{path.name: path.read_bytes() for path in singles}}
    return {name: _make_asset(Path(name), body) for name, body in bodies.items()}


def _make_asset(path: Path, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(
        name=f"{path.stem}.{digest}{path.suffix}",
        media_type=MEDIA_TYPES[path.suffix],
        body=body,
        compressed=gzip.compress(body, mtime=0),
    )


def get_asset_path(plain_name: str) -> str:
    return f"/static/{get_assets()[plain_name].name}"


@cache
def _get_assets_by_name() -> dict[str, Asset]:
    return {asset.name: asset for asset in get_assets().values()}


@get("/static/{name:str}", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def serve_asset(name: FromPath[str], request: Request) -> Response[bytes]:  # type: ignore[type-arg]
    asset = _get_assets_by_name().get(name)
    if asset is None:
        raise NotFound
    headers = {"Cache-Control": CACHE_FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, media_type=asset.media_type, headers=headers)
    return Response(
        asset.compressed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"}
    )
