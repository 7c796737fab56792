"""A naive gRPC server: a pool of threads, one call of `translate_batch` a request.

python -m peer_services.grpc_service PORT INTER_THREADS INTRA_THREADS

It speaks mujaz's TranslateText, without sentences, checks or limits.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from mujaz.v1 import mujaz_pb2 as pb
from peer_services.starter_translator import StarterTranslator

_THREADS = 32


def handler(translator: StarterTranslator) -> grpc.GenericRpcHandler:
    """Returns what answers TranslateText: the texts of a request are one batch."""

    def translate(request: pb.TranslateTextRequest, _: object) -> pb.TranslateTextResponse:
        texts = translator.translate(list(request.texts))
        return pb.TranslateTextResponse(translations=[pb.TextTranslation(text=t) for t in texts])

    method = grpc.unary_unary_rpc_method_handler(
        translate, pb.TranslateTextRequest.FromString, pb.TranslateTextResponse.SerializeToString
    )
    return grpc.method_handlers_generic_handler("mujaz.v1.MujazService", {"TranslateText": method})


def main() -> None:
    """Serves until the process is ended."""
    port, inter_threads, intra_threads = map(int, sys.argv[1:])
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    server.add_generic_rpc_handlers([handler(StarterTranslator(inter_threads, intra_threads))])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
