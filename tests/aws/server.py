# SPDX-License-Identifier: MIT
"""A server that plays whatever service a test wants. It keeps what it received, and judges every signature."""
import datetime
import http.server
import sys
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate

from verify_sigv4 import AUTHORIZATION, verify_sigv4


@dataclass
class Request:
    method: str
    target: str
    headers: list
    body: bytes
    faults: list = field(default_factory=list)  # of its signature; None: it has none

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    delay: float = 0  # seconds


class Server:
    """answer: a function from a Request to an Answer, called for one at a time.
    keys: {access key id: (secret, session token or None)}. clock: seconds since 1970, the service's own."""

    def __init__(self, answer, keys=None, clock=time.time):
        self.requests = []
        self.keys = keys or {}
        self.clock = clock
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return formatdate(outer.clock(), usegmt=True)

            def serve(self):
                method, target, _ = self.requestline.split(" ")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(method, target, self.headers.items(), body)
                request.faults = outer.judge(request)
                with outer.lock:
                    outer.requests.append(request)
                    reply = answer(request)
                time.sleep(reply.delay)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_PUT = do_POST = serve

        class Threads(http.server.ThreadingHTTPServer):
            request_queue_size = 100

            def handle_error(self, *_):  # who ends a test in the midst of a request does not want to hear of it
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    super().handle_error(*_)

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def judge(self, request):
        authorization = AUTHORIZATION.fullmatch(request.header("Authorization") or "")
        if not authorization:
            return None
        if authorization["key"] not in self.keys:
            return [f"no such key: {authorization['key']}"]
        secret, token = self.keys[authorization["key"]]
        now = datetime.datetime.fromtimestamp(self.clock(), datetime.timezone.utc)
        return verify_sigv4(request.method, f"http://{request.header('Host')}{request.target}", request.headers, request.body,
                            secret, token=token, now=now)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
