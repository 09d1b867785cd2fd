// The front's reader takes only what leaves no doubt; every other head is left to node:http.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  asksForEventStream,
  asksForWebSocket,
  readPlainGet,
} from '../../../src/transports/doors/request-head.ts';

const plain = ['GET /sse?topic=a HTTP/1.1', 'Host: localhost:80'];
const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const read = (text: string, bytesMax = 1_000, headersMax = 10): ReturnType<typeof readPlainGet> =>
  readPlainGet(Buffer.from(text, 'latin1'), bytesMax, headersMax);

test('a plain request has a target and headers by lower-case name', () => {
  const request = read(
    head(...plain, 'ACCEPT:text/event-stream', 'X-A: 1 ', 'x-a:\t2', 'Connection: Keep-Alive'),
  );
  expect(request?.target).toBe('/sse?topic=a');
  expect({ ...request?.headers }).toEqual({
    host: 'localhost:80',
    accept: 'text/event-stream',
    'x-a': '1, 2',
    connection: 'Keep-Alive',
  });
});

test.each([
  ['/sse', '*/*', true],
  ['/sse?x=/y', '*/*', true],
  ['/a/sse', '*/*', true],
  ['/x?a=/sse', '*/*', false],
  ['/any', 'text/html, text/event-stream;q=0.9', true],
  ['/any', 'text/html', false],
])('%s accepting %s asks for an event stream: %s', (path, accept, asks) => {
  const request = read(head(`GET ${path} HTTP/1.1`, 'Host: a', `Accept: ${accept}`));
  expect(request !== undefined && asksForEventStream(request)).toBe(asks);
});

test.each([
  ['upgrade', 'websocket', true],
  ['keep-alive, Upgrade', 'WebSocket', true],
])('Connection %s and Upgrade %s ask for a WebSocket', (connection, upgrade, asks) => {
  const request = read(head(...plain, `Connection: ${connection}`, `Upgrade: ${upgrade}`));
  expect(request !== undefined && asksForWebSocket(request)).toBe(asks);
});

test.each<[title: string, text: string]>([
  ['half a head', head(...plain).slice(0, -1)],
  ['a head and more', `${head(...plain)}x`],
  ['two heads', head(...plain).repeat(2)],
  ['another method', head('POST /sse HTTP/1.1', 'Host: a')],
  ['another version', head('GET /sse HTTP/1.0', 'Host: a')],
  ['a full address', head('GET http://a/sse HTTP/1.1', 'Host: a')],
  ['two spaces', head('GET  /sse HTTP/1.1', 'Host: a')],
  ['bytes above ASCII in the target', head('GET /\xe4/sse HTTP/1.1', 'Host: a')],
  ['bytes above ASCII in a header', head(...plain, 'X: \xe4')],
  ['no Host', head('GET /sse HTTP/1.1', 'X: a')],
  ['an empty Host', head('GET /sse HTTP/1.1', 'Host:')],
  ['two Hosts', head(...plain, 'host: b')],
  ['a space before the colon', head(...plain, 'X : a')],
  ['a folded line', head(...plain, 'X: a', ' b')],
  ['a bare line feed', head(...plain, 'X: a\nY: b')],
  ['a bare carriage return', head(...plain, 'X: a\rY: b')],
  ['a zero byte', head(...plain, 'X: a\0b')],
  ['an announced body', head(...plain, 'Content-Length: 0')],
  ['a chunked body', head(...plain, 'Transfer-Encoding: chunked')],
  ['an expectation', head(...plain, 'Expect: 100-continue')],
  ['another protocol', head(...plain, 'Connection: Upgrade', 'Upgrade: h2c')],
  ['several protocols', head(...plain, 'Connection: Upgrade', 'Upgrade: websocket, h2c')],
  ['an upgrade that is not connected', head(...plain, 'Upgrade: websocket')],
  ['options of the connection', head(...plain, 'Connection: close, X')],
  ['too many fields', head(...plain, ...Array<string>(10).fill('X: a'))],
  ['too many bytes', head(...plain, `X: ${'a'.repeat(1_000)}`)],
])('%s is not plain', (_, text) => {
  expect(read(text)).toBeUndefined();
});

test('no bytes make it throw, and what it takes stands in the bytes', () => {
  const fragment = fc.constantFrom(
    'GET ',
    '/sse',
    ' HTTP/1.1',
    '\r\n',
    'Host',
    ': ',
    'a',
    '\n',
    '\0',
    '\xff',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 30 }), (fragments) => {
      const text = fragments.join('');
      const request = read(text);
      if (request === undefined) return;
      expect(text.startsWith(`GET ${request.target} HTTP/1.1\r\n`)).toBe(true);
      expect(text.endsWith('\r\n\r\n')).toBe(true);
    }),
  );
});
