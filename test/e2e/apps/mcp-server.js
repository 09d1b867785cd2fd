// An MCP server as the official SDK makes it, with Streamable HTTP and events that can be resumed. It knows nothing of
// gateways. What a test wants of it is asked at paths of its own: `/release` lets tools that wait go on, `/poke` tells
// all sessions something, `/drop` cuts their GET streams first, `/state` counts.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const sessions = new Map();
const waiting = [];
const state = { resumed: 0 };
/** Sessions by open GET stream. */
const streams = new Map();

class Events {
  #events = [];

  async storeEvent(streamId, message) {
    const id = String(this.#events.length);
    this.#events.push({ id, streamId, message });
    return id;
  }

  async replayEventsAfter(lastEventId, { send }) {
    const { streamId } = this.#events[Number(lastEventId)];
    for (const event of this.#events.slice(Number(lastEventId) + 1))
      if (event.streamId === streamId) await send(event.id, event.message);
    return streamId;
  }
}

function newServer() {
  const server = new McpServer({ name: 'test', version: '1' }, { capabilities: { logging: {} } });
  const note = (data) => ({ method: 'notifications/message', params: { level: 'info', data } });
  const released = () => new Promise((resolve) => waiting.push(resolve));
  server.registerTool('slow', { description: 'tells that it has begun' }, async (extra) => {
    await extra.sendNotification(note('begun'));
    await released();
    return { content: [{ type: 'text', text: 'slow but sure' }] };
  });
  server.registerTool('dropped', { description: 'loses its client meanwhile' }, async (extra) => {
    await extra.sendNotification(note('before'));
    extra.closeSSEStream();
    await extra.sendNotification(note('while away'));
    await released();
    await extra.sendNotification(note('after'));
    return { content: [{ type: 'text', text: 'came back' }] };
  });
  return server;
}

async function newSession() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: new Events(),
    retryInterval: 100,
    onsessioninitialized: (id) => void sessions.set(id, { transport, server }),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  const server = newServer();
  await server.connect(transport);
  return transport;
}

async function answer(req, res) {
  const { pathname } = new URL(req.url ?? '/', 'http://app');
  if (pathname === '/mcp') {
    const id = req.headers['mcp-session-id'];
    if (id !== undefined && !sessions.has(id)) {
      res
        .writeHead(404)
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"gone"}}');
      return;
    }
    if (req.method === 'GET') {
      streams.set(res, id);
      if (req.headers['last-event-id'] !== undefined) state.resumed += 1;
      res.once('close', () => streams.delete(res));
    }
    const transport = id === undefined ? await newSession() : sessions.get(id).transport;
    await transport.handleRequest(req, res);
    return;
  }
  if (pathname === '/release') for (const release of waiting.splice(0)) release();
  if (pathname === '/drop')
    for (const { transport } of sessions.values()) transport.closeStandaloneSSEStream();
  if (pathname === '/poke' || pathname === '/drop')
    for (const { server } of sessions.values())
      await server.server.sendLoggingMessage({ level: 'info', data: pathname });
  res.end(JSON.stringify({ ...state, streams: [...streams.values()], waiting: waiting.length }));
}

createServer((req, res) => {
  answer(req, res).catch((error) => {
    console.error(error);
    res.destroy();
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
