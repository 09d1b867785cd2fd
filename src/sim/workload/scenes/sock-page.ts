// A page that has SockJS in the place of a WebSocket: it polls, sends in requests of their own, and hears frames.
// What it hears it tells in the words of a WebSocket's client; an answer of another form it tells as it is.
// Refuses to judge. Written from spec/websocket-over-http.md, "SockJS".

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';
import type { Connection } from '../../edges/network.ts';
import type { Header } from '../../records/scenes/scene.ts';
import { bodyWords } from '../../records/scenes/sounds.ts';
import { Visit } from '../errands/visit.ts';

export interface PageHost {
  readonly chance: Prng;
  connect(): Connection | undefined;
  later(delayUs: number, act: () => void): void;
  sound(sound: string): void;
  /** It hears nothing more. */
  ended(): void;
}

export interface PagePlan {
  readonly isScript: boolean;
  readonly host: string;
  /** Of the session. */
  readonly path: string;
  readonly search: string;
  readonly headers: readonly Header[];
}

export class SockPage {
  readonly #plan: PagePlan;
  readonly #host: PageHost;
  /** Requests that wait. */
  readonly #polls = new Set<Visit>();
  #isClosed = false;
  #isOver = false;

  constructor(plan: PagePlan, host: PageHost) {
    this.#plan = plan;
    this.#host = host;
  }

  /** The number of its first connection; undefined when nobody listens. */
  begin(): number | undefined {
    return this.#poll();
  }

  say(text: string): void {
    const { isScript } = this.#plan;
    const list = JSON.stringify([text]);
    const body = isScript ? `d=${encodeURIComponent(list)}` : list;
    const type: Header = ['Content-Type', 'application/x-www-form-urlencoded'];
    const visit = this.#visit((head, said) => {
      if (head !== headOf('text/plain') || said !== 'ok') this.#host.sound(`${head} || ${said}`);
    });
    const { host, path } = this.#plan;
    visit?.ask({
      ...{ host, method: 'POST', path: `${path}/${isScript ? 'jsonp_send' : 'xhr_send'}` },
      ...{ search: '', headers: isScript ? [type] : [], body: encodeText(body) },
    });
  }

  /** It polls no more. */
  leave(): void {
    this.#isOver = true;
    for (const visit of this.#polls) visit.leave();
  }

  #poll(): number | undefined {
    const { isScript, host, path, search, headers } = this.#plan;
    const connection = this.#host.connect();
    if (connection === undefined) return undefined;
    const visit: Visit = new Visit(connection, (head, said) => {
      this.#polls.delete(visit);
      this.#heard(head, said);
    });
    this.#polls.add(visit);
    visit.ask({
      ...{ host, method: isScript ? 'GET' : 'POST', headers, body: new Uint8Array(0) },
      path: `${path}/${isScript ? 'jsonp' : 'xhr'}`,
      search: isScript ? `${search}&c=${CALLBACK}` : search,
    });
    return connection.id;
  }

  #visit(heard: (head: string, body: string) => void): Visit | undefined {
    const connection = this.#host.connect();
    return connection === undefined ? undefined : new Visit(connection, heard);
  }

  #heard(head: string, said: string): void {
    if (this.#isOver) return;
    const frame = this.#frameIn(head, said);
    if (frame === ANOTHER) {
      // [SOCKJS-11]
      if (this.#polls.size === 0) this.#host.sound('another, where there is none');
      return;
    }
    // [SOCKJS-14] It waited in vain, and asks again.
    const sounds = frame === HEARTBEAT ? [] : soundsOf(frame ?? `x${head} || ${said}`);
    for (const sound of sounds) this.#host.sound(sound);
    // What ends it is told again.
    if (frame === undefined || (frame.startsWith('c') && this.#isClosed)) {
      this.leave();
      this.#host.ended();
      return;
    }
    this.#isClosed ||= frame.startsWith('c');
    const { chance } = this.#host;
    const pauseUs = chance.below(PAUSE_US);
    this.#host.later(pauseUs, () => {
      if (!this.#isOver && this.#polls.size === 0) this.#poll();
    });
    if (this.#isClosed || !chance.chance(1, 6)) return;
    this.#host.later(pauseUs + PAUSE_US, () => {
      if (!this.#isOver && this.#polls.size === 1) this.#poll();
    });
  }

  /** Undefined for an answer of another form. */
  #frameIn(head: string, said: string): string | undefined {
    const { isScript } = this.#plan;
    if (head !== headOf(isScript ? 'application/javascript' : 'text/plain')) return undefined;
    if (!isScript) return said.endsWith('\n') ? said.slice(0, -1) : undefined;
    const [, text] = /^\/\*\*\/page\.heard\((".*")\);\n$/.exec(said) ?? [];
    return text === undefined ? undefined : (JSON.parse(text) as string);
  }
}

/** In the words of a WebSocket's client. */
export function soundsOf(frame: string): readonly string[] {
  if (frame === 'o') return ['upgraded'];
  const [kind, rest] = [frame.slice(0, 1), frame.slice(1)];
  if (kind === 'a')
    return (JSON.parse(rest) as string[]).map((text) => `text ${bodyWords(text)}`.trim());
  if (kind === 'c') return [`close ${(JSON.parse(rest) as unknown[]).join(' ')}`.trim()];
  return [frame];
}

/** [SOCKJS-1] */
function headOf(type: string): string {
  return (
    '200 OK | access-control-allow-credentials: true | access-control-allow-origin: * | ' +
    `cache-control: no-store, no-cache, must-revalidate, max-age=0 | content-type: ${type}`
  );
}

const CALLBACK = 'page.heard';
const HEARTBEAT = 'h';
const ANOTHER = 'c[2010,"Another connection still open"]';
/** The longest between an answer and the next poll. */
const PAUSE_US = 60_000;
