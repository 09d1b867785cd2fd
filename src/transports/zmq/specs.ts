// ZeroMQ specs as Pushpin's configuration writes them, and how a socket is bound to one: `tcp://*:5560`,
// `tcp://127.0.0.1:5562`, `ipc:///run/node/stats`. Port 0 lets the kernel choose.
// Refuses to know what the sockets are for. Obeys spec/grip.md, section "Publishing".

import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import type { Socket } from 'zeromq';

export interface SpecTrouble {
  readonly code: string;
  readonly message: string;
}

export type SpecBinding =
  | { readonly ok: true; readonly endpoint: string }
  | ({ readonly ok: false } & SpecTrouble);

/** Binds and says where; the file of an `ipc` spec gets the mode, if one is given. */
export async function bindTo(
  socket: Socket,
  spec: string,
  ipcFileMode: number | undefined,
): Promise<SpecBinding> {
  const file = ipcFileOf(spec);
  if (file !== undefined && (await isListening(file))) {
    // The library would take the file away from its owner without a word.
    return { ok: false, code: 'EADDRINUSE', message: `somebody listens on ${file}` };
  }
  try {
    // Pushpin makes its run directory when there is none.
    if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
    socket.ipv6 = isIpv6(spec);
    await socket.bind(bindable(spec));
    if (file !== undefined && ipcFileMode !== undefined) chmodSync(file, ipcFileMode);
    return { ok: true, endpoint: socket.lastEndpoint ?? spec };
  } catch (error) {
    return { ok: false, ...troubleOf(error) };
  }
}

/** May throw. */
export function connectTo(socket: Socket, spec: string): void {
  socket.ipv6 = isIpv6(spec);
  socket.connect(spec);
}

/** The library takes such an address for the name of a device, unless it is told. */
function isIpv6(spec: string): boolean {
  return spec.startsWith('tcp://[');
}

/** What the library or the system says, as a code and a message. */
export function troubleOf(error: unknown): SpecTrouble {
  const { code = 'UNKNOWN', message = String(error) } = error as Partial<SpecTrouble>;
  return { code, message };
}

/** The library binds to addresses and interfaces, not to names, and asks for any port with a star. */
function bindable(spec: string): string {
  const [, scheme, host, port] = /^(tcp):\/\/(.*):(\d+|\*)$/.exec(spec) ?? [];
  if (scheme === undefined) return spec;
  return `tcp://${host === 'localhost' ? '127.0.0.1' : host}:${port === '0' ? '*' : port}`;
}

/** Undefined for other kinds, and for abstract names, which are no files. */
function ipcFileOf(spec: string): string | undefined {
  const path = spec.startsWith('ipc://') ? spec.slice('ipc://'.length) : '';
  return path === '' || path.startsWith('@') ? undefined : path;
}

function isListening(file: string): Promise<boolean> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSocket() !== true)
    return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = createConnection(file);
    const conclude = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => conclude(true));
    socket.once('error', () => conclude(false));
  });
}
