"""A broker client on Debian's python3-websockets: follows a topic and prints each message on its own line."""

import asyncio
import json
import sys

import websockets


async def main(url: str, topic: str, count: int) -> None:
    async with websockets.connect(url, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "subscribe", "topic": topic}))
        while True:
            frame = json.loads(await socket.recv())
            if frame.get("type") == "ack_subscribe":
                break
        print("subscribed", flush=True)
        for _ in range(count):
            print(await socket.recv(), flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
