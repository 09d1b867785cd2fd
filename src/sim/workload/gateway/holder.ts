// One client of the gateway: it polls again and again, reads a stream and comes back when it ends, speaks over a
// WebSocket, or asks for something that is only passed on. It leaves when it likes, and gives up what stays silent.
// It records what it saw, read with a reader of its own. Refuses to judge, and to know what is behind the gateway.

import { Prng } from '../../../actors/runtime/prng.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { HeaderList } from '../../../actors/runtime/gateway-edges.ts';
import type { GatewayWord } from '../../edges/gateway/gateway-words.ts';
import type { Link } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord, type Unit } from '../../edges/network.ts';
import { ObjectPayload } from '../../edges/object-payload.ts';
import type { EventOf, Trace } from '../../trace.ts';
import type { HolderPlan } from '../../plan/gateway-plan.ts';
import { linkOf } from '../own-ways.ts';
import { LineReader } from './line-reader.ts';

/** What a holder needs of its world. */
export interface HolderWorld {
  readonly now: number;
  readonly isSettling: boolean;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  connect(plan: HolderPlan, link: Link): Connection | undefined;
}

export class Holder implements Endpoint {
  readonly plan: HolderPlan;
  readonly link: Link;
  connection: Connection | undefined = undefined;
  readonly #world: HolderWorld;
  readonly #chance: Prng;
  /** The same each time. */
  readonly #headers: HeaderList;
  /** By full name of a channel: the last item that it has seen. */
  readonly #seen = new Map<string, number>();
  #reader = new LineReader();
  #status: number | undefined = undefined;
  #isOpen = false;
  #isWhole = false;
  #isAway = false;
  #isClosing = false;
  #isAsleep = false;
  #heardAt = 0;
  /** Of the present connection. */
  #words = 0;
  #asked = 0;

  constructor(plan: HolderPlan, world: HolderWorld, seed: number) {
    this.plan = plan;
    this.#world = world;
    this.#chance = new Prng(seed, `holder ${plan.client}`);
    this.link = linkOf(plan, seed);
    this.#headers = [['Host', hostOf(plan)]];
    this.#comeBack(this.#chance.below(300_000));
    if (plan.leavesEveryUs > 0) this.#departLater();
    if (plan.what === 'ws') this.#speakLater();
    this.#napLater();
  }

  /** Faults are over: its way is wide again. */
  settle(): void {
    this.link.bytesPerSecond = 0;
    this.link.windowBytes = SETTLED_WINDOW_BYTES;
    this.connection?.down.resume();
    this.#isAsleep = false;
    this.readable();
  }

  /** It lets go of what it has, and does not come again. */
  leaveForever(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    const { node, client } = this.plan;
    this.#world.trace.add({ kind: 'left', node, client });
    this.#depart();
  }

  /** It is gone, and nobody is told. */
  vanish(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.isCut = true;
    this.#ended('client');
  }

  abort(): void {
    this.#depart();
  }

  burst(count: number): void {
    for (let word = 0; word < Math.min(count, BURST_MAX); word += 1) this.#speak();
  }

  sayRaw(unit: Unit): void {
    this.connection?.say(unit);
  }

  taken(): void {}

  readable(): void {
    const { connection } = this;
    if (connection === undefined || this.#isAsleep) return;
    for (;;) {
      const unit = connection.down.read();
      if (unit === undefined) break;
      this.#heardAt = this.#world.now;
      if (this.connection === connection) this.#hear(unit);
    }
    connection.down.drained();
  }

  #ask(): void {
    if (this.connection !== undefined || this.#isAway) return;
    const { plan } = this;
    const { what, isTooLarge, filter, isInterval = false } = plan;
    const traits = { isTooLarge, filter, isInterval, naps: plan.napsEveryUs !== undefined };
    const connection = this.#world.connect(plan, this.link);
    if (connection === undefined) {
      this.#comeBack(RETRY_US + this.#chance.below(RETRY_US));
      return;
    }
    this.#asked += 1;
    connection.meet(this);
    this.connection = connection;
    this.#reader = new LineReader();
    this.#status = undefined;
    this.#isOpen = false;
    this.#isClosing = false;
    this.#isWhole = false;
    this.#words = 0;
    this.#heardAt = this.#world.now;
    const channels = plan.channels.map((channel) => plan.prefix + channel);
    const seen = channels.map((channel) => this.#seen.get(channel) ?? 0);
    this.#world.trace.add({ kind: 'holdAsked', what, channels, seen, ...traits, ...this.#at() });
    this.sayRaw({ word: 'gateway', said: this.#request(connection.id, seen) });
    if (plan.askBytes > 0 && what !== 'ws') {
      this.sayRaw(encodeText('q'.repeat(plan.askBytes)));
      this.sayRaw({ word: 'gateway', said: { say: 'end' } });
    }
    this.#watch(this.#asked);
  }

  #request(connection: number, seen: readonly number[]): GatewayWord {
    const { what, prefix, channels, isJson, isGoneTold, padBytes, askBytes, client } = this.plan;
    const { filter, isInterval, isOneByOne } = this.plan;
    const isDirect = this.plan.isDirect === true;
    const fields = [
      `c=${connection}`,
      `n=${client}`,
      `pre=${prefix}`,
      ...(padBytes > 0 ? [`pad=${padBytes}`] : []),
      ...(isJson ? ['json=1'] : []),
      ...(isGoneTold ? ['gone=1'] : []),
      ...(filter === undefined ? [] : [`${filter}=1`]),
      ...(isInterval === true ? ['interval=1'] : []),
      ...(isOneByOne === true ? ['one=1'] : []),
      ...channels.map((channel, place) => `ch=${channel}:${seen[place] ?? 0}`),
    ];
    const isWebSocket = what === 'ws';
    const host = hostOf(this.plan);
    return {
      say: 'request',
      method: askBytes > 0 && !isWebSocket ? 'POST' : 'GET',
      path: isDirect ? '/direct' : `/${what}`,
      search: `?${fields.join('&')}`,
      host,
      headers: this.#headers,
      bodyBytes: isWebSocket ? 0 : askBytes,
      isWebSocket,
    };
  }

  #hear(unit: Unit): void {
    if (unit instanceof ObjectPayload) this.#mishear('a value of the object lane');
    else if (!isWord(unit)) this.#hearBytes(unit);
    else if (unit.word === 'gateway') this.#hearWord(unit.said);
    else if (unit.word === 'fin') {
      this.sayRaw({ word: 'fin' });
      this.#ended('server');
    } else if (unit.word === 'reset') this.#ended('network');
    else this.#mishear(unit.word);
  }

  #hearWord(said: GatewayWord): void {
    switch (said.say) {
      case 'head':
        if (this.#status !== undefined || this.#isOpen) this.#mishear('a second answer');
        this.#status = said.status;
        if (this.plan.what === 'stream' && said.status === 200) this.#opened();
        return;
      case 'upgraded':
        if (this.#isOpen) this.#mishear('a second handshake');
        this.#opened();
        return;
      case 'end':
        if (this.#isWhole) this.#mishear('a second end');
        this.#isWhole = true;
        if (!this.#isOpen) this.#answered();
        return;
      case 'frame':
        this.#hearFrame(said.kind, said.bytes);
        return;
      case 'close':
        // Whoever is told to go goes; whoever wants to go has said so already.
        if (!this.#isClosing) this.sayRaw({ word: 'gateway', said });
        else this.#closeAnswered(said.code);
        return;
      default:
        this.#mishear(said.say);
    }
  }

  #opened(): void {
    this.#isOpen = true;
    this.#world.trace.add({ kind: 'holdOpened', ...this.#at() });
  }

  #hearBytes(bytes: Uint8Array): void {
    if (this.#status === undefined || this.#isWhole) {
      this.#mishear('bytes outside of an answer');
      return;
    }
    this.#reader.read(bytes);
    if (this.#isOpen) for (const line of this.#reader.take()) this.#hearLine(line);
  }

  #hearLine(line: string): void {
    const item = itemOf(line);
    if (item === undefined) {
      if (line === '-alive') this.#world.trace.add({ kind: 'holdKept', ...this.#at() });
      else if (!line.startsWith('-')) this.#mishear(line.slice(0, 40));
      return;
    }
    this.#see(item.channel, item.number);
    const { channel, number } = item;
    this.#world.trace.add({ kind: 'holdHeard', channel, item: number, ...this.#at() });
  }

  #hearFrame(kind: string, bytes: Uint8Array): void {
    if (kind !== 'text') return;
    const words = decoder.decode(bytes);
    if (words.startsWith('-')) return;
    if (words.startsWith('d:')) {
      const word = Number(words.slice(2));
      this.#world.trace.add({ kind: 'delayHeard', word, ...this.#at() });
      return;
    }
    const item = itemOf(words.trimEnd());
    if (item === undefined)
      this.#world.trace.add({ kind: 'wordEchoed', word: Number(words), ...this.#at() });
    else this.#hearLine(words.trimEnd());
  }

  /** A whole answer has been read. */
  #answered(): void {
    const lines = new Map<string, number[]>();
    let length: number | undefined;
    let padding = 0;
    for (const line of this.#reader.take()) {
      const item = itemOf(line);
      if (item !== undefined) {
        const items = lines.get(item.channel) ?? [];
        items.push(item.number);
        lines.set(item.channel, items);
        this.#see(item.channel, item.number);
      } else if (line.startsWith('=')) length = Number(line.slice(1));
      else if (line.startsWith('-')) padding = Math.max(padding, line.length - 1);
    }
    const status = this.#status ?? 0;
    const { what, askBytes, padBytes } = this.plan;
    if (what === 'plain' && status === 200 && (length !== askBytes || padding !== padBytes))
      this.#mishear(`an answer of ${padding} bytes to ${length} of ${askBytes} asked`);
    const read = Array.from(lines, ([channel, items]) => ({ channel, items }));
    this.#world.trace.add({ kind: 'holdAnswered', status, lines: read, ...this.#at() });
  }

  #see(channel: string, item: number): void {
    if (item > (this.#seen.get(channel) ?? 0)) this.#seen.set(channel, item);
  }

  #mishear(what: string): void {
    this.#world.trace.add({ kind: 'holdMisheard', what, ...this.#at() });
  }

  #ended(by: EventOf<'holdEnded'>['by']): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.#world.trace.add({ kind: 'holdEnded', by, isWhole: this.#isWhole, ...this.#at() });
    this.connection = undefined;
    connection.leave();
    const isGood = this.#status === 200 && this.#isWhole && this.plan.what !== 'plain';
    this.#comeBack(isGood ? this.#chance.below(20_000) : RETRY_US + this.#chance.below(RETRY_US));
  }

  #comeBack(delayUs: number): void {
    this.#world.later(delayUs, () => this.#ask());
  }

  /** What has said nothing for long is given up. */
  #watch(asked: number): void {
    this.#world.later(WATCH_EVERY_US, () => {
      if (this.connection === undefined || this.#asked !== asked) return;
      const isPatient = this.plan.what === 'ws' && this.#isOpen && !this.connection.isCut;
      if (!isPatient && !this.#isAsleep && this.#world.now - this.#heardAt > PATIENCE_US)
        this.#depart('patience');
      else this.#watch(asked);
    });
  }

  #depart(by: 'client' | 'patience' = 'client'): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.reset();
    this.#ended(by);
  }

  #departLater(): void {
    const { leavesEveryUs } = this.plan;
    this.#world.later(this.#chance.between(leavesEveryUs >> 1, leavesEveryUs * 2), () => {
      if (this.#world.isSettling) return;
      if (this.plan.what === 'ws' && this.#isOpen && this.#chance.below(2) === 0) this.#close();
      else this.#depart();
      this.#departLater();
    });
  }

  /** It reads nothing for a while. */
  #napLater(): void {
    const { napsEveryUs = 0 } = this.plan;
    if (napsEveryUs === 0) return;
    this.#world.later(this.#chance.between(napsEveryUs >> 1, napsEveryUs * 2), () => {
      if (this.#world.isSettling) return;
      this.#isAsleep = true;
      this.#world.later(this.#chance.between(NAP_US_MAX >> 2, NAP_US_MAX), () => {
        this.#isAsleep = false;
        this.#heardAt = this.#world.now;
        this.readable();
        this.#napLater();
      });
    });
  }

  /** As its protocol asks; its words until then are heard. */
  #close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { closeCode: code = NORMAL } = this.plan;
    this.sayRaw({ word: 'gateway', said: { say: 'close', code, reason: '' } });
  }

  #closeAnswered(code: number): void {
    const { closeCode: said = NORMAL } = this.plan;
    this.#world.trace.add({ kind: 'closeAnswered', said, code, ...this.#at() });
  }

  #speakLater(): void {
    this.#world.later(1 + this.#chance.below(this.plan.everyUs * 2), () => {
      if (this.#world.isSettling) return;
      this.#speak();
      this.#speakLater();
    });
  }

  #speak(): void {
    if (this.plan.what !== 'ws' || this.connection === undefined) return;
    if (!this.#isOpen || this.#isClosing) return;
    this.#words += 1;
    const word = this.#words;
    this.#world.trace.add({ kind: 'wordSaid', word, ...this.#at() });
    const bytes = encodeText(String(word).padEnd(this.plan.wordBytes ?? 0));
    this.sayRaw({ word: 'gateway', said: { say: 'frame', kind: 'text', bytes } });
  }

  #at(): { readonly node: number; readonly client: number; readonly connection: number } {
    const { node, client } = this.plan;
    return { node, client, connection: this.connection?.id ?? -1 };
  }
}

function hostOf({ what, isDirect, isOneByOne, prefix }: HolderPlan): string {
  if (what === 'ws' && isOneByOne === true) return 'one.test';
  if (what === 'ws') return isDirect === true ? 'direct.test' : 'ws.test';
  return `${prefix.slice(0, 2)}.test`;
}

function itemOf(line: string): { readonly channel: string; readonly number: number } | undefined {
  const [, channel, number] = /^([^-=#][^#]*)#(\d+)$/.exec(line) ?? [];
  if (channel === undefined || number === undefined) return undefined;
  return { channel, number: Number(number) };
}

const decoder = new TextDecoder();
const NORMAL = 1_000;
/** Longer than a hold lasts, with what its origin thinks about it. */
const PATIENCE_US = 7_000_000;
const WATCH_EVERY_US = 1_000_000;
const RETRY_US = 200_000;
const NAP_US_MAX = 5_000_000;
const SETTLED_WINDOW_BYTES = 1_048_576;
const BURST_MAX = 20;
