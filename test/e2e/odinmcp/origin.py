"""An MCP server's web and worker as OdinMCP has them, in one process: `origin.py PORT ZEROMQ_URL…`.

A GET through the gateway (the route's header says so) is answered 202 with a stream hold on the session's channel. A
POST is answered 202, and its result is published: a new PUB socket for each message, connected to every URL, 100 ms,
two frames. A DELETE publishes `close`. The session's id, a JWT, is the channel.
"""

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import zmq

PORT, URLS = int(sys.argv[1]), sys.argv[2:]
context = zmq.Context()


def session_id(params):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = part(b'{"alg":"HS256","typ":"JWT"}')
    claims = {"user_id": "ann", "session_id": "7", "client_params": params, "created_at": 1}
    signed = f"{head}.{part(json.dumps(claims).encode())}"
    digest = hmac.new(b"secret", signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{part(digest)}"


def publish(channel, stream_format):
    socket = context.socket(zmq.PUB)
    for url in URLS:
        socket.connect(url)
    time.sleep(0.1)
    item = {"channel": channel, "formats": {"http-stream": stream_format}}
    socket.send_multipart([channel.encode(), b"J" + json.dumps(item).encode()])
    socket.close()


def work(channel, request):
    for part in ("started", "half", "done"):
        message = {"jsonrpc": "2.0", "id": request["id"], "result": {"part": part}}
        publish(channel, {"content": f"event: message\ndata: {json.dumps(message)}\n\n"})


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        channel = self.headers.get("mcp-session-id")
        if self.headers.get("X-HERMOD-STREAM") != "true":
            self.answer(405, [])
            return
        self.answer(
            202,
            [
                ("Content-Type", "text/event-stream"),
                ("Grip-Hold", "stream"),
                ("Grip-Channel", channel),
                ("Grip-Keep-Alive", "\\n; format=cstring; timeout=10"),
                ("mcp-session-id", channel),
                ("Accept", "application/json"),
            ],
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        if request["method"] == "initialize":
            result = {"jsonrpc": "2.0", "id": request["id"], "result": {"protocolVersion": "2025-03-26"}}
            headers = [
                ("Content-Type", "application/json"),
                ("mcp-session-id", session_id(request["params"])),
            ]
            self.answer(200, headers, json.dumps(result).encode())
            return
        channel = self.headers["mcp-session-id"]
        self.answer(202, [("mcp-session-id", channel)])
        threading.Thread(target=work, args=(channel, request), daemon=True).start()

    def do_DELETE(self):
        channel = self.headers["mcp-session-id"]
        self.answer(200, [])
        threading.Thread(target=publish, args=(channel, {"action": "close"}), daemon=True).start()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", PORT), Origin)
print("listening", flush=True)
server.serve_forever()
