// The connections of a stay, one after the other: calls the server, passes lines on, asks a silent one whether it is
// there, and calls again when it is gone, later each time and never at a foreseeable moment.
// Refuses to know what is said. Obeys spec/process.md, section "Chat client".

import { randomUUID } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readServerLine } from '../actors/codecs/hp/client-lines.ts';
import { LineSplitter } from '../actors/codecs/hp/line-splitter.ts';
import { Conversation } from './conversation.ts';
import type { Happening } from './happenings.ts';
import type { Ending, Stay } from './stay.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Speaks TLS; with the authorities of `ca`, in PEM, where it is given. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

/** What `host:port` names; undefined for what names nothing. */
export function placeIn(text: string): Pick<Address, 'host' | 'port'> | undefined {
  const [, host, digits] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host === undefined || !(port > 0 && port <= 65_535) ? undefined : { host, port };
}

export type Outcome = Ending | { readonly kind: 'unreachable'; readonly text: string };

export interface LinkOptions {
  /** Nodes of one chat: where one is gone, the next one is called. */
  readonly addresses: readonly Address[];
  readonly stay: Stay;
  /** A server that does not answer is given up after so long; undefined never. */
  readonly giveUpMs: number | undefined;
  /** Of the first calls, one to each, one must succeed. */
  readonly isFirstCallFinal: boolean;
  readonly tell: (happening: Happening) => void;
}

const DIAL_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
const WATCH_EVERY_MS = 500;
const CALL_MIN_MS = 500;
const CALL_MAX_MS = 15_000;
/** A connection that held for so long was a good one. */
const GOOD_MS = 5_000;
const LINE_BYTES_MAX = 1_048_576;
const SERVERS_MAX = 64;

/** [PROC-CLIENT-5] Milliseconds before the next call: drawn anew below a limit that doubles. */
export function delayBeforeCall(failures: number, chance: number, leastMs: number): number {
  const limit = Math.min(CALL_MAX_MS, CALL_MIN_MS * 2 ** Math.min(failures, 10));
  return Math.round(leastMs + limit * chance);
}

export class Link {
  readonly conversation: Conversation;
  readonly outcome: Promise<Outcome>;
  readonly #options: LinkOptions;
  #end: (outcome: Outcome) => void = () => {};
  #socket: Socket | undefined = undefined;
  #splitter = new LineSplitter(LINE_BYTES_MAX);
  #isOver = false;
  #failures = 0;
  #calls = 0;
  /** Those that the person named, and those that a server has named. */
  #addresses: readonly Address[];
  /** Which of them is called next. */
  #next = 0;
  /** What the server said before it went. */
  #leastMs = 0;
  #reason = '';
  #connectedAt = 0;
  #heardAt = 0;
  #awaitingSince: number | undefined = undefined;
  #awaySince = performance.now();
  #timers: NodeJS.Timeout[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#addresses = options.addresses;
    this.outcome = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.conversation = new Conversation(options.stay, {
      write: (line) => this.#socket?.write(line),
      tell: options.tell,
      learn: (servers) => this.#learn(servers),
      wait: (ms) => this.#after(ms, () => this.conversation.goOn()),
      callAgain: (afterMs, reason) => this.#giveUpConnection(afterMs, reason),
      end: (ending) => this.#finish(ending),
      freshId: randomUUID,
      seconds: () => Math.floor(Date.now() / 1_000),
    });
    this.#call();
    this.#timers.push(setInterval(() => this.#watch(), WATCH_EVERY_MS));
  }

  #call(): void {
    if (this.#isOver) return;
    const address = this.#addresses[this.#next % this.#addresses.length];
    if (address === undefined) return;
    const { host, port, tls } = address;
    this.#calls += 1;
    this.#next = (this.#next + 1) % this.#addresses.length;
    this.#splitter = new LineSplitter(LINE_BYTES_MAX);
    this.#reason = '';
    this.#leastMs = 0;
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tls === undefined
        ? connectTcp({ host, port, noDelay: true })
        : connectTls({
            host,
            port,
            ...servername,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          });
    this.#socket = socket;
    let isOpen = false;
    const dialing = this.#after(DIAL_TIMEOUT_MS, () => {
      socket.destroy(new Error('it does not answer'));
    });
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(dialing);
      isOpen = true;
      this.#connectedAt = performance.now();
      this.#heardAt = performance.now();
      this.#awaitingSince = undefined;
      this.conversation.connected();
    });
    socket.on('data', (chunk: Buffer) => this.#heard(socket, chunk));
    socket.once('error', (error) => {
      this.#reason ||= error.message;
    });
    socket.once('close', () => {
      clearTimeout(dialing);
      if (this.#socket === socket) this.#closed(isOpen);
    });
  }

  #heard(socket: Socket, chunk: Buffer): void {
    this.#heardAt = performance.now();
    this.#splitter.push(chunk);
    for (;;) {
      const taken = socket.destroyed ? undefined : this.#splitter.next();
      if (taken === undefined) break;
      if (taken.kind === 'line' && isBlank(taken.bytes)) continue;
      const reading =
        taken.kind === 'line'
          ? readServerLine(taken.bytes)
          : ({ ok: false, problem: 'The line is too long.' } as const);
      if (reading.ok) this.conversation.heard(reading.message);
      else this.#giveUpConnection(0, `it does not speak HP: ${reading.problem}`);
    }
    this.conversation.acknowledge();
  }

  /** [PROC-CLIENT-5] A connection on which nothing comes any more looks like one that is well. */
  #watch(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.connecting || this.#connectedAt === 0) return;
    const { conversation } = this;
    const now = performance.now();
    if (!conversation.isAwaiting) {
      this.#awaitingSince = undefined;
      if (conversation.isHere && now - this.#heardAt >= conversation.heartbeatMs)
        conversation.ping();
      return;
    }
    this.#awaitingSince ??= now;
    if (now - Math.max(this.#awaitingSince, this.#heardAt) >= ANSWER_TIMEOUT_MS)
      this.#giveUpConnection(0, 'it says nothing any more');
  }

  /** [PROC-CLIENT-5] A server that goes says where else to go. */
  #learn(servers: readonly string[]): void {
    const tls = this.#options.addresses[0]?.tls;
    const told = servers.flatMap((text) => placeIn(text) ?? []).slice(0, SERVERS_MAX);
    const isAt = (one: { host: string; port: number }, other: { host: string; port: number }) =>
      one.host === other.host && one.port === other.port;
    const named = this.#options.addresses;
    const others = told.filter((one) => !named.some((known) => isAt(known, one)));
    this.#addresses = [...named, ...others.map((one) => ({ ...one, tls }))];
    const [first] = told;
    const at = this.#addresses.findIndex((one) => first !== undefined && isAt(one, first));
    if (at >= 0) this.#next = at;
  }

  #giveUpConnection(leastMs: number, reason: string): void {
    this.#leastMs = leastMs;
    this.#reason = reason;
    this.#socket?.destroy();
  }

  #closed(wasOpen: boolean): void {
    const now = performance.now();
    this.#socket = undefined;
    const wasHere = this.conversation.isHere;
    const wasGood = wasHere && now - this.#connectedAt >= GOOD_MS;
    this.#connectedAt = 0;
    if (wasHere) this.#awaySince = now;
    if (wasOpen) this.conversation.lost();
    if (this.#isOver) return;
    const reason = this.#reason === '' ? 'the connection ended' : this.#reason;
    const { giveUpMs, isFirstCallFinal, addresses, tell } = this.#options;
    // One failure each, before waiting gets longer.
    const rounds = Math.floor(this.#failures / addresses.length);
    const inMs = delayBeforeCall(wasGood ? 0 : rounds, Math.random(), this.#leastMs);
    this.#failures = wasGood ? 0 : this.#failures + 1;
    const isFirstRound = !wasOpen && !this.conversation.hasBeenHere;
    const isNobodyThere = isFirstRound && this.#calls >= addresses.length;
    const isTooLong = giveUpMs !== undefined && now + inMs - this.#awaySince > giveUpMs;
    if (isTooLong || (isNobodyThere && isFirstCallFinal)) {
      this.#finish({ kind: 'unreachable', text: reason });
      return;
    }
    tell({ kind: 'lost', reason, inMs });
    this.#after(inMs, () => this.#call());
  }

  #finish(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket?.end();
    this.#socket?.unref();
    this.#end(outcome);
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      then();
    }, ms);
    this.#timers.push(timer);
    return timer;
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
