// What a client is told of itself is what it has made of itself: its name and its session, the node that it has come to, what it
// is to others, and in which rooms it sits. Whoever comes back sits where he sat.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const self: Invariant = {
  property: 'hp-self',
  requirements: ['HP-LOGIN-1', 'HP-RES-1', 'HP-RES-3', 'HP-PRES-4', 'HP-ROOM-1', 'HP-ROOM-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      loggedIn: (event) => judge.loggedIn(event),
      seated: ({ client, room }) => {
        judge.seats.get(client)?.add(room);
        judge.sure.get(client)?.add(room);
      },
      shardCrashed: () => judge.died(),
      processDied: () => judge.died(),
      unseated: ({ client, room }) => judge.seats.get(client)?.delete(room),
      statusSet: ({ client, session, status, note }) => {
        judge.asking.set(client, (judge.asking.get(client) ?? 1) - 1);
        judge.words.set(session, { status, note });
      },
      selfTold: (event) => judge.told(event),
      talkerEnded: ({ client }) => judge.ended(client),
    };
  },
};

interface Word {
  readonly status: string;
  readonly note: string | undefined;
}

class Judge {
  readonly troubles = new Troubles();
  /** By client: the rooms in which its session sits; none where nobody knows. */
  readonly seats = new Map<number, Set<string>>();
  /** By client: those of them that it has not asked to leave. */
  readonly sure = new Map<number, Set<string>>();
  /** By session: what it is; none where nobody knows. */
  readonly words = new Map<string, Word>();
  /** By client: changes that are not answered. */
  readonly asking = new Map<number, number>();
  readonly #report: Report;
  /** By client. */
  readonly #sessions = new Map<number, string>();
  readonly #begins = new Map<number, string>();

  constructor(report: Report) {
    this.#report = report;
  }

  asked({ client, what, room = '', status = 'online' }: EventOf<'talkerAsked'>): void {
    if (what === 'LEAVE') this.sure.get(client)?.delete(room);
    if (what === 'LOGIN') this.#begins.set(client, status);
    if (what === 'PRESENCE_SET') this.asking.set(client, (this.asking.get(client) ?? 0) + 1);
  }

  answered({ client, asked, code }: EventOf<'talkerAnswered'>): void {
    if (code === undefined) return;
    if (asked === 'PRESENCE_SET') this.asking.set(client, (this.asking.get(client) ?? 1) - 1);
    // Nobody knows then whether it sits there.
    if ((asked === 'JOIN' || asked === 'LEAVE') && code !== 'RATE_LIMITED')
      this.seats.delete(client);
    if (asked === 'JOIN' || code === 'NOT_IN_ROOM') this.sure.delete(client);
  }

  ended(client: number): void {
    const session = this.#sessions.get(client);
    this.seats.delete(client);
    // What it had asked for may have been done.
    if (session !== undefined && (this.asking.get(client) ?? 0) > 0) this.words.delete(session);
    this.asking.delete(client);
  }

  /** Keepers of rooms may be gone, and whoever comes back does without. */
  died(): void {
    this.sure.clear();
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, session, isResumed, isAnew, rooms, status } = event;
    if (isResumed && !isAnew && this.#sessions.get(client) === session) this.#sitsStill(event);
    this.#sessions.set(client, session);
    this.seats.set(client, new Set(rooms));
    this.sure.set(client, new Set(rooms));
    // What the node alone knew is lost, or found again when its client comes back to it.
    if (isAnew) this.#anew.add(session);
    if (!isResumed) {
      const begun = this.#begins.get(client) ?? 'online';
      this.words.set(session, { status: begun, note: undefined });
    }
    const word = this.#anew.has(session) ? undefined : this.words.get(session);
    if (word !== undefined && word.status !== status)
      this.#report(
        event,
        `client ${client} comes in and is told that it is ${status}, which is ${word.status}`,
      );
  }

  /** [HP-RES-1] */
  #sitsStill(event: EventOf<'loggedIn'>): void {
    const { client, node, rooms, at } = event;
    const { troubles } = this;
    const lost = [...(this.sure.get(client) ?? [])].filter((room) => !rooms.includes(room));
    if (lost.length === 0 || troubles.ofNode(node, at - BEFORE_US, at)) return;
    if (troubles.isCluster && troubles.ofCluster(at - APART_US, at)) return;
    this.#report(
      event,
      `client ${client} comes back, and does not sit in '${lost.join()}' any more`,
    );
  }

  readonly #anew = new Set<string>();

  told(event: EventOf<'selfTold'>): void {
    const { client, node, session, user, as, of, home, rooms } = event;
    const says = `client ${client} is told that`;
    if (as !== session) this.#report(event, `${says} its session is ${as}, which is ${session}`);
    if (of !== user) this.#report(event, `${says} it is ${of}, which is ${user}`);
    if (home !== this.troubles.nodes[node])
      this.#report(event, `${says} its node is ${home}, which is ${this.troubles.nodes[node]}`);
    const seats = this.seats.get(client);
    const [here, told] = [[...(seats ?? [])].toSorted().join(), [...rooms].toSorted().join()];
    if (seats !== undefined && here !== told)
      this.#report(event, `${says} it sits in '${told}', which sits in '${here}'`);
    const word = this.#anew.has(session) ? undefined : this.words.get(session);
    if (word === undefined) return;
    const [is, isTold] = [wordOf(word), wordOf(event)];
    if (is !== isTold) this.#report(event, `${says} it is ${isTold}, which is ${is}`);
  }
}

function wordOf({ status, note }: Word): string {
  return note === undefined ? status : `${status} (${note})`;
}

/** Longer than whoever comes back waits for a room. */
const BEFORE_US = 10_000_000;
/** Longer than two nodes may know nothing of each other. */
const APART_US = 60_000_000;
