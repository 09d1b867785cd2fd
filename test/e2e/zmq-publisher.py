"""Publishes over ZeroMQ as Python services do: `zmq-publisher.py sub|pull|command SPEC CHANNEL COUNT`.

`sub` takes a new PUB socket for each message, connects, gives it 100 ms, and sends two frames. `pull` pushes
frames over one socket. `command` asks for a reply to each.
"""

import json
import sys
import time

import zmq


def item(channel, number):
    formats = {"ws-message": {"content": str(number)}, "http-stream": {"content": f"{number}\n"}}
    return {"channel": channel, "formats": formats}


def tnetstring(value):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s," % (len(value), value)
    if isinstance(value, dict):
        body = b"".join(tnetstring(part) for pair in value.items() for part in pair)
        return b"%d:%s}" % (len(body), body)
    body = b"".join(tnetstring(part) for part in value)
    return b"%d:%s]" % (len(body), body)


def main():
    way, spec, channel, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    context = zmq.Context()
    if way == "sub":
        for number in range(count):
            socket = context.socket(zmq.PUB)
            socket.connect(spec)
            time.sleep(0.1)
            body = b"J" + json.dumps(item("", number)).encode()
            socket.send_multipart([channel.encode(), body])
            socket.close()
    elif way == "pull":
        socket = context.socket(zmq.PUSH)
        socket.connect(spec)
        for number in range(count):
            socket.send(b"T" + tnetstring(item(channel, number)))
        socket.close()
    else:
        socket = context.socket(zmq.REQ)
        socket.connect(spec)
        for number in range(count):
            args = {"items": [item(channel, number)]}
            socket.send(tnetstring({"id": str(number), "method": "publish", "args": args}))
            print(socket.recv().decode(), flush=True)
        socket.close()
    context.term()


main()
