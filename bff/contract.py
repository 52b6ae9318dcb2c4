"""The OpenAPI document: what it says beyond what the framework finds out by itself."""

from typing import Any

import msgspec
from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from bff.identity.sessions import COOKIE
from bff.problems import EVERYWHERE


class ClosedStructs(OpenAPISchemaPlugin):
    """A struct that refuses unknown fields says so; the framework's own description leaves that out."""

    @staticmethod
    def is_plugin_supported_field(field_definition: FieldDefinition) -> bool:
        if field_definition.is_union or not field_definition.is_subclass_of(msgspec.Struct):
            return False
        return bool(field_definition.annotation.__struct_config__.forbid_unknown_fields)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        usual = next(
            plugin
            for plugin in schema_creator.plugins
            if plugin is not self and schema_creator.plugin_supports_field(plugin, field_definition)
        )
        schema: Schema = usual.to_openapi_schema(field_definition, schema_creator)
        schema.additional_properties = False
        return schema


def make_openapi_config() -> OpenAPIConfig:
    session = SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie")
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return OpenAPIConfig(
        title="Customer portal",
        version="1",
        description="Errors are application/problem+json. Unsafe calls with a session carry X-CSRF-Token.",
        render_plugins=[JsonRenderPlugin()],
        openapi_router=Router("/schema", route_handlers=[], opt={"open": True}, include_in_schema=False),
        use_handler_docstrings=True,
        components=Components(security_schemes={"session": session, "bearer": bearer}),
    )


def complete_contract(app: Litestar) -> None:
    """What holds for every route is written into each operation, as the framework knows no layer for it."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                handler.responses = {**EVERYWHERE, **(handler.responses or {})}
                if not handler.opt.get("open"):
                    handler.security = [{"session": []}, {"bearer": []}]
