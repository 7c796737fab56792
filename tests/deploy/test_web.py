"""Browsers: gRPC-Web through Envoy's filter, over HTTP/1.1, and which pages may call."""

from collections.abc import Iterator

import pytest

from deploy import web
from deploy.replicas import running
from deploy.tools import needs
from mujaz.v1 import mujaz_pb2 as pb

pytestmark = needs("envoy")

OURS = "http://localhost:3000"
ANOTHER = "https://elsewhere.example"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(1) as cluster, cluster.behind_envoy() as proxy:
        yield proxy.address


def test_a_unary_call(address: str) -> None:
    answer = web.call(address, "TranslateText", pb.TranslateTextRequest(texts=["وصل الوزير"]))
    [message] = answer.messages
    assert pb.TranslateTextResponse.FromString(message).translations[0].text == "wds pswayz"
    assert answer.trailers["grpc-status"] == "0"
    assert answer.headers["content-type"] == "application/grpc-web+proto"


def test_a_stream_comes_whole_and_in_order(address: str) -> None:
    document = pb.SummarizeDocumentRequest(text="وصل الوزير.\nغادر الوزير.")
    answer = web.call(address, "SummarizeDocument", document)
    events = [pb.SummarizeDocumentResponse.FromString(each) for each in answer.messages]
    kinds = [each.WhichOneof("event") for each in events]
    assert kinds == ["outline", "sentence", "sentence", "summary", "report"]
    assert answer.trailers["grpc-status"] == "0"


def test_an_error_says_what_is_wrong(address: str) -> None:
    answer = web.call(address, "TranslateText", pb.TranslateTextRequest(texts=[" "]))
    assert answer.messages == []
    assert answer.headers["grpc-status"] == "3"
    assert "texts[0]" in answer.headers["grpc-message"]
    assert "grpc-status-details-bin" in answer.headers


@pytest.mark.parametrize("name", ["call-1", "123e4567-e89b-42d3-a456-426614174000"])
def test_a_request_id_comes_back_as_it_was_sent(address: str, name: str) -> None:
    request = pb.TranslateTextRequest(texts=["وصل الوزير"])
    answer = web.call(address, "TranslateText", request, x_request_id=name)
    assert answer.trailers["x-request-id"] == name


def test_a_page_of_ours_may_call(address: str) -> None:
    told = web.preflight(address, OURS)
    assert told["access-control-allow-origin"] == OURS
    assert {"content-type", "x-grpc-web", "authorization"} <= {
        *told["access-control-allow-headers"].split(",")
    }
    request = pb.TranslateTextRequest(texts=["وصل الوزير"])
    answer = web.call(address, "TranslateText", request, origin=OURS)
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "grpc-status" in answer.headers["access-control-expose-headers"].split(",")


def test_a_page_of_another_may_not(address: str) -> None:
    assert "access-control-allow-origin" not in web.preflight(address, ANOTHER)
    request = pb.TranslateTextRequest(texts=["وصل الوزير"])
    answer = web.call(address, "TranslateText", request, origin=ANOTHER)
    assert "access-control-allow-origin" not in answer.headers
