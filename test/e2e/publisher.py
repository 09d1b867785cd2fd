"""A broker client on Debian's python3-websockets: publishes numbered messages with acks and prints the last ack."""

import asyncio
import json
import sys

import websockets


async def main(url: str, topic: str, name: str, count: int) -> None:
    async with websockets.connect(url) as socket:
        await socket.recv()  # the welcome
        for number in range(count):
            data = {"from": name, "number": number, "price": 170.50}
            await socket.send(json.dumps({"topic": topic, "data": data, "ack": True}))
        for _ in range(count):
            ack = await socket.recv()
        print(ack, flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
