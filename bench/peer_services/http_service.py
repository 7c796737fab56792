"""A translator behind HTTP: a thread a connection, LibreTranslate's form of request and answer."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Translate = Callable[[list[str]], list[str]]


class Service(ThreadingHTTPServer):
    """Listens on a port of 127.0.0.1.

    Args:
        translate: takes the lines of one request, a sentence each; runs on the thread of the
            caller's connection.
        port: 0 takes a free one.
    """

    request_queue_size = 256  # of connections: callers come all at once
    daemon_threads = True

    def __init__(self, translate: Translate, port: int) -> None:
        super().__init__(("127.0.0.1", port), _handler(translate))


def serve(translate: Translate, port: int) -> None:
    """Serves until the process is ended."""
    Service(translate, port).serve_forever()


def _handler(translate: Translate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body leave together

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            lines = translate(asked["q"].splitlines())
            answer = json.dumps({"translatedText": "\n".join(lines)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Logs nothing: a line a request is work that the others do not have."""

    return Handler
