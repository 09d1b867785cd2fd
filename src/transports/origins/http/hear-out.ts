// A socket that is written to after its peer has closed, and is still read to its end.
// Refuses to know what is said on it. Obeys spec/grip.md, section "Forwarding".

import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;
type Chunks = { chunk: unknown; encoding: BufferEncoding }[];

/**
 * [GRIP-PROXY-14] Who refuses a long body may close while we still send it, which fails before what it said is read.
 * What it said counts: the rest goes nowhere, and the end comes by reading.
 */
export function hearOut(socket: Socket): void {
  let isDeaf = false;
  const forgiving =
    (done: Done): Done =>
    (error) => {
      isDeaf = ['EPIPE', 'ECONNRESET'].includes(
        (error as NodeJS.ErrnoException | null)?.code ?? '',
      );
      done(isDeaf ? null : error);
    };
  const write = socket['_write'].bind(socket);
  const writeAll = socket['_writev']?.bind(socket);
  Object.assign(socket, {
    _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
      if (isDeaf) done(null);
      else write(chunk, encoding, forgiving(done));
    },
  });
  if (writeAll === undefined) return;
  Object.assign(socket, {
    _writev(chunks: Chunks, done: Done): void {
      if (isDeaf) done(null);
      else writeAll(chunks, forgiving(done));
    },
  });
}
