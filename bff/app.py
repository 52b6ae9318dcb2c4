"""The assembly: the only place that knows every route."""

from litestar import Litestar

from bff.adapters import Adapters, make_adapters
from bff.settings import Settings

__all__ = ["Adapters", "create_app", "make_adapters"]


def create_app(settings: Settings, adapters: Adapters | None = None) -> Litestar:
    """The whole HTTP product. Dependencies by name for handlers: `caller`, `adapters`, `settings`, `deliveries`,
    `database`, `account_view`, `limiter`, `broadcast`, `csrf`, `stopping`.

    Adapters are opened and closed by the app's lifespan; without any they are made from the settings.
    """
    raise NotImplementedError
