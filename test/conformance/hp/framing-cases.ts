// Lines and JSON, as bytes on a socket: the cases of spec/vectors/hp.json that are refused, and those about the stream.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type HpCase, hpCases, type HpRow } from './site.ts';
import { message } from './socket.ts';

type Text = string | readonly (string | { readonly repeat: string; readonly times: number })[];

interface Vector {
  readonly name: string;
  readonly spec: string;
  readonly line?: Text;
  readonly hex?: string;
  readonly lenient?: boolean;
  readonly error?: { readonly code: string; readonly ref: string | null; readonly field?: string };
}

const { lines } = JSON.parse(
  readFileSync(new URL('../../../spec/vectors/hp.json', import.meta.url), 'utf8'),
) as { readonly lines: readonly Vector[] };

const refusedRows: readonly HpRow[] = lines.flatMap((vector) => {
  const { name, spec, error, lenient } = vector;
  // LOGIN is refused for another reason once somebody has logged in; before, blank lines say nothing.
  const isLogin = typeof vector.line === 'string' && vector.line.includes('"type":"LOGIN"');
  if (error === undefined || lenient === true || vector.line === '') return [];
  const row: HpRow = [
    `[${spec}] ${name}`,
    async (site) => {
      const client = isLogin ? site.open() : await site.in('a');
      client.raw(bytesOf(vector));
      client.raw('\n');
      const payload = await client.refused(error.code);
      assert.equal(payload['ref'], error.ref);
      if (error.field !== undefined) assert.equal(payload['field'], error.field);
      if (payload['fatal'] === true) await client.ended();
      else await client.hearsNothing();
    },
  ];
  return [row];
});

const streamRows: readonly HpRow[] = [
  [
    '[HP-LIVE-2] [HP-FRAME-1] PING is answered before login, with LF and with CRLF',
    async (site) => {
      const client = site.open();
      assert.equal((await client.ask('PING', { echo: 'é' })).payload['echo'], 'é');
      client.raw(message('PING', '2').replace('\n', '\r\n'));
      assert.equal((await client.next()).payload['ref'], '2');
    },
  ],
  [
    '[HP-FRAME-3] blank lines are ignored',
    async (site) => {
      const client = site.open();
      client.raw('\n\n  \n\r\n');
      await client.hearsNothing();
    },
  ],
  [
    '[HP-FRAME-2] a byte at a time',
    async (site) => {
      const client = site.open();
      for (const character of message('PING', '1')) {
        client.raw(character);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await client.next()).payload['ref'], '1');
    },
  ],
  [
    '[HP-FRAME-2] several in one segment are answered in order',
    async (site) => {
      const client = site.open();
      client.raw(['1', '2', '3'].map((id) => message('PING', id)).join(''));
      for (const id of ['1', '2', '3']) assert.equal((await client.next()).payload['ref'], id);
    },
  ],
  [
    '[HP-FRAME-4] a line without its end is not executed, what came before it is answered',
    async (site) => {
      const client = site.open();
      client.raw(message('PING', '1') + message('PING', '2').trimEnd());
      client.finish();
      assert.equal((await client.next()).payload['ref'], '1');
      await client.ended();
      assert.equal(client.texts.length, 1);
    },
  ],
  [
    '[HP-ERR-3] the third line of garbage before login is fatal',
    async (site) => {
      const client = site.open();
      client.raw('hello\nhello\nhello\n');
      for (const fatal of [false, false, true])
        assert.equal((await client.refused('INVALID_JSON'))['fatal'], fatal);
      await client.ended();
    },
  ],
  [
    '[HP-ERR-3] the tenth within a minute is fatal after login',
    async (site) => {
      const client = await site.in('a');
      for (let i = 1; i <= 10; i += 1) {
        client.raw('[]\n');
        assert.equal((await client.refused('INVALID_MESSAGE'))['fatal'], i === 10);
      }
      await client.ended();
    },
  ],
  [
    '[HP-FRAME-7] HTTP is closed at once, and nothing behind it is obeyed',
    async (site) => {
      for (const first of ['GET / HTTP/1.1', 'POST / HTTP/1.1', 'Host: example.org']) {
        const client = site.open();
        client.raw(
          `${first}\r\nHost: x\r\n\r\n${message('LOGIN', '1', { user: site.name('eve') })}`,
        );
        await client.ended();
        assert.ok(!client.texts.join('').includes('LOGIN_OK'));
        assert.ok(client.texts.length <= 1);
      }
    },
  ],
  [
    '[HP-FRAME-5] a line of exactly the limit is taken; one byte more is told once, and the next line works',
    async (site) => {
      const client = await site.in('a');
      const frame = message('PING', 'x', { pad: '' });
      const padded = (bytes: number): string =>
        frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
      client.raw(padded(65_536));
      assert.equal((await client.next()).type, 'PONG');
      client.raw(padded(65_537));
      assert.equal((await client.refused('LINE_TOO_LONG'))['fatal'], false);
      client.raw(message('PING', 'after'));
      assert.equal((await client.next(10_000)).payload['ref'], 'after');
    },
  ],
  [
    '[HP-FRAME-5] before login a line of 9000 bytes is fatal',
    async (site) => {
      const client = site.open();
      client.raw(`${'x'.repeat(9_000)}\n`);
      assert.equal((await client.refused('LINE_TOO_LONG'))['fatal'], true);
      await client.ended();
    },
  ],
  [
    '[HP-FRAME-6] a line that does not end is told, and then ended',
    async (site) => {
      const client = await site.in('a');
      client.raw('x'.repeat(600_000));
      assert.equal((await client.refused('LINE_TOO_LONG'))['fatal'], false);
      assert.equal((await client.refused('LINE_TOO_LONG'))['fatal'], true);
      await client.ended();
    },
  ],
  [
    '[HP-JSON-7] sixty thousand brackets are answered at once, and others do not notice',
    async (site) => {
      const [client, other] = [await site.in('a'), await site.in('b')];
      client.raw(`${'['.repeat(60_000)}\n`);
      await other.hearsNothing();
      await client.refused('TOO_DEEP');
    },
  ],
  [
    '[HP-JSON-10] characters and data reach the others as they were written',
    async (site) => {
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      const room = site.name('room');
      // A CR is the end of a line for some: between values it may be a blank as well.
      const data = '{"n":170.50,\r"big":1e400,"s":"\\u0000\\r"}';
      a.raw(
        message('ROOM_MESSAGE', '1', { room, body: 'x😀\u2028y', data: 0 }).replace(
          '"data":0',
          `"data":${data}`,
        ),
      );
      assert.equal((await a.next()).type, 'ACK');
      assert.equal((await b.next()).payload['body'], 'x😀\u2028y');
      assert.ok(b.texts.at(-1)?.includes(`"data":${data.replace('\r', ' ')}`));
      assert.ok(b.texts.at(-1)?.includes('😀'));
    },
  ],
];

function bytesOf({ line = '', hex }: Vector): Uint8Array {
  if (hex !== undefined) return Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const parts = typeof line === 'string' ? [line] : line;
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : part.repeat.repeat(part.times),
  );
  return Buffer.from(texts.join(''), 'utf8');
}

export const framingCases: readonly HpCase[] = [
  ...hpCases('lines', streamRows),
  ...hpCases('vectors', refusedRows),
];
