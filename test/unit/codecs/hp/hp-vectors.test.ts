// Runs spec/vectors/hp.json: each line to a request or an error, each stream whole and byte by byte.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readEnvelope } from '../../../../src/actors/codecs/hp/envelope.ts';
import { LineSplitter, type Taken } from '../../../../src/actors/codecs/hp/line-splitter.ts';
import { readPayload } from '../../../../src/actors/codecs/hp/payloads.ts';

type Text = string | readonly (string | { readonly repeat: string; readonly times: number })[];

interface LineCase {
  readonly name: string;
  readonly spec: string;
  readonly line?: Text;
  readonly hex?: string;
  readonly lenient?: boolean;
  readonly ok?: {
    readonly type: string;
    readonly id: string | null;
    readonly request?: object;
    readonly dataText?: string;
  };
  readonly error?: { readonly code: string; readonly ref: string | null; readonly field?: string };
}

interface StreamCase {
  readonly name: string;
  readonly spec: string;
  readonly bytes: Text;
  readonly limit: number;
  readonly taken: readonly (string | { readonly kind: string })[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../spec/vectors/hp.json', import.meta.url), 'utf8'),
) as { readonly lines: readonly LineCase[]; readonly streams: readonly StreamCase[] };

describe('lines', () => {
  test.each(vectors.lines.map((one) => [one.spec, one.name, one] as const))(
    '%s: %s',
    (_, __, one) => {
      expect(read(one)).toMatchObject(expectedOf(one));
    },
  );
});

describe('streams', () => {
  test.each(vectors.streams.map((one) => [one.spec, one.name, one] as const))(
    '%s: %s',
    (_, __, { bytes, limit, taken }) => {
      const whole = bytesOf(bytes);
      expect(split([whole], limit)).toEqual(taken);
      expect(
        split(
          [...whole].map((byte) => Uint8Array.of(byte)),
          limit,
        ),
      ).toEqual(taken);
    },
  );
});

test.each([
  '[HP-JSON-1] [HP-JSON-2] [HP-JSON-3] [HP-JSON-4] [HP-JSON-5]',
  '[HP-JSON-6] [HP-JSON-7] [HP-JSON-8] [HP-JSON-9] [HP-JSON-10]',
  '[HP-ENV-1] [HP-ENV-2] [HP-ENV-3] [HP-ENV-4] [HP-ENV-5]',
  '[HP-ENV-6] [HP-ENV-7] [HP-ENV-8] [HP-ENV-9] [HP-ENV-10]',
  '[HP-PAY-1] [HP-NAME-1] [HP-NAME-2] [HP-MSG-3]',
])('%s have cases', (ids) => {
  const named = new Set(vectors.lines.map(({ spec }) => `[${spec}]`));
  for (const id of ids.split(' ')) expect(named).toContain(id);
});

function read({ line, hex, lenient = false }: LineCase): object {
  const bytes =
    hex === undefined ? bytesOf(line ?? '') : Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const reading = readEnvelope(bytes, lenient);
  if (!reading.ok) return { ...reading.mistake, ref: reading.ref };
  const { envelope } = reading;
  const payload = readPayload(envelope, { bodyBytesMax: 16_384 });
  if (!payload.ok) return { ...payload.mistake, ref: envelope.id ?? null };
  const { type, id = null, dataText } = envelope;
  return { type, id, dataText, request: payload.request };
}

function expectedOf({ ok, error }: LineCase): object {
  return ok ?? error ?? {};
}

function split(chunks: readonly Uint8Array[], limit: number): unknown[] {
  const splitter = new LineSplitter(limit);
  const taken: unknown[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    for (let next = splitter.next(); next !== undefined; next = splitter.next())
      taken.push(shown(next));
  }
  return taken;
}

function shown(taken: Taken): unknown {
  return taken.kind === 'line' ? new TextDecoder().decode(taken.bytes) : { kind: taken.kind };
}

function bytesOf(text: Text): Uint8Array {
  const parts = typeof text === 'string' ? [text] : text;
  const whole = parts.map((part) =>
    typeof part === 'string' ? part : part.repeat.repeat(part.times),
  );
  return new TextEncoder().encode(whole.join(''));
}
