"""The HTTP server: takes calls, breaks those that are to be broken, and has the rest answered."""

import gzip
import socket
import struct
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from front import answers, control, limits, paging, protocol
from front.answers import ANSWERS, Call
from front.calllog import CallLog, Entry
from front.errors import Refusal
from front.faults import Fault, Rule, Rules, refusal
from front.memory import Memory
from front.protocol import Answer, Wire
from front.upstream import Upstream, unknown_operation


class Front(ThreadingHTTPServer):
    """Everything that a running server has."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: Upstream, memory: Memory, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.upstream = upstream
        self.memory = memory
        self.rules = Rules()
        self.calls = CallLog()
        answers.load()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to report."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def answer(self, wire: Wire) -> Answer:
        """The answer to a call that nothing breaks."""
        try:
            model = protocol.operation_model(wire)
            key = (wire.service, wire.operation)
            own = key in ANSWERS or key in limits.PAGES or key in limits.LONGEST
            if model is None or not (own or wire.protocol == "cbor"):
                return self._forwarded(wire)
            return protocol.encode(wire, model, self._result(wire, protocol.decode(wire, model)))
        except Refusal as refused:
            return protocol.encode_error(wire, refused)
        except Exception as error:
            # A defect of this server: loud here, and no mystery for the client.
            traceback.print_exc()
            return protocol.encode_error(wire, Refusal("InternalFailure", repr(error), 500))

    def _result(self, wire: Wire, params: dict[str, Any]) -> dict[str, Any]:
        limits.check_lists(wire.service, wire.operation, params)
        cap = self.memory.settings.page_cap
        cut = paging.cut(wire.boto_name, wire.service, wire.operation, params, cap)
        call = Call(
            wire.service, wire.boto_name, wire.operation, wire.region, params, self.memory, self.upstream
        )
        handler = ANSWERS.get((wire.service, wire.operation))
        if handler:
            with self.memory.lock:
                result = handler(call)
        else:
            result = call.moto()
        return cut.apply(result) if cut else result

    def _forwarded(self, wire: Wire) -> Answer:
        headers = {
            k: v for k, v in wire.headers.items() if k.lower() not in ("host", "content-length", "connection")
        }
        status, answered, body = self.upstream.forward(wire.method, wire.path, headers, wire.body)
        kind = next((v for k, v in answered.items() if k.lower() == "content-type"), "")
        if (
            status >= 400
            and kind.startswith("text/html")
            and not body.lstrip().startswith((b"<?xml", b"<Error"))
        ):
            raise unknown_operation()
        error = None if status < 400 else str(status)
        return Answer(status, answered | {"x-amzn-RequestId": wire.request_id}, body, error)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet: apart, the second waits 40 ms for the first to be acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(control.PREFIX):
            self._write(control.answer(self.server, self.command, self.path, body))
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
            del self.headers["Content-Encoding"]
        wire = Wire(self.command, self.path, self.headers, body)
        try:
            protocol.identify(wire)
        except Refusal as refused:
            self.server.calls.arrived(wire)
            self._write(protocol.encode_error(wire, refused))
            return
        entry = self.server.calls.arrived(wire)
        own = wire.access_key == control.OWN_KEY
        for rule in [] if own else self.server.rules.take(wire):
            entry.fault = rule.fault.value
            if self._broken(rule, wire, entry):
                return
        self._finish(entry, self.server.answer(wire))

    do_GET = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_POST

    def _broken(self, rule: Rule, wire: Wire, entry: Entry) -> bool:
        """Does what the rule says; whether that was the end of the call."""
        match rule.fault:
            case Fault.DELAY:
                self.server.rules.wait_for_change(rule.ms / 1000)
                return False
            case Fault.HANG:
                self.server.rules.wait_for_change(None)
                self._cut_off()
            case Fault.RESET:
                self._cut_off(reset=True)
            case Fault.DROP:
                entry.status = self.server.answer(wire).status
                self._cut_off()
            case Fault.TRUNCATE:
                answer = self.server.answer(wire)
                entry.status = answer.status
                self._write(answer, len(answer.body) // 2)
                self._cut_off()
            case Fault.STATUS:
                page = b"<html><body>Service Unavailable</body></html>"
                self._finish(entry, Answer(rule.status or 500, {"Content-Type": "text/html"}, page))
            case Fault.THROTTLE | Fault.ERROR | Fault.EXPIRED | Fault.DENIED:
                self._finish(entry, protocol.encode_error(wire, refusal(rule, wire)))
        return True

    def _finish(self, entry: Entry, answer: Answer) -> None:
        entry.status, entry.error = answer.status, answer.error
        self._write(answer)

    def _write(self, answer: Answer, only: int | None = None) -> None:
        """Sends the answer; of its body only so much, though it promises all."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:only])

    def _cut_off(self, reset: bool = False) -> None:
        self.close_connection = True
        if reset:
            # Closing with this set sends RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """The call log is the log."""
