// The server that HP cases are run against, and how a case opens connections to it. Names are new for each case, so that
// cases do not meet one another, nor those who chat there.

import { randomBytes } from 'node:crypto';
import { HpSocket } from './socket.ts';

/** How the server is set: as by default, or as start.ts sets it. */
export type HpConfiguration = 'plain' | 'quick' | 'closed' | 'minority';

/** Where other nodes call it, and what they must know. */
export interface PeerPlace {
  readonly host: string;
  readonly port: number;
  /** Told by the server itself when nobody tells. */
  readonly cluster: string | undefined;
  readonly key: string;
  readonly secret: string;
}

export interface HpPlace {
  readonly host: string;
  readonly port: number;
  /** Cases may take two minutes. */
  readonly isPatient: boolean;
  /** `plain` when nothing is said. */
  readonly configuration?: HpConfiguration;
  readonly peer?: PeerPlace | undefined;
  /** A room that is joined to a broker's topic. */
  readonly bridge?: HpBridge | undefined;
}

export interface HpBridge {
  readonly room: string;
  readonly topic: string;
  /** Of the broker, as `host:port`. */
  readonly broker: string;
}

/** A case under way, and how everything that it opened is given up. */
export interface Running {
  readonly done: Promise<void>;
  leave(): Promise<void> | void;
}

export interface HpCase {
  readonly ids: readonly string[];
  readonly title: string;
  readonly group: string;
  readonly isSlow: boolean;
  readonly configuration: HpConfiguration;
  readonly needsBridge: boolean;
  /** It speaks to the port for other nodes. */
  readonly isPeer: boolean;
  /** It waits most of its time, and others may run meanwhile. */
  readonly isTogether: boolean;
  start(place: HpPlace): Running;
}

type Flag = 'slow' | 'together' | 'bridge';

export type HpRow = readonly [
  title: string,
  run: (site: HpSite) => Promise<void>,
  ...flags: readonly Flag[],
];

/** A title begins with the requirements in brackets. */
export function hpCases(
  group: string,
  rows: readonly HpRow[],
  configuration: HpConfiguration = 'plain',
): HpCase[] {
  return rows.map(([title, run, ...flags]) => ({
    ...wordsOf(group, title, flags, configuration),
    isPeer: false,
    start(place) {
      const site = new HpSite(place);
      return { done: run(site), leave: () => site.leave() };
    },
  }));
}

/** What all kinds of cases have. */
export function wordsOf(
  group: string,
  title: string,
  flags: readonly Flag[],
  configuration: HpConfiguration,
): Omit<HpCase, 'isPeer' | 'start'> {
  const head = /^(?:\[[^\]]*\] )+/.exec(title)?.[0] ?? '';
  const ids = [...head.matchAll(/\[([A-Z]+(?:-[A-Z]+)?-\d+)\]/g)].flatMap(([, id]) => id ?? []);
  const [isSlow, isTogether] = [flags.includes('slow'), flags.includes('together')];
  const needsBridge = flags.includes('bridge');
  return { ids, title, group, isSlow, isTogether, needsBridge, configuration };
}

export type LoggedIn = HpSocket & { token?: string };

export class HpSite {
  readonly #place: HpPlace;
  readonly #own = randomBytes(4).toString('hex');
  readonly #sockets: HpSocket[] = [];

  constructor(place: HpPlace) {
    this.#place = place;
  }

  /** A name that is this case's own. */
  name(name: string): string {
    return `${name}-${this.#own}`;
  }

  get bridge(): HpBridge {
    const { bridge } = this.#place;
    if (bridge === undefined) throw new Error('no room is said to be joined to a topic');
    return bridge;
  }

  open(): HpSocket {
    const socket = new HpSocket(this.#place.host, this.#place.port);
    this.#sockets.push(socket);
    return socket;
  }

  /** A client that has logged in. */
  async in(name: string, payload: object = {}): Promise<LoggedIn> {
    return this.as(this.name(name), payload);
  }

  /** The same, under exactly this name. */
  async as(user: string, payload: object = {}): Promise<LoggedIn> {
    const socket: LoggedIn = this.open();
    const answer = await socket.ask('LOGIN', { user, ...payload });
    if (answer.type !== 'LOGIN_OK') throw new Error(`LOGIN: ${JSON.stringify(answer.payload)}`);
    socket.token = (answer.payload['resume'] as { token: string }).token;
    return socket;
  }

  /** Clients that sit in one room and have heard of each other's coming. */
  async room(...names: readonly string[]): Promise<LoggedIn[]> {
    const members: LoggedIn[] = [];
    for (const name of names) {
      const member = await this.in(name);
      await member.ask('JOIN', { room: this.name('room') });
      for (const other of members) await other.next();
      members.push(member);
    }
    return members;
  }

  leave(): void {
    for (const { socket } of this.#sockets) socket.destroy();
  }
}
