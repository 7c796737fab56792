"""The edge: the only room that knows gRPC and protobuf."""

import os

# gRPC's core writes to standard error by itself, in a form of its own; what an operator can act on
# is in our log. Read when grpc is imported, which happens in this package first.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
