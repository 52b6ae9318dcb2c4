"""Every version of the event schemas that the org has used, by id; old ones stay fetchable."""

from collections.abc import Mapping

import msgspec

from sf_sync.emulator.avro.schema import EventSchema, make_event_schema
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema


class EventSchemas:
    """The current schema of each object that has change events, and all earlier ones."""

    def __init__(self, entities: Mapping[str, EntitySchema]) -> None:
        self._entities: dict[str, EntitySchema] = {}
        self._current: dict[str, EventSchema] = {}
        self._by_id: dict[str, EventSchema] = {}
        for entity in entities.values():
            if entity.change_events:
                self._publish(entity)

    @property
    def current(self) -> Mapping[str, EventSchema]:
        """The schema that new events of each object carry."""
        return self._current

    def find(self, schema_id: str) -> EventSchema | None:
        return self._by_id.get(schema_id)

    def revise(self, entity: str) -> EventSchema:
        """Add a field to the object's events, in front, so that the place of every other field moves.

        It is what an administrator's new field does to a running stream. Raises KeyError for an object without
        change events.
        """
        old = self._entities[entity]
        number = len(old.fields)
        field = FieldSchema(
            name=f"Added_{number}__c",
            label=f"Added {number}",
            type="string",
            length=80,
            field_id="00N000000000000",
        )
        return self._publish(msgspec.structs.replace(old, fields=(field, *old.fields)))

    def _publish(self, entity: EntitySchema) -> EventSchema:
        schema = make_event_schema(entity)
        self._entities[entity.name] = entity
        self._current[entity.name] = schema
        self._by_id[schema.schema_id] = schema
        return schema
