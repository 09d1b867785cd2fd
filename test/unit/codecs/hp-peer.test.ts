// Lines between nodes: vectors, every cut, both ways; proofs against known ones; and what is carried inside.

import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { packed, unpacked } from '../../../src/actors/codecs/hp-peer/packing.ts';
import { encodePeerLine, readPeerLine } from '../../../src/actors/codecs/hp-peer/peer-lines.ts';
import type { PeerMessage, SessionTold } from '../../../src/actors/codecs/hp-peer/peer-messages.ts';
import { isProved, proofOf } from '../../../src/actors/codecs/hp-peer/proof.ts';
import {
  base64Url,
  fromBase64Url,
  hmacSha256,
  sha256,
} from '../../../src/actors/codecs/hp-peer/sha256.ts';

interface Vectors {
  readonly good: readonly {
    readonly line: string;
    readonly message: unknown;
    /** As it is written to a node that can read columns. */
    readonly columns?: true;
  }[];
  readonly bad: readonly {
    readonly line: string;
    readonly code: string;
    readonly ignored?: true;
  }[];
  readonly proofs: readonly {
    readonly secret: string;
    readonly said: Parameters<typeof proofOf>[1];
    readonly responder: string;
    readonly initiator: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../spec/vectors/hp-peer.json', import.meta.url), 'utf8'),
) as Vectors;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('lines', () => {
  test.each(vectors.good)('[HP-PEER-1] reads and writes $line', ({ line, message, columns }) => {
    const reading = readPeerLine(bytes(line));
    expect(reading).toMatchObject({ ok: true, message });
    if (!reading.ok) return;
    const { id, timestamp } = JSON.parse(line) as { id: string; timestamp: number };
    const written = encodePeerLine(reading.message, id, timestamp, columns);
    const again = new TextDecoder().decode(written);
    expect(JSON.parse(again)).toEqual(JSON.parse(line));
  });

  test.each(vectors.bad)(
    '[HP-PEER-1] [HP-PEER-8] [HP-REPL-5] refuses $line',
    ({ line, code, ignored }) => {
      expect(readPeerLine(bytes(line))).toMatchObject({
        ok: false,
        code,
        isIgnored: ignored === true,
      });
    },
  );

  test('[HP-REPL-10] sessions are the same in columns and without', () => {
    const told = fc.record(
      {
        session: fc.string({ minLength: 1, maxLength: 128 }),
        user: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/),
        status: fc.constantFrom('online' as const, 'away' as const, 'busy' as const),
        note: fc.string({ maxLength: 512 }),
        lamport: fc.maxSafeNat(),
        since: fc.maxSafeNat(),
      },
      { requiredKeys: ['session', 'user', 'status', 'lamport'] },
    );
    const isText = ({ session, note = '' }: SessionTold): boolean => !/\0/.test(session + note);
    fc.assert(
      fc.property(fc.array(told.filter(isText)), fc.boolean(), (sessions, hasColumns) => {
        const owned = { node: 'n1', incarnation: 7, ver: 9, chunk: 0, chunks: 1 };
        const message = { type: 'PRESENCE_SYNC', ...owned, sessions } as const;
        const line = encodePeerLine(message, 'a1', 5, hasColumns).subarray(0, -1);
        const reading = readPeerLine(line);
        expect(reading).toEqual({ ok: true, message, timestamp: 5 });
      }),
    );
  });

  test('no line throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (line) => void readPeerLine(line)));
    const types = vectors.good.map(({ line }) => (JSON.parse(line) as { type: string }).type);
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (type, payload) => {
          const line = { version: '1.0', type, id: '1', timestamp: 1, source: 'server', payload };
          readPeerLine(bytes(JSON.stringify(line)));
        },
      ),
    );
  });

  test('a message of bytes comes as it went', () => {
    const message: PeerMessage = {
      ...{ type: 'FORWARD', n: 3, kind: 'publication', key: 'broker/a"\u0000', id: 'x1' },
      data: packed({ body: bytes('{"a":1e400}'), other: new Uint8Array([0xff, 0]) }),
    };
    const line = encodePeerLine(message, 'x1', 5);
    const reading = readPeerLine(line.subarray(0, -1));
    expect(reading).toEqual({ ok: true, message, timestamp: 5 });
  });
});

describe('proofs', () => {
  test.each(vectors.proofs)(
    '[HP-PEER-4] [HP-PEER-13] $responder',
    ({ secret, said, responder, initiator }) => {
      const key = { id: 'k1', secret: bytes(secret) };
      const { nodeA, incarnationA, nonceA, nodeB, incarnationB, nonceB } = said;
      const lines = [
        ...['hp1-responder', 'HP-PEER-1', said.cluster, nodeA, incarnationA, nonceA],
        ...[nodeB, incarnationB, nonceB, said.version, said.channel ?? '-'],
      ];
      const expected = createHmac('sha256', secret).update(lines.join('\n')).digest('base64url');
      expect(responder).toBe(expected);
      expect(proofOf('responder', said, key)).toBe(responder);
      expect(proofOf('initiator', said, key)).toBe(initiator);
      expect(isProved(responder, 'responder', said, key)).toBe(true);
      expect(isProved(responder, 'initiator', said, key)).toBe(false);
      const more = { ...said, nonceA: `${said.nonceA}x` };
      expect(isProved(responder, 'responder', more, key)).toBe(false);
    },
  );

  test('[HP-PEER-4] the hash is the platform’s', () => {
    const hex = (found: Uint8Array): string => Buffer.from(found).toString('hex');
    expect(hex(sha256(bytes('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    for (let size = 0; size < 200; size += 1) {
      const [key, message] = [randomBytes(size), randomBytes(200 - size)];
      const expected = createHmac('sha256', key).update(message).digest('hex');
      expect(hex(hmacSha256(key, message))).toBe(expected);
      expect(base64Url(message)).toBe(message.toString('base64url'));
      expect(fromBase64Url(base64Url(message))).toEqual(new Uint8Array(message));
    }
    expect(fromBase64Url('a')).toBeUndefined();
    expect(fromBase64Url('ab+/')).toBeUndefined();
  });
});

describe('what is carried', () => {
  test('[HP-RELAY-9] comes as it went, through JSON', () => {
    const leaf = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.uint8Array(), fc.string().map(bytes));
    const value = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$t', '$b', '$o', '$j', '__proto__')),
      fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf)),
    );
    fc.assert(
      fc.property(value, (one) => {
        const through: unknown = JSON.parse(JSON.stringify(packed(one)));
        expect(unpacked(through)).toEqual(one);
      }),
    );
  });

  test('[HP-RELAY-9] nests no deeper than a line may', () => {
    let deep: unknown = 'x';
    for (let at = 0; at < 500; at += 1) deep = { a: deep };
    const text = JSON.stringify(packed(deep));
    expect(unpacked(JSON.parse(text))).toEqual(deep);
    const message: PeerMessage = {
      type: 'FORWARD',
      n: 1,
      kind: 'room',
      key: 'r',
      id: undefined,
      data: packed(deep),
    };
    expect(readPeerLine(encodePeerLine(message, '1', 1).subarray(0, -1)).ok).toBe(true);
  });
});
