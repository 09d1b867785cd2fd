// The official MCP client (Streamable HTTP) through a node: once to a server of the official SDK, which streams itself,
// and once to an origin that leaves all streams to the gateway.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { ask, type GatewayNode, type Program, startGateway, startProgram } from './gateway-node.ts';

const ports = { server: 0, holds: 0 };
const programs: Program[] = [];
let node: GatewayNode;

beforeAll(async () => {
  [ports.server = 0, ports.holds = 0] = await freePorts(2);
  node = await startGateway([
    ...['--route', `*,path_beg=/holds 127.0.0.1:${ports.holds}`],
    ...['--route', `* 127.0.0.1:${ports.server}`],
  ]);
  for (const [app, port] of [
    ['mcp-server.js', ports.server],
    ['mcp-holds.js', ports.holds],
  ] as const) {
    const env = { PORT: String(port), GRIP_URL: node.control };
    programs.push(await startProgram(process.execPath, [`test/e2e/apps/${app}`], env));
  }
});

afterAll(async () => {
  for (const program of programs) await program.kill();
  expect(await node.stop()).toBe(0);
});

interface State {
  /** Sessions of GET streams: of open ones at the server, of all that there were with holds. */
  readonly streams: readonly string[];
  readonly resumed: number;
  readonly waiting: number;
}

interface Visit {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  readonly notes: string[];
  /** Asks the origin itself, not through the gateway. */
  readonly order: (path: string) => Promise<State>;
}

async function visit(kind: 'server' | 'holds'): Promise<Visit> {
  const url = new URL(kind === 'holds' ? `${node.url}/holds/mcp` : `${node.url}/mcp`);
  const transport = new StreamableHTTPClientTransport(url, {
    reconnectionOptions: {
      initialReconnectionDelay: 50,
      maxReconnectionDelay: 500,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 5,
    },
  });
  const client = new Client({ name: 'a client', version: '1' });
  const notes: string[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    notes.push(String(params.data));
  });
  const order = async (path: string): Promise<State> =>
    JSON.parse(await (await ask(`http://127.0.0.1:${ports[kind]}${path}`)).whole()) as State;
  await client.connect(transport);
  const streamsOf = async (): Promise<readonly string[]> => (await order('/state')).streams;
  await expect.poll(streamsOf).toContain(transport.sessionId);
  return { client, transport, notes, order };
}

describe.each([
  ['server', 'a server of the SDK', 'slow but sure'],
  ['holds', 'an origin that leaves its streams to the gateway', 'held but sure'],
] as const)('%s', (kind, _, sure) => {
  test('a POST is answered as events while the tool runs', async () => {
    const { client, notes, order } = await visit(kind);
    let isAnswered = false;
    const called = client.callTool({ name: 'slow' }).finally(() => {
      isAnswered = true;
    });
    await expect.poll(() => notes).toEqual(['begun']);
    await expect.poll(async () => (await order('/state')).waiting).toBe(1);
    expect(isAnswered).toBe(false);
    await order('/release');
    expect(await called).toEqual({ content: [{ type: 'text', text: sure }] });
    await client.close();
  });

  test('many tools at once each answer their own caller', async () => {
    const { client, notes, order } = await visit(kind);
    const calls = Array.from({ length: 20 }, () => client.callTool({ name: 'slow' }));
    await expect.poll(() => notes.length).toBe(20);
    await expect.poll(async () => (await order('/state')).waiting).toBe(20);
    await order('/release');
    for (const answer of await Promise.all(calls))
      expect(answer).toEqual({ content: [{ type: 'text', text: sure }] });
    await client.close();
  });

  test('a GET stream is held, and resumed with Last-Event-ID after it was cut', async () => {
    const { client, notes, order } = await visit(kind);
    const { resumed } = await order('/state');
    await order('/poke');
    await expect.poll(() => notes).toEqual(['/poke']);
    // What is told right after the cut waits until the client is back.
    await order('/drop');
    await expect.poll(() => notes).toEqual(['/poke', '/drop']);
    expect((await order('/state')).resumed).toBeGreaterThan(resumed);
    await order('/poke');
    await expect.poll(() => notes).toEqual(['/poke', '/drop', '/poke']);
    await client.close();
  });

  test('DELETE ends the session', async () => {
    const { client, transport } = await visit(kind);
    const url = kind === 'holds' ? `${node.url}/holds/mcp` : `${node.url}/mcp`;
    const headers = { 'mcp-session-id': transport.sessionId ?? '', accept: 'text/event-stream' };
    await transport.terminateSession();
    expect((await ask(url, { headers })).status).toBe(404);
    await client.close();
  });
});

test('a tool whose stream the server closes answers on the resumed one', async () => {
  const { client, notes, order } = await visit('server');
  const called = client.callTool({ name: 'dropped' });
  await expect.poll(() => notes).toEqual(['before', 'while away']);
  await order('/release');
  expect(await called).toEqual({ content: [{ type: 'text', text: 'came back' }] });
  expect(notes).toEqual(['before', 'while away', 'after']);
  await client.close();
});

test('a client that leaves is gone for the server at once', async () => {
  const { client, transport, order } = await visit('server');
  await client.close();
  const streams = async (): Promise<readonly string[]> => (await order('/state')).streams;
  await expect.poll(streams).not.toContain(transport.sessionId);
});

test('a session that DELETE ends has its held stream closed', async () => {
  const { client, transport } = await visit('holds');
  const headers = { 'mcp-session-id': transport.sessionId ?? '', accept: 'text/event-stream' };
  const stream = await ask(`${node.url}/holds/mcp`, { headers });
  await ask(`${node.url}/holds/mcp`, { method: 'DELETE', headers });
  await stream.whole();
  expect(stream.end).toBe('whole');
  await client.close();
});
