// Signs are receipts, and words of typing. Whoever hears one is he whom it is for, and somebody has given it, as often as it
// is heard; and what is given when all is well comes to everybody who is there. Before that a sign may be lost.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const signs: Invariant = {
  property: 'signs',
  requirements: ['HP-RCPT-1', 'HP-TYPE-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ sites }) => {
        // [HP-TYPE-2] It is the first to be dropped.
        judge.isRoomSure = !sites.includes('tiny-window');
      },
      chatBegan: ({ terms }) => {
        judge.isLimited = terms.isLimited;
      },
      talkerJoined: ({ client, user, isMute }) => {
        judge.users[client] = user;
        if (isMute) judge.mute.add(client);
      },
      loggedIn({ session, isAnew }) {
        if (isAnew) judge.beginsAnew(session);
      },
      talkerRests: (event) => judge.rests(event),
      talkerEnded: ({ client }) => judge.resting.delete(client),
      chatProbed: () => {
        judge.isProbed = true;
      },
      talkerAsked: (event) => judge.asked(event),
      signHeard: (event) => judge.heard(event),
      talkersLeft: (event) => judge.end(event),
    };
  },
};

type Resting = EventOf<'talkerRests'>;

class Judge {
  isProbed = false;
  isRoomSure = true;
  isLimited = false;
  /** By client. */
  readonly users: string[] = [];
  readonly mute = new Set<number>();
  readonly resting = new Map<number, Resting>();
  readonly #report: Report;
  /** How often each sign was given; and on each connection. */
  readonly #given = new Map<string, number>();
  readonly #givenOn = new Map<string, number>();
  /** How often it was heard in each session. */
  readonly #heardIn = new Map<string, Map<string, number>>();
  /** By client and sign: how often it has to be heard yet. */
  readonly #owed = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** [HP-RES-10] What it had heard, the node that is gone alone knew. */
  beginsAnew(session: string): void {
    this.#heardIn.delete(session);
  }

  rests(event: Resting): void {
    if (event.session !== undefined && !this.mute.has(event.client))
      this.resting.set(event.client, event);
  }

  asked({ client, connection, what, room, to = '', sign }: EventOf<'talkerAsked'>): void {
    if (sign === undefined) return;
    const about = signOf({ what, from: this.users[client] ?? '', room, to, sign });
    add(this.#given, about, 1);
    add(this.#givenOn, `${connection} ${about}`, 1);
    if (!this.isProbed || (room !== undefined && !this.isRoomSure)) return;
    // [HP-TYPE-2] Whoever types too fast is not heard.
    if (what === 'TYPING' && this.isLimited) return;
    for (const [other, { user, rooms }] of this.resting) {
      const isFor = room === undefined ? user === to : other !== client && rooms.includes(room);
      if (isFor) add(this.#owed, `${other} ${about}`, 1);
    }
  }

  heard(event: EventOf<'signHeard'>): void {
    const { client, connection, session, what, from, room, user, sign } = event;
    const about = signOf({ what, from, room, to: user, sign });
    const heardIn = this.#heardIn.get(session) ?? new Map<string, number>();
    this.#heardIn.set(session, heardIn);
    const heard = add(heardIn, about, 1);
    // What it has said in a room itself it does not hear; its next session may.
    const own = room === undefined ? 0 : (this.#givenOn.get(`${connection} ${about}`) ?? 0);
    const given = (this.#given.get(about) ?? 0) - own;
    if (heard > given)
      this.#report(
        event,
        `client ${client} hears ${about} ${heard} times, which was given ${given} times`,
      );
    if (this.isProbed) add(this.#owed, `${client} ${about}`, -1);
  }

  end(event: TraceEvent): void {
    for (const [key, times] of this.#owed) {
      const [client = ''] = key.split(' ', 1);
      if (times > 0 && this.resting.has(Number(client)))
        this.#report(
          event,
          `client ${client} never heard ${key.slice(client.length + 1)}, given when all was well`,
        );
    }
  }
}

function signOf({
  what,
  from,
  room,
  to,
  sign,
}: {
  readonly what: string;
  readonly from: string;
  readonly room: string | undefined;
  readonly to: string;
  readonly sign: string;
}): string {
  return `${what} (${sign}) of ${from} ${room === undefined ? `to ${to}` : `in '${room}'`}`;
}

function add(counts: Map<string, number>, key: string, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  counts.set(key, count);
  return count;
}
