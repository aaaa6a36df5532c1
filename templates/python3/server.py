"""The server around function/handler.py: it turns a request into an event, and what the handler returns into an answer."""

import asyncio
import inspect
import json
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl

HERE = os.path.dirname(os.path.abspath(__file__))
# What is installed into dependencies/ at build is found as if it were part of Python.
sys.path[:0] = [HERE, os.path.join(HERE, "function"), os.path.join(HERE, "function", "dependencies")]
MAX_LINE_BYTES = 64 * 1024
RESPONSE_KEYS = {"statusCode", "body", "headers"}


def bytes_of(name, default):
    text = os.environ.get(name, default).strip().lower()
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?", text)
    if match is None:
        sys.exit(f'{name} is "{text}", which is no size; write for example 100kb or 5mb')
    return int(float(match[1]) * 1024 ** ("b", "kb", "mb", "gb").index(match[2] or "b"))


MAX_BODY_BYTES = bytes_of("MAX_RAW_SIZE", "10mb")


class Event:
    """A request: body (bytes), headers, method, query (a dict), path."""

    def __init__(self, body, headers, method, query, path):
        self.body = body
        self.headers = headers
        self.method = method
        self.query = query
        self.path = path


class Context:
    def __init__(self):
        self.hostname = os.environ.get("HOSTNAME") or socket.gethostname()


class BadRequest(Exception):
    """What is wrong with the request, and not with the function."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def load_handler():
    from function import handler

    handle = getattr(handler, "handle", None)
    if not callable(handle):
        sys.exit('function/handler.py has no function "handle": write "def handle(event, context):"')
    count = len([p for p in inspect.signature(handle).parameters.values() if p.default is p.empty])
    return handle, count


HANDLE, PARAMETERS = load_handler()


def call(event):
    """What the handler returns. One with a single parameter gets the body, as a text unless RAW_BODY says otherwise."""
    if PARAMETERS >= 2:
        result = HANDLE(event, Context())
    elif os.environ.get("RAW_BODY") == "true":
        result = HANDLE(event.body)
    else:
        result = HANDLE(event.body.decode(errors="replace"))
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def encode(value):
    """The bytes of an answer, and its type."""
    if value is None:
        return b"", None
    if isinstance(value, str):
        return value.encode(), "text/plain; charset=utf-8"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), "application/octet-stream"
    return json.dumps(value).encode(), "application/json"


def response_of(result):
    """(status, headers, body): of a dict with nothing but those keys what it says, else the result as the body."""
    if not (isinstance(result, dict) and result and RESPONSE_KEYS.issuperset(result)):
        result = {"body": result}
    body, content_type = encode(result.get("body"))
    headers = {str(name): str(value) for name, value in (result.get("headers") or {}).items()}
    if content_type is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    return int(result.get("statusCode") or 200), headers, body


class Calls:
    """Those that are running, so that none is cut off at the end."""

    def __init__(self):
        self.changed = threading.Condition()
        self.running = 0
        self.ending = False

    def __enter__(self):
        with self.changed:
            self.running += 1

    def __exit__(self, *_):
        with self.changed:
            self.running -= 1
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.ending = True
            self.changed.wait_for(lambda: self.running == 0)


CALLS = Calls()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name):
        # http.server asks for do_GET and the like; all methods are the handler's business.
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        with CALLS:
            try:
                path, _, query = self.path.partition("?")
                event = Event(self.read_body(), self.headers, self.command, dict(parse_qsl(query, keep_blank_values=True)), path)
                response = response_of(call(event))
            except BadRequest as error:
                # Its body has not been read to the end, so nothing can follow on this connection.
                self.close_connection = True
                response = error.status, {"Content-Type": "text/plain"}, str(error).encode()
            except ConnectionError:
                self.close_connection = True
                return
            except Exception as error:
                traceback.print_exc()
                response = 500, {"Content-Type": "text/plain; charset=utf-8"}, f"{type(error).__name__}: {error}\n".encode()
            self.send(*response)

    def send(self, status, headers, body):
        may_have_body = status >= 200 and status not in (204, 304)
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                # A line break would begin another header.
                self.send_header(name, value.replace("\r", " ").replace("\n", " "))
        if may_have_body:
            self.send_header("Content-Length", str(len(body)))
        if CALLS.ending or self.close_connection:
            self.send_header("Connection", "close")
            self.close_connection = True
        # In one piece with the head, which end_headers would send before.
        self._headers_buffer.append(b"\r\n" + (body if may_have_body and self.command != "HEAD" else b""))
        try:
            self.flush_headers()
        except ConnectionError:
            self.close_connection = True

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.too_long()
        return self.read_exactly(length)

    def read_chunks(self):
        body = bytearray()
        while True:
            size = int(self.rfile.readline(MAX_LINE_BYTES).split(b";")[0], 16)
            if size == 0:
                break
            if len(body) + size > MAX_BODY_BYTES:
                self.too_long()
            body += self.read_exactly(size)
            self.rfile.readline(MAX_LINE_BYTES)
        while self.rfile.readline(MAX_LINE_BYTES) not in (b"\r\n", b"\n", b""):
            pass
        return bytes(body)

    def read_exactly(self, length):
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionResetError("the caller went away")
        return data

    def too_long(self):
        raise BadRequest(413, f"the body is longer than {MAX_BODY_BYTES} bytes; MAX_RAW_SIZE sets how long it may be\n")

    def log_message(self, *_):
        """The watchdog has its own."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


def main():
    port = int(os.environ.get("PORT") or os.environ.get("http_port") or 3000)
    server = Server(("127.0.0.1", port), Handler)

    def end(*_):
        # Not here: shutdown() waits for the loop that this interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    server.serve_forever(poll_interval=0.1)
    CALLS.end()
    sys.stdout.flush()
    # Threads with idle connections would be waited for.
    os._exit(0)


main()
