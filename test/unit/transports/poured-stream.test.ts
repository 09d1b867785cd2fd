import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { PouredStream } from '../../../src/transports/origins/poured-stream.ts';
import {
  Connection,
  type ConnectionHost,
  type Owner,
} from '../../../src/transports/streams/connection.ts';
import { SILENCE, Wire } from '../../../src/transports/streams/wire.ts';

const host: ConnectionHost = {
  willWrite() {},
  wrote() {},
  took() {},
  deliver() {},
  count() {},
  awaitClose() {},
  ended() {},
};

describe('a body that is poured into a stream', () => {
  it('[GRIP-NEXT-11] leaves nothing of it in memory, however long the next turn is in coming', async () => {
    const wire = new Wire((payload) => payload as Uint8Array);
    const socket = new PassThrough();
    const owner: Owner = { owner: addressOf(0, 'a'), receiptsTo: addressOf(0, 'b') };
    const kind = { wire, rules: undefined, listener: undefined, ending: undefined };
    const stream = new PouredStream(
      new Connection(1, socket as unknown as Socket, kind, owner, host),
    );
    for (let piece = 0; piece < 100; piece += 1)
      stream.write([Buffer.from('ab'), Buffer.from('cd')], false);
    socket.end();
    expect(await text(socket)).toBe('abcd'.repeat(100));
    expect(stream.bytes).toBe(400);
    // What a turn says is numbered from one.
    expect(wire.goOnRaw(SILENCE, new Uint8Array(1))).toBe(1);
  });
});
