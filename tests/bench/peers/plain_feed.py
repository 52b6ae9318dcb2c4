"""The usual feed: fastavro decodes each whole event, redis-py deletes its key, one after the other."""

import asyncio
import io
import json
import sys
import time

import fastavro
import redis.asyncio
from grpc import aio

from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubStub


async def main(target: str, redis_url: str, count: int) -> None:
    store = redis.asyncio.Redis.from_url(redis_url)
    await store.ping()
    schemas: dict[str, object] = {}
    async with aio.insecure_channel(target) as channel:
        stub = PubSubStub(channel)
        call = stub.Subscribe()
        await call.write(pb2.FetchRequest(topic_name="/data/AccountChangeEvent", num_requested=100))
        started, cpu, done = time.perf_counter(), time.process_time(), 0
        while done < count:
            response = await call.read()
            for event in response.events:
                schema_id = event.event.schema_id
                if schema_id not in schemas:
                    info = await stub.GetSchema(pb2.SchemaRequest(schema_id=schema_id))
                    schemas[schema_id] = fastavro.parse_schema(json.loads(info.schema_json))
                record = fastavro.schemaless_reader(io.BytesIO(event.event.payload), schemas[schema_id])
                for record_id in record["ChangeEventHeader"]["recordIds"]:
                    await store.delete(f"account:e:{{{record_id}}}")
                await store.set("position", event.replay_id)
                done += 1
            if response.pending_num_requested < 50:
                more = 100 - response.pending_num_requested
                await call.write(pb2.FetchRequest(topic_name="/data/AccountChangeEvent", num_requested=more))
        sys.stdout.write(json.dumps([time.perf_counter() - started, time.process_time() - cpu]))
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
