// The origins of errands that go through the gateway: each says what its errand has written down for it, or tells what it
// was asked; what a WebSocket's origin was told is kept for whoever asks. Refuses to know who runs errands, and to judge.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { OriginLine, SocketHearing } from '../../edges/gateway/origin-socket.ts';
import { errandNamed } from '../../records/errands/all.ts';
import { echoWords, type Errand, type Said } from '../../records/errands/errand.ts';
import { pages, SILENT_PAGE } from '../../records/errands/links.ts';
import { EVENTS } from '../../records/errands/talks/sockets.ts';
import { headerWords } from '../../records/scenes/sounds.ts';
import { eventWords, readEvents } from '../scenes/scene-events.ts';
import { ErrandLine } from './errand-line.ts';

export interface OriginWorld {
  readonly now: number;
  later(delayUs: number, act: () => void): void;
}

/** Nobody listens at the second one. */
export const ERRAND_ORIGINS: readonly string[] = ['origin-e', 'origin-f', 'else.test'];

type Asking = Extract<Errand, { readonly to: 'door' | 'socket' | 'turns' }>;

export class ErrandOrigin {
  readonly #world: OriginWorld;
  readonly #chance: Prng;
  /** By errand. */
  readonly #told = new Map<string, string[]>();
  readonly #toldAt = new Map<string, number>();
  readonly #ids = new Map<string, string>();
  /** When those of a crowd asked again. */
  readonly #paces = new Map<string, { readonly first: number; readonly last: number }>();
  /** By Connection-Id, how often it was asked behind the handshake, and by errand of a crowd. */
  readonly #asked = new Map<string, number>();

  constructor(chance: Prng, world: OriginWorld) {
    this.#chance = chance;
    this.#world = world;
  }

  /** All that the origin of a WebSocket was told. */
  toldOf(errand: string): string {
    return (this.#told.get(errand) ?? []).join(' / ');
  }

  /** How fast those of a crowd asked again. */
  paceOf(errand: string): string {
    const { first = 0, last = 0 } = this.#paces.get(errand) ?? {};
    if (last - first < PACED_US_MIN) return 'at once';
    return last - first < PACED_US_MAX ? 'one after the other' : 'slowly';
  }

  /** The Connection-Id by which it knows its client. */
  idOf(errand: string): string {
    return this.#ids.get(errand) ?? '';
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    let isOver = asked.target.endsWith(`/${SILENT_PAGE}`);
    // Who is not there is told nothing.
    const said = asked.host === ERRAND_ORIGINS[1] ? undefined : this.#saidTo(asked);
    const delayUs = WAY_US + this.#chance.below(WAY_US) + (said?.afterMs ?? 0) * 1_000;
    this.#world.later(delayUs, () => {
      if (isOver) return;
      if (asked.isUntrusted === true) hearing.failed('blocked', false);
      else if (asked.host === ERRAND_ORIGINS[1]) hearing.failed('refused', false);
      else if (said?.fails !== undefined) hearing.failed(said.fails.why, said.fails.wasSent);
      else {
        const { status, headers, body } = said ?? { status: 200, headers: [], body: echoOf(asked) };
        hearing.answered({ status, reason: status === 200 ? 'OK' : 'Somehow', headers });
        hearing.carried(encodeText(body));
        hearing.ended(said?.isBroken !== true);
      }
    });
    return () => {
      isOver = true;
    };
  }

  /** Who speaks no WebSocket gives the handshake the answer of a request. */
  call(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine {
    const errand = askingIn(asked);
    const line = errand?.to === 'door' ? undefined : errand?.line;
    if (errand === undefined || line === undefined || asked.isUntrusted === true)
      return { say() {}, close() {}, cut: this.ask(asked, hearing) };
    return new ErrandLine(line, hearing, {
      later: (delayUs, act) => this.#world.later(delayUs, act),
      told: (words) => this.#tell(errand, words),
    });
  }

  #saidTo(asked: AskedOrigin): Said | undefined {
    const errand = askingIn(asked);
    if (errand === undefined) return pages[nameIn(asked.target)];
    if (errand.to === 'door' && errand.times !== undefined) {
      const times = (this.#asked.get(errand.name) ?? 0) + 1;
      this.#asked.set(errand.name, times);
      if (times <= errand.times) return errand.said;
      const { now: last } = this.#world;
      this.#paces.set(errand.name, { first: this.#paces.get(errand.name)?.first ?? last, last });
      return errand.again;
    }
    if (errand.to === 'door') return this.#answerTo(asked, errand);
    if (!isOfEvents(asked)) return errand.said;
    const id = firstOf(asked, 'connection-id');
    this.#ids.set(errand.name, id);
    const events = readEvents(asked.body);
    this.#tell(errand, [eventWords(events), ...remindersIn(asked)].join(' | '));
    const isFirst = !this.#asked.has(id);
    if (isFirst) this.#asked.set(id, 0);
    if (isFirst && events[0]?.type === 'OPEN') return errand.said;
    const times = this.#asked.get(id) ?? 0;
    this.#asked.set(id, times + 1);
    // What a WebSocket says later is taken, and answered with nothing.
    return errand.laters?.[times] ?? errand.later ?? TAKEN;
  }

  #answerTo(
    asked: AskedOrigin,
    errand: Extract<Asking, { readonly to: 'door' }>,
  ): Said | undefined {
    const { name, said, later = said, laters = [] } = errand;
    this.#tell(errand, questionWords(asked));
    const times = this.#asked.get(name) ?? 0;
    this.#asked.set(name, times + 1);
    return times === 0 ? said : (laters[times - 1] ?? later);
  }

  #tell({ name, isTimed }: Asking, words: string): void {
    const { now } = this.#world;
    const told = this.#told.get(name) ?? [];
    const seconds = secondsBetween(this.#toldAt.get(name) ?? now, now);
    told.push(isTimed === true ? `${seconds} ${words}`.trim() : words);
    this.#told.set(name, told);
    this.#toldAt.set(name, now);
  }
}

/** By the name at the end of its path, or in its search. */
function askingIn({ target }: AskedOrigin): Asking | undefined {
  const [, searched] = /[?&]e=([^&]*)/.exec(target) ?? [];
  const errand = errandNamed(searched ?? nameIn(target));
  const isAsked = errand?.to === 'door' || errand?.to === 'socket' || errand?.to === 'turns';
  return isAsked ? errand : undefined;
}

function nameIn(target: string): string {
  const [path = ''] = target.split('?');
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whole ones, of instants in microseconds. */
export function secondsBetween(one: number, other: number): string {
  return `+${Math.floor((other - one) / 1_000_000)}`;
}

/** Without what is said in all of them. */
function questionWords({ method, target, headers }: AskedOrigin): string {
  const lines = headers.filter(([name]) => /^grip-last$/i.test(name));
  return [`${method} ${target}`, ...headerWords(lines)].join(' | ');
}

function isOfEvents({ headers }: AskedOrigin): boolean {
  return headers.some(([, value]) => value === EVENTS[1]);
}

function firstOf({ headers }: AskedOrigin, lower: string): string {
  return headers.find(([name]) => name.toLowerCase() === lower)?.[1] ?? '';
}

/** What a WebSocket's questions say beside their events, as far as it is not in all of them. */
function remindersIn({ headers, isSigned }: AskedOrigin): readonly string[] {
  const lines = headers.filter(([name]) =>
    /^(meta-|content-bytes-|x-(?!forwarded-for)|cookie)/i.test(name),
  );
  return isSigned ? headerWords(lines) : [...headerWords(lines), 'unsigned'];
}

function echoOf(asked: AskedOrigin): string {
  const { host, port, isSecure, isSigned, method, target, headers, serverName = host } = asked;
  const body = new TextDecoder().decode(asked.body);
  const isHome = host === ERRAND_ORIGINS[0];
  const trust = asked.isInsecure === true ? ', whoever it is' : '';
  const name = isSecure && (serverName !== host || trust !== '') ? ` as ${serverName}${trust}` : '';
  const way = isHome && name === '' ? '' : `http${isSecure ? 's' : ''}://${host}:${port}`;
  const { issuer = '', key = '' } = asked.signature ?? {};
  const signer = issuer === '' || issuer === OURS ? '' : `${issuer} with ${key}`;
  const facts = { body, isSigned, signer };
  return echoWords(method, way + target + name, headerWords(headers), facts);
}

const TAKEN: Said = { status: 200, headers: [EVENTS], body: '' };
const OURS = 'hermod';
const WAY_US = 2_000;
/** [GRIP-LOAD-1] Some dozens wait for their turns, of which there are a thousand in a second. */
const PACED_US_MIN = 15_000;
const PACED_US_MAX = 250_000;
