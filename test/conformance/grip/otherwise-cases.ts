// Small things that Hermod does otherwise than Pushpin, each with its entry in spec/pushpin-differences.md.

import assert from 'node:assert/strict';

import { gripCases } from './case.ts';
import { holdResponse, holdStream } from './gateway.ts';
import { SECOND } from './origin.ts';

export const otherwiseCases = gripCases('otherwise', [
  [
    '[GRIP-STREAM-1] [DIFF-41] chunks are not told of as if they were the connection’s alone',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send();
      await answer.until('open\n');
      assert.equal((await answer.head()).header('connection'), undefined);
    },
  ],
  [
    '[GRIP-FILTER-5] [DIFF-42] a stream whose first body a filter cannot be applied to is 502',
    async (gateway) => {
      const headers = holdStream(`${gateway.channel}; filter=build-id`);
      gateway.plays({ body: '%I\n', headers });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-PATCH-3] [DIFF-43] with debug it is told that the patch cannot be made',
    async (gateway) => {
      gateway.plays({ body: '{}', headers: holdResponse(gateway.channel) });
      const formats = { 'http-response': { 'body-patch': [{ op: 'remove', path: '/a' }] } };
      const item = { channel: gateway.channel, formats };
      const answer = await gateway.publishUntil(gateway.ask({ host: 'debug.test' }), item);
      assert.equal(`${answer.status} ${answer.body}`, '502 failed to apply body-patch\n');
    },
  ],
  [
    '[GRIP-PROXY-9] [DIFF-43] with debug it is told how the origin failed',
    async (gateway) => {
      gateway.plays((asked) => {
        asked.socket.end('no HTTP\r\n\r\n');
        return undefined;
      });
      const answer = await gateway.ask({ host: 'debug.test' });
      assert.equal(`${answer.status} ${answer.body}`, '502 The origin failed: broken.\n');
    },
  ],
  [
    '[GRIP-HEAD-1] [DIFF-44] Pushpin-Check is a header as any',
    async (gateway) => {
      gateway.plays({ body: 'the origin’s' });
      const answer = await gateway.ask({ headers: { 'Pushpin-Check': '1' } });
      assert.equal(answer.body, 'the origin’s');
      assert.equal((await gateway.askedAt(0)).header('pushpin-check'), '1');
    },
  ],
  [
    '[GRIP-PROXY-13] [DIFF-45] a 101 that nobody has asked for is 502',
    async (gateway) => {
      gateway.plays((asked) => {
        asked.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n');
        return undefined;
      });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-PROXY-2] [DIFF-46] CONNECT is 405',
    async (gateway) => {
      const { answer } = gateway.raw('CONNECT plain.test:80 HTTP/1.1\r\nHost: plain.test\r\n\r\n');
      assert.equal((await answer.whole()).status, 405);
    },
  ],
  [
    '[GRIP-SMUG-1] [DIFF-46] a name in the Host is 400, and no credentials',
    async (gateway) => {
      gateway.plays({ body: 'ok' });
      const answer = await gateway.ask({ headers: { Host: 'ann@plain.test' } });
      assert.equal(answer.status, 400);
      assert.deepEqual(gateway.asked, []);
    },
  ],
  [
    '[GRIP-JSONP-3] [DIFF-47] a method that is none is a mistake',
    async (gateway) => {
      gateway.plays({ body: 'ok' });
      const path = '?callback=cb&_method=GET%20/x';
      const answer = await gateway.ask({ host: 'aco.test', path });
      assert.equal(`${answer.status} ${answer.body}`, '400 Invalid _method parameter.\n');
      assert.deepEqual(gateway.asked, []);
    },
  ],
  [
    '[GRIP-ROUTE-1] [DIFF-48] a route’s host has no case either',
    async (gateway) => {
      gateway.plays({ body: 'ok' });
      await gateway.ask({ host: 'capitals.test' });
      assert.equal((await gateway.askedAt(0)).origin, SECOND);
    },
  ],
  [
    '[GRIP-JSON-2] [DIFF-49] no Grip header of a response reaches the client',
    async (gateway) => {
      gateway.plays({
        headers: { 'Content-Type': 'application/grip-instruct' },
        body: '{"response":{"headers":{"Grip-Foo":"a","X-A":"b"},"body":"x"}}',
      });
      const answer = await gateway.ask();
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.header('grip-foo'), undefined);
    },
  ],
  [
    '[GRIP-TARGET-6] [DIFF-129] the test target answers a ping with a pong',
    async (gateway) => {
      const client = await gateway.socket('=/ws', { host: 'built-in.test' });
      client.socket.ping('x');
      assert.deepEqual(await client.next(), { kind: 'pong', data: 'x' });
    },
  ],
]);
