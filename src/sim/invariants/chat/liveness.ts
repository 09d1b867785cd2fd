// When all is well everybody is in again, nothing waits for its answer, and what is said then comes to everybody it is for.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const hpLiveness: Invariant = {
  property: 'hp-liveness',
  requirements: [
    'HP-MSG-4',
    'HP-DM-2',
    'HP-DM-8',
    'HP-RES-2',
    'HP-LOGIN-1',
    'HP-ERR-5',
    'HP-RELAY-4',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      chatBegan: ({ terms }) => {
        judge.terms = terms;
      },
      talkerJoined: (event) => judge.joined.set(event.client, event),
      nodeKilled: ({ node }) => judge.killed.add(node),
      talkerRests: (event) => judge.rests(event),
      talkerWaits: (event) => judge.waits(event),
      talkerConnected: ({ client, at }) => judge.connectedAt.set(client, at),
      loggedIn: ({ client }) => judge.leftAt.set(client, Infinity),
      talkerEnded: ({ client, at }) => judge.ended(client, at),
      chatProbed: () => {
        judge.isProbed = true;
      },
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      roomAcked: ({ message }) => judge.granted.add(message),
      directAcked: ({ message }) => judge.granted.add(message),
      roomHeard: ({ client, message }) => judge.heard(client, message),
      directHeard: ({ client, message }) => judge.heard(client, message),
      talkersLeft: (event) => judge.end(event),
    };
  },
};

class Judge {
  readonly joined = new Map<number, EventOf<'talkerJoined'>>();
  readonly killed = new Set<number>();
  readonly connectedAt = new Map<number, number>();
  /** By client, of those who were in: never where they are. */
  readonly leftAt = new Map<number, number>();
  readonly granted = new Set<string>();
  terms: EventOf<'chatBegan'>['terms'] | undefined = undefined;
  isProbed = false;
  readonly #report: Report;
  /** By client, of those who are in. */
  readonly #resting = new Map<number, EventOf<'talkerRests'>>();
  /** By message: who has to hear of it. */
  readonly #owed = new Map<
    string,
    {
      readonly asked: EventOf<'talkerAsked'>;
      readonly clients: Set<number>;
      /** [HP-DM-8] Other sessions of the one who says it. */
      readonly carbons: Set<number>;
    }
  >();

  constructor(report: Report) {
    this.#report = report;
  }

  rests(event: EventOf<'talkerRests'>): void {
    const { client, session } = event;
    const talker = this.joined.get(client);
    if (talker === undefined || talker.isMute) return;
    if (session !== undefined) {
      this.#resting.set(client, event);
      return;
    }
    if (this.#isCrowded(talker.user) || this.#isHeld(talker, event.at)) return;
    if (this.#isTooSmall) return;
    const isHomeless = this.killed.has(event.node) || this.killed.has(talker.node);
    if (!isHomeless) this.#report(event, `client ${client} is not in, and all is well`);
  }

  /** [HP-PART-1] Too many nodes have died for ever. */
  get #isTooSmall(): boolean {
    const { partitionPolicy = 'serve', nodesExpected = 0 } = this.terms ?? {};
    return partitionPolicy !== 'serve' && (nodesExpected - this.killed.size) * 2 <= nodesExpected;
  }

  /** More than may be in at once would be. */
  #isCrowded(user: string): boolean {
    const own = [...this.joined.values()].filter((one) => one.user === user && !one.isVisitor);
    return own.length > (this.terms?.sessionsPerUserMax ?? Infinity);
  }

  /** [HP-SESS-2] A visitor has the name, or had it until a moment ago. */
  #isHeld({ client, user }: EventOf<'talkerJoined'>, at: number): boolean {
    const { policy, resumeWindowMs = 0 } = this.terms ?? {};
    if (policy !== 'reject') return false;
    const heldUs = resumeWindowMs * 1_000 + BEGINNING_US;
    return [...this.leftAt].some(
      ([other, leftAt]) =>
        other !== client && this.joined.get(other)?.user === user && at - leftAt <= heldUs,
    );
  }

  waits(event: EventOf<'talkerWaits'>): void {
    const { client, what, at } = event;
    if (this.joined.get(client)?.isMute === true) return;
    if (at - (this.connectedAt.get(client) ?? 0) < BEGINNING_US || what === 'PING') return;
    this.#report(event, `client ${client} was never answered: ${what}`);
  }

  ended(client: number, at: number): void {
    this.#resting.delete(client);
    if (this.leftAt.get(client) === Infinity) this.leftAt.set(client, at);
  }

  asked(event: EventOf<'talkerAsked'>): void {
    const { client, what, room, to, message, isRepeat } = event;
    if (!this.isProbed || message === undefined || isRepeat === true) return;
    const speaker = this.joined.get(client);
    const clients = new Set<number>();
    const carbons = new Set<number>();
    for (const [other, { user, rooms }] of this.#resting) {
      if (what === 'ROOM_MESSAGE' && room !== undefined && rooms.includes(room)) {
        if (other !== client || speaker?.hasEcho === true) clients.add(other);
      } else if (other === client) continue;
      else if (user === to) clients.add(other);
      else if (to !== undefined && user === speaker?.user) carbons.add(other);
    }
    this.#owed.set(message, { asked: event, clients, carbons });
  }

  /** Whoever is limited was refused. */
  answered({ what, client }: EventOf<'talkerAnswered'>): void {
    if (what !== 'ERROR' || !this.isProbed) return;
    for (const [message, { asked }] of this.#owed)
      if (asked.client === client && !this.granted.has(message) && this.terms?.isLimited === true)
        this.#owed.delete(message);
  }

  heard(client: number, message: string): void {
    const owed = this.#owed.get(message);
    owed?.clients.delete(client);
    owed?.carbons.delete(client);
  }

  end(event: TraceEvent): void {
    for (const [message, { asked, clients, carbons }] of this.#owed) {
      const isGranted = this.granted.has(message);
      if ((this.terms?.isLimited === true || this.#isTooSmall) && !isGranted) continue;
      // What is refused is sent to nobody.
      const [first] = [...clients, ...(isGranted ? carbons : [])].filter((client) =>
        this.#resting.has(client),
      );
      if (first === undefined) continue;
      const where = asked.room === undefined ? `to ${asked.to ?? ''}` : `in '${asked.room}'`;
      this.#report(
        event,
        `client ${first} never heard ${message} of client ${asked.client} ${where}, said when all was well`,
      );
    }
  }
}

const BEGINNING_US = 4_000_000;
