// An MCP server that holds no connection itself: both its GET stream and the answers of tools are streams that the
// gateway holds, with a place and a link, so that none of their events is lost. `/release` and the others are as in
// mcp-server.js.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { HttpStreamFormat, Publisher } from '@fanoutio/grip';

const publisher = new Publisher(process.env.GRIP_URL);
const streams = new Map();
const waiting = [];
const state = { streams: [], resumed: 0, links: 0 };

function newStream(id = randomUUID()) {
  const stream = { id, texts: [], isOver: false };
  streams.set(id, stream);
  return stream;
}

async function publish({ id, texts }, text, isLast) {
  const previous = texts.length;
  texts.push(text);
  const format = new HttpStreamFormat(isLast ? null : text, isLast);
  await publisher.publishFormats(id, format, String(texts.length), String(previous));
}

function tell(stream, message) {
  const id = `${stream.id}_${stream.texts.length + 1}`;
  return publish(stream, `id: ${id}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`, false);
}

function hold(res, { id, texts, isOver }, from, headers = {}) {
  const held = isOver
    ? {}
    : {
        'Grip-Hold': 'stream',
        'Grip-Channel': `${id}; prev-id=${texts.length}`,
        'Grip-Link': `</holds/mcp/next?stream=${id}>; rel=next; timeout=60`,
        'Grip-Keep-Alive': ':\\n\\n; format=cstring; timeout=20',
      };
  res
    .writeHead(200, { 'Content-Type': 'text/event-stream', ...headers, ...held })
    .end(texts.slice(from).join(''));
}

const note = (data) => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data },
});

async function work(stream, id) {
  await tell(stream, note('begun'));
  await new Promise((resolve) => waiting.push(resolve));
  const result = { content: [{ type: 'text', text: 'held but sure' }] };
  await tell(stream, { jsonrpc: '2.0', id, result });
  stream.isOver = true;
  await publish(stream, '', true);
}

function initialize(res, { id, params }) {
  const session = newStream();
  const { protocolVersion } = params;
  const serverInfo = { name: 'holds', version: '1' };
  const result = { protocolVersion, serverInfo, capabilities: { tools: {}, logging: {} } };
  res
    .writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': session.id })
    .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

async function post(req, res) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const message = JSON.parse(Buffer.concat(chunks).toString());
  if (message.method === 'initialize') initialize(res, message);
  else if (message.id === undefined) res.writeHead(202).end();
  else {
    const stream = newStream();
    hold(res, stream, 0);
    void work(stream, message.id);
  }
}

async function answer(req, res) {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://app');
  const session = streams.get(req.headers['mcp-session-id']);
  if (pathname === '/holds/mcp/next') {
    state.links += 1;
    const stream = streams.get(searchParams.get('stream'));
    hold(res, stream, Number(/last-id=(\d+)/.exec(req.headers['grip-last'])[1]));
  } else if (pathname === '/holds/mcp' && req.headers['mcp-session-id'] !== undefined && !session) {
    res.writeHead(404).end();
  } else if (pathname === '/holds/mcp' && req.method === 'POST') await post(req, res);
  else if (pathname === '/holds/mcp' && req.method === 'DELETE') {
    session.isOver = true;
    streams.delete(session.id);
    res.end();
    await publish(session, '', true);
  } else if (pathname === '/holds/mcp') {
    const [id, number = ''] = (req.headers['last-event-id'] ?? '').split('_');
    state.streams.push(session.id);
    if (number !== '') state.resumed += 1;
    hold(res, streams.get(id) ?? session, number === '' ? session.texts.length : Number(number));
  } else {
    if (pathname === '/release') for (const release of waiting.splice(0)) release();
    for (const stream of streams.values()) {
      if (pathname === '/drop' && !stream.isOver) await publish(stream, '', true);
      if (pathname === '/poke' || pathname === '/drop') await tell(stream, note(pathname));
    }
    res.end(JSON.stringify({ ...state, waiting: waiting.length }));
  }
}

createServer((req, res) => {
  answer(req, res).catch((error) => {
    console.error(error);
    res.destroy();
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
