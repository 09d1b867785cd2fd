// What nodes say to each other, listened to on the way: lines of a handshake as long as it lasts, what is forwarded, and
// heartbeats between nodes of which one is of an earlier version. Read with a reader of its own. Refuses to change anything, and to judge.

import type { PeerConnection } from '../../edges/tcp/mesh.ts';
import { nodeNamed } from '../../plan/chat-plan.ts';
import type { Trace } from '../../trace.ts';
import { Lines } from './hp-lines.ts';

interface Tapped {
  /** No other connection has it; below zero for a detour. */
  readonly id: number;
  readonly caller: number;
  readonly called: number;
  readonly there: Lines;
  readonly back: Lines;
  /** The caller has said that it is ready: everything may be told from then on. */
  isReady: boolean;
  /** The one that both speak. */
  version: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

export class PeerTap {
  readonly #trace: Trace;
  readonly #tapped = new Map<number, Tapped>();
  /** By who opened it, and its number there. */
  readonly #detours = new Map<string, Tapped>();
  #lastDetour = -1;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  hear({ connection, caller, called }: PeerConnection, isCaller: boolean, bytes: Uint8Array): void {
    const { id } = connection;
    let tapped = this.#tapped.get(id);
    if (tapped === undefined) {
      tapped = newTapped(id, caller, called);
      this.#tapped.set(id, tapped);
    }
    this.#bytes(tapped, isCaller, bytes);
  }

  /** Everything may be told over it. */
  isReady(connection: number): boolean {
    return this.#tapped.get(connection)?.isReady === true;
  }

  #bytes(tapped: Tapped, isCaller: boolean, bytes: Uint8Array): void {
    const direction = isCaller ? tapped.there : tapped.back;
    for (const line of direction.cut(bytes)) this.#line(tapped, isCaller, decoder.decode(line));
  }

  #line(tapped: Tapped, isCaller: boolean, line: string): void {
    const isForward = line.includes('"type":"FORWARD"');
    const isDetour = line.includes('"type":"DETOUR"');
    const isError = line.includes('"type":"ERROR"');
    const isBeat = tapped.version === FIRST_VERSION && line.includes('"type":"HEARTBEAT"');
    // What comes all the time, and tells judges nothing, is not even read.
    if (tapped.isReady && !isForward && !isDetour && !isBeat && !isError) return;
    const { type, payload } = JSON.parse(line) as { type: string; payload: Fields };
    if (type === 'SERVER_READY') tapped.isReady = true;
    if (type === 'SERVER_CHALLENGE') tapped.version = payload['version'] as string;
    const { id, caller, called, version } = tapped;
    const [node, to] = isCaller ? [caller, called] : [called, caller];
    if (type === 'DETOUR') {
      this.#detour(node, payload as unknown as Detour);
      return;
    }
    const more =
      type === 'FORWARD'
        ? forwardedIn(payload)
        : {
            ...{ version, hasHave: type === 'HEARTBEAT' && payload['have'] !== undefined },
            code: type === 'ERROR' ? String(payload['code']) : undefined,
          };
    this.#trace.add({ kind: 'peerSpoke', node, to, connection: id, isCaller, type, ...more });
  }

  /** What is carried was said by the one that it comes from, when that said it. */
  #detour(node: number, { from, to, caller, call, say, data }: Detour): void {
    if (nodeNamed(from) !== node) return;
    const key = `${caller} ${call}`;
    if (say === 'open') {
      this.#lastDetour -= 1;
      this.#detours.set(key, newTapped(this.#lastDetour, node, nodeNamed(to)));
    }
    const tapped = this.#detours.get(key);
    if (tapped !== undefined && data !== undefined)
      this.#bytes(tapped, caller === from, encoder.encode(data.text));
  }
}

interface Detour {
  readonly from: string;
  readonly to: string;
  readonly caller: string;
  readonly call: number;
  readonly say: string;
  readonly data?: { readonly text: string };
}

const FIRST_VERSION = '1.0';

function newTapped(id: number, caller: number, called: number): Tapped {
  const ways = { there: new Lines(), back: new Lines() };
  return { id, caller, called, ...ways, isReady: false, version: undefined };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function forwardedIn(payload: Fields) {
  const { n, kind, data } = payload as { n: number; kind: string; data: Fields };
  // Of a part nobody can tell what the whole says.
  if ('part' in data) return { n };
  const { key, body } = data as { key: string; body: Fields };
  return { n, key: `${kind} ${key}`, ...readers[kind]?.(body) };
}

/** What a home has given its place, or a client of the broker has published. */
function publicationIn({ body }: Fields): Named {
  if (typeof body !== 'object' || body === null) return {};
  const { entry, $t: text } = body as { entry?: Fields; $t?: string };
  if (entry !== undefined)
    return {
      message: `${String(entry['from'])} ${String(entry['id'])}`,
      ...{ epoch: Number(entry['epoch']), origin: nameIn(entry) },
    };
  const publication = text === undefined ? undefined : /pub:\d+/.exec(text)?.[0];
  return publication === undefined ? {} : { message: publication };
}

/** A direct message, or word of one that is held for the other node. */
function userIn({ say, message, from: by, id: name }: Fields): Named {
  if (say === 'held') return { holds: `${String(by).toLowerCase()} ${String(name)}` };
  if (say !== 'direct') return {};
  const { from, id } = message as { from: string; id: string };
  return { message: `${from} ${id}` };
}

/** Up to where it keeps the room. */
function roomIn({ say, place }: Fields): Named {
  if (say !== 'kept') return {};
  const { epoch, seq } = place as { epoch: number; seq: number };
  return { keeps: [epoch, seq] };
}

interface Named {
  readonly message?: string;
  readonly epoch?: number;
  readonly origin?: string;
  readonly holds?: string;
  readonly keeps?: readonly [epoch: number, seq: number];
}

const readers: Readonly<Record<string, (body: Fields) => Named>> = {
  publication: publicationIn,
  user: userIn,
  room: roomIn,
};

function nameIn(entry: Fields): string {
  return String(entry['node']);
}
