// The control door on real sockets, with the real control actor behind it: bytes in, bytes out.

import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  ControlEdge,
  controlDefaults,
  type ControlOptions,
} from '../../src/transports/control.edge.ts';
import { ControlStage } from '../unit/gateway/control-stage.ts';

let door: ControlEdge | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  door?.close();
});

interface Opened {
  readonly port: number;
  readonly stage: ControlStage;
  readonly counted: string[];
  /** Answers wait until this is called. */
  answer(): void;
  isHeld: boolean;
}

async function open(changed: Partial<ControlOptions> = {}): Promise<Opened> {
  const stage = new ControlStage();
  const counted: string[] = [];
  let told = 0;
  const edge = new ControlEdge(
    { ...controlDefaults, port: 0, ...changed },
    {
      actor: stage.address,
      deliver: (_, event) => {
        stage.tell(event);
        if (!opened.isHeld) opened.answer();
      },
      schedule: () => {},
      count: (counter) => counted.push(counter),
    },
  );
  door = edge;
  const { port } = await edge.listen(0);
  const opened: Opened = {
    port,
    stage,
    counted,
    isHeld: false,
    answer() {
      for (const answer of stage.answers.slice(told)) {
        told += 1;
        if (answer.type === 'controlAnswer') edge.obey(answer);
      }
    },
  };
  return opened;
}

/** Sends and gives all that comes until the server closes. */
function exchange(port: number, bytes: string | Buffer, mustEnd = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    const heard: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    socket.once('error', reject);
    socket.once('end', () => resolve(Buffer.concat(heard).toString()));
    socket.write(bytes);
    if (mustEnd) socket.end();
  });
}

const answered = (
  status: string,
  body: string,
  headers = 'Content-Type: text/plain',
  version = '1.1',
): string =>
  `HTTP/${version} ${status}\r\n${headers}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const body = '{"items":[]}';

test.each<[string, string]>([
  [
    `POST /publish HTTP/1.1\r\nContent-Length: 12\r\n\r\n${body}`,
    answered('200 OK', 'Published\n'),
  ],
  [
    `POST /publish/ HTTP/1.0\r\nContent-Length: 12\r\n\r\n${body}`,
    answered('200 OK', 'Published\n', undefined, '1.0'),
  ],
  [
    `POST /publish/ HTTP/1.1\r\nAccept: application/json\r\nContent-Length: 12\r\n\r\n${body}`,
    answered('200 OK', '{"message":"Published"}\n', 'Content-Type: application/json'),
  ],
  [
    `POST /publish HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n${body}`,
    `HTTP/1.1 100 Continue\r\n\r\n${answered('200 OK', 'Published\n')}`,
  ],
  [
    'GET /publish/ HTTP/1.1\r\n\r\n',
    answered(
      '405 Method Not Allowed',
      'Method not allowed: GET.\n',
      'Allow: POST\r\nContent-Type: text/plain',
    ),
  ],
  ['GET / HTTP/1.1\r\n\r\nrest', answered('200 OK', 'Pushpin API\n')],
  [
    'HEAD / HTTP/1.1\r\n\r\n',
    answered('200 OK', 'Pushpin API\n').slice(0, -'Pushpin API\n'.length),
  ],
  ['GET /x HTTP/1.1\r\n\r\n', answered('404 Not Found', 'Not Found\n')],
  [
    'GET /x HTTP/1.1\r\nAccept: image/png\r\n\r\n',
    answered(
      '406 Not Acceptable',
      'Not Acceptable. Supported formats are text/plain and application/json.\n',
    ),
  ],
  [
    'POST /publish HTTP/1.1\r\n\r\n',
    answered('411 Length Required', 'Request requires Content-Length.\n'),
  ],
  [
    'POST /publish HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    answered('411 Length Required', 'Request requires Content-Length.\n'),
  ],
  [
    'POST /publish HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    answered('400 Bad Request', 'Bad Content-Length.\n'),
  ],
  [
    'POST / HTTP/1.1\r\nContent-Length: 1000001\r\n\r\n',
    answered('400 Bad Request', 'Request body too large.\n'),
  ],
  [
    `POST /publish HTTP/1.1\r\nContent-Length: 12\r\n\r\n${body}x`,
    answered('400 Bad Request', 'Request body exceeded Content-Length.\n'),
  ],
  [
    `GET / HTTP/1.1\r\nA: ${'a'.repeat(10_000)}`,
    answered('400 Bad Request', 'Request header too large.\n'),
  ],
  ['GET\r\n\r\n', answered('400 Bad Request', 'Failed to parse request header.\n')],
  [
    'POST /publish HTTP/1.1\r\nContent-Length: 1\r\n\r\nx',
    answered('400 Bad Request', 'Body is not valid JSON.\n'),
  ],
])('%j', async (bytes, expected) => {
  const { port } = await open();
  expect(await exchange(port, bytes)).toBe(expected);
  // A client that closes its half gets its answer all the same.
  expect(await exchange(port, bytes, true)).toBe(expected);
});

test('a refused body is read to its end, so that the client reads the answer', async () => {
  const { port, counted } = await open();
  const head = 'POST /publish HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n';
  const answer = await exchange(
    port,
    Buffer.concat([Buffer.from(head), Buffer.alloc(8_000_000, 'x')]),
  );
  expect(answer).toBe(answered('400 Bad Request', 'Request body too large.\n'));
  expect(counted).toEqual(['control.refused']);
});

test('a body of a million bytes is taken', async () => {
  const { port, stage } = await open();
  const frame = JSON.stringify({
    items: [{ channel: 'big', formats: { 'http-stream': { content: 'x'.repeat(999_900) } } }],
  });
  const padded = frame.padEnd(1_000_000);
  const answer = await exchange(
    port,
    `POST /publish HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n${padded}`,
  );
  expect(answer).toContain('Published');
  expect(stage.published).toEqual(['big']);
});

test('a client that goes away before its request is whole leaves no trace', async () => {
  const { port, stage } = await open();
  const gone = connect(port, '127.0.0.1');
  sockets.push(gone);
  gone.end('POST /publish HTTP/1.1\r\nContent-Length: 12\r\n\r\n{"items"');
  await new Promise((resolve) => gone.once('close', resolve));
  expect(await exchange(port, 'GET / HTTP/1.1\r\n\r\n')).toContain('Pushpin API');
  expect(stage.published).toEqual([]);
  await expect.poll(() => door?.connections).toBe(0);
});

test('items are published in the order in which requests arrive', async () => {
  const { port, stage } = await open();
  const channels = Array.from({ length: 20 }, (_, n) => `c${n}`);
  for (const channel of channels) {
    const text = JSON.stringify({
      items: [{ channel, formats: { 'http-stream': { content: 'x' } } }],
    });
    await exchange(port, `POST /publish HTTP/1.1\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  }
  expect(stage.published).toEqual(channels);
});

test('of 300 connections 128 are served at once, and the others get their turn', async () => {
  const opened = await open();
  opened.isHeld = true;
  const { port, stage } = opened;
  const all = Array.from({ length: 300 }, () => exchange(port, 'GET / HTTP/1.1\r\n\r\n'));
  await expect.poll(() => door?.connections).toBe(300);
  await expect.poll(() => stage.answers.length).toBe(128);
  opened.isHeld = false;
  opened.answer();
  const answers = await Promise.all(all);
  expect(new Set(answers)).toEqual(new Set([answered('200 OK', 'Pushpin API\n')]));
  await expect.poll(() => door?.connections).toBe(0);
});

test('a port that is taken is an error with its code', async () => {
  const { port } = await open();
  const second = new ControlEdge(
    { ...controlDefaults, port: 0 },
    {
      actor: new ControlStage().address,
      deliver: () => {},
      schedule: () => {},
      count: () => {},
    },
  );
  await expect(second.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
