"""Which sentence is translated when, and with which others."""

from mujaz_server.batching.admission import Admission, QueueFullError, Rate
from mujaz_server.batching.batch import Batch
from mujaz_server.batching.job import Done, EngineRun, Expired, Failed, Job, Outcome
from mujaz_server.batching.line import Line
from mujaz_server.batching.observer import DropReason, Observer
from mujaz_server.batching.queue import FairQueue
from mujaz_server.batching.worker import Load, Worker

__all__ = [
    "Admission",
    "Batch",
    "Done",
    "DropReason",
    "EngineRun",
    "Expired",
    "Failed",
    "FairQueue",
    "Job",
    "Line",
    "Load",
    "Observer",
    "Outcome",
    "QueueFullError",
    "Rate",
    "Worker",
]
