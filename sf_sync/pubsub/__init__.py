"""The gRPC contract of the Salesforce Pub/Sub API, shared by the feed and the emulator.

`pubsub_api.proto` is written by hand; the modules ending in `_pb2` and `_pb2_grpc` are generated from it and
committed, so that nobody needs a compiler to run the product. After a change of the contract run
`python -m sf_sync.pubsub.generate` (it needs the development dependencies) and commit what it writes.
`pubsub_api_pb2_grpc.pyi` gives the client stub its types and is kept by hand. Imports protobuf and grpc only.
"""
