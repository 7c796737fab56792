"""Version 1 of the API: messages in `mujaz_pb2`, stubs in `mujaz_pb2_grpc`."""
