// The server that HP cases are run against, and how a case opens connections to it. Names are new for each case, so that
// cases do not meet one another, nor those who chat there.

import { randomBytes } from 'node:crypto';
import { HpSocket } from './socket.ts';

export interface HpPlace {
  readonly host: string;
  readonly port: number;
  /** Cases may take two minutes. */
  readonly isPatient: boolean;
  /** A room that is joined to a broker's topic. */
  readonly bridge?: HpBridge | undefined;
}

export interface HpBridge {
  readonly room: string;
  readonly topic: string;
  /** Of the broker, as `host:port`. */
  readonly broker: string;
}

export interface HpCase {
  readonly ids: readonly string[];
  readonly title: string;
  readonly group: string;
  readonly isSlow: boolean;
  readonly needsBridge: boolean;
  run(site: HpSite): Promise<void>;
}

export type HpRow = readonly [
  title: string,
  run: (site: HpSite) => Promise<void>,
  need?: 'slow' | 'bridge',
];

/** A title begins with the requirements in brackets. */
export function hpCases(group: string, rows: readonly HpRow[]): HpCase[] {
  return rows.map(([title, run, need]) => {
    const head = /^(?:\[[^\]]*\] )+/.exec(title)?.[0] ?? '';
    const ids = [...head.matchAll(/\[([A-Z]+(?:-[A-Z]+)?-\d+)\]/g)].flatMap(([, id]) => id ?? []);
    return { ids, title, group, isSlow: need === 'slow', needsBridge: need === 'bridge', run };
  });
}

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
  async in(name: string, payload: object = {}): Promise<HpSocket & { token?: string }> {
    const socket: HpSocket & { token?: string } = this.open();
    const answer = await socket.ask('LOGIN', { user: this.name(name), ...payload });
    if (answer.type !== 'LOGIN_OK') throw new Error(`LOGIN: ${JSON.stringify(answer.payload)}`);
    socket.token = (answer.payload['resume'] as { token: string }).token;
    return socket;
  }

  /** Clients that sit in one room and have heard of each other's coming. */
  async room(...names: readonly string[]): Promise<(HpSocket & { token?: string })[]> {
    const members: (HpSocket & { token?: string })[] = [];
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
