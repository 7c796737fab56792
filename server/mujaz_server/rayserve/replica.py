"""One replica: a model, loaded once, and the methods of mujaz.v1 around it."""

from collections.abc import AsyncIterator, Callable

from ray.serve.grpc_util import RayServegRPCContext

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.app import Core, Loaded
from mujaz_server.rpc.relayed import RelayedService
from mujaz_server.settings import Settings
from mujaz_server.telemetry import configure_logs


class HungError(Exception):
    """The engine hangs; Serve puts another replica in the place of this one."""


class Replica:
    """What Serve makes once for each replica, on the event loop of its calls.

    Ready once made, for then the model has translated a batch. Serve lets calls in progress end
    before it calls `__del__`.

    Args:
        load: Loads the model.

    Raises (when made):
        StartError: The model cannot be loaded.
        RefusedFileError: The file of tokens is not what it should be.
    """

    def __init__(self, settings: Settings, load: Callable[[Settings], Loaded]) -> None:
        configure_logs(settings.log_level, settings.log_format)
        self._core = core = Core(settings, load(settings))
        self._relayed = RelayedService(core.service, settings, core.metrics, core.tracer)
        core.start()

    async def __del__(self) -> None:
        """Frees the model; Serve awaits it."""
        await self._core.stop()

    def check_health(self) -> None:
        """Tells Serve whether to keep this replica.

        Raises:
            HungError: The engine hangs.
        """
        if self._core.hung.is_set():
            raise HungError

    async def TranslateText(  # noqa: N802  the name in the API
        self, request: pb.TranslateTextRequest, grpc_context: RayServegRPCContext
    ) -> pb.TranslateTextResponse:
        """Short texts: n in, n out, in order."""
        none = pb.TranslateTextResponse()
        return await self._relayed.answer("TranslateText", request, grpc_context, none)

    async def ListModels(  # noqa: N802  the name in the API
        self, request: pb.ListModelsRequest, grpc_context: RayServegRPCContext
    ) -> pb.ListModelsResponse:
        """The loaded model and its limits: one page."""
        none = pb.ListModelsResponse()
        return await self._relayed.answer("ListModels", request, grpc_context, none)

    async def TranslateDocument(  # noqa: N802  the name in the API
        self, request: pb.TranslateDocumentRequest, grpc_context: RayServegRPCContext
    ) -> AsyncIterator[pb.TranslateDocumentResponse]:
        """The sentences of a document, in order, each as soon as it is ready."""
        none = pb.TranslateDocumentResponse()
        return self._relayed.stream("TranslateDocument", request, grpc_context, none)

    async def SummarizeDocument(  # noqa: N802  the name in the API
        self, request: pb.SummarizeDocumentRequest, grpc_context: RayServegRPCContext
    ) -> AsyncIterator[pb.SummarizeDocumentResponse]:
        """The sentences of a document, and its summary."""
        none = pb.SummarizeDocumentResponse()
        return self._relayed.stream("SummarizeDocument", request, grpc_context, none)
