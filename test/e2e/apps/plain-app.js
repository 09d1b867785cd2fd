// An app that has `@fanoutio/grip` and no framework: instructions as headers, signatures that it looks at itself, and
// events of WebSockets that it reads and writes itself.

import { createServer } from 'node:http';
import {
  decodeWebSocketEvents,
  encodeWebSocketEvents,
  getWebSocketContextFromReq,
  GripInstruct,
  isWsOverHttp,
  Publisher,
  WebSocketEvent,
} from '@fanoutio/grip';

const publisher = new Publisher(process.env.GRIP_URL);
/** What sockets have told, one event type for each. */
const told = [];

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answer(req, res) {
  const { isProxied, isSigned, needsSigned } = await publisher.validateGripSig(
    req.headers['grip-sig'] ?? null,
  );
  const { pathname } = new URL(req.url ?? '/', 'http://app');
  if (pathname === '/told') {
    res.end(JSON.stringify(told));
    return;
  }
  if (!isProxied || !isSigned || !needsSigned) {
    res.writeHead(403).end('by the gateway only\n');
    return;
  }
  if (pathname === '/hold') {
    const instruct = new GripInstruct('plain');
    instruct.setHoldStream();
    instruct.setKeepAlive(Uint8Array.of(0x3a, 0x0a, 0x0a), 1);
    instruct.setStatus(203);
    instruct.meta = { user: 'ann' };
    res
      .writeHead(200, instruct.toHeaders({ 'Content-Type': 'text/event-stream' }))
      .end('data: 1\n\n');
    return;
  }
  if (pathname === '/events') {
    // Without the context: events as they are.
    const incoming = decodeWebSocketEvents(await bodyOf(req));
    told.push(...incoming.map(({ type }) => type));
    const outgoing = incoming.flatMap(({ type, content }) => {
      if (type === 'PING') return [new WebSocketEvent('PONG', content)];
      return type === 'OPEN' || type === 'CLOSE' || type === 'BINARY'
        ? [new WebSocketEvent(type, content)]
        : [];
    });
    res
      .writeHead(200, { 'Content-Type': 'application/websocket-events' })
      .end(encodeWebSocketEvents(outgoing));
    return;
  }
  const body = await bodyOf(req);
  const asked = new Request(`http://app${req.url}`, {
    method: req.method,
    headers: req.headers,
    body: req.method === 'POST' ? body : undefined,
  });
  if (pathname === '/detached' && isWsOverHttp(asked)) {
    const context = await getWebSocketContextFromReq(asked);
    if (context.isOpening()) {
      context.accept();
      context.subscribe('plain');
      context.send('on your own');
      context.detach();
    }
    res.writeHead(200, context.toHeaders()).end(encodeWebSocketEvents(context.getOutgoingEvents()));
    return;
  }
  res.writeHead(404).end('nothing here\n');
}

createServer((req, res) => {
  answer(req, res).catch((error) => {
    console.error(error);
    res.destroy();
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
