// The peer of bench/fanout: the broker's wire words on `ws`, written as its README suggests: parse, and send to
// each subscriber. No batching, no back-pressure, no order between processes.

import { WebSocket, WebSocketServer } from 'ws';

const topics = new Map<string, Set<WebSocket>>();
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

server.on('connection', (client) => {
  client.on('message', (payload: Buffer) => {
    const { type, topic, data } = JSON.parse(payload.toString()) as {
      type?: string;
      topic: string;
      data: unknown;
    };
    if (type === 'subscribe') {
      const subscribers = topics.get(topic) ?? new Set();
      topics.set(topic, subscribers.add(client));
      client.send(
        JSON.stringify({
          type: 'ack_subscribe',
          topic,
          message: `Successfully subscribed to ${topic}`,
        }),
      );
      return;
    }
    const text = JSON.stringify(data);
    for (const subscriber of topics.get(topic) ?? []) {
      if (subscriber.readyState === WebSocket.OPEN) subscriber.send(text);
    }
  });
});
server.on('listening', () => {
  const { port } = server.address() as { port: number };
  console.log(JSON.stringify({ event: 'ready', doors: { broker: `127.0.0.1:${port}` } }));
});
