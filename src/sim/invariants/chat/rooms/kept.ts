// A room in which somebody was a moment ago is remembered: whoever comes into it finds it at the place that it had come to.
// Judged where no thread dies, and nothing happens between nodes.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const kept: Invariant = {
  property: 'room-kept',
  requirements: ['HP-ROOM-6'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      shardCrashed: () => {
        judge.isSure = false;
      },
      processDied: () => {
        judge.isSure = false;
      },
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: ({ id }) => {
        judge.answered = id ?? '';
      },
      seated: (event) => judge.seated(event),
      unseated: ({ room }) => judge.proves(judge.answered, room),
      roomAcked: (event) => judge.acked(event),
    };
  },
};

/** What is known of a room. */
interface Known {
  epoch: number;
  place: number;
  /** Somebody sat there then, or later. */
  at: number;
}

class Judge {
  readonly troubles = new Troubles();
  /** No thread has died. */
  isSure = true;
  /** The request that was answered last: what is granted is told behind that. */
  answered = '';
  readonly #report: Report;
  readonly #rooms = new Map<string, Known>();
  /** When something was asked for, by request, or first, by message; and what was known of the room. */
  readonly #askedAt = new Map<string, { readonly at: number; readonly known: Known | undefined }>();

  constructor(report: Report) {
    this.#report = report;
  }

  asked({ id, room, message = id, at }: EventOf<'talkerAsked'>): void {
    if (room === undefined || !this.#isTogether(at)) return;
    const known = this.#rooms.get(room);
    // Said again it may have been heard the first time.
    if (!this.#askedAt.has(message))
      this.#askedAt.set(message, { at, known: known && { ...known } });
  }

  /** Whoever was granted it sat there when it was asked for. */
  proves(key: string, room: string): void {
    const asked = this.#askedAt.get(key);
    const known = this.#rooms.get(room);
    if (asked !== undefined && known !== undefined) known.at = Math.max(known.at, asked.at);
  }

  /** Homes are where they will stay. */
  #isTogether(at: number): boolean {
    return this.isSure && (this.troubles.terms?.isCluster === false || at > TOGETHER_US);
  }

  acked({ room, message, place, epoch, at }: EventOf<'roomAcked'>): void {
    if (!this.#isTogether(at)) return;
    this.#learns(room, epoch, place);
    this.proves(message, room);
  }

  seated(event: EventOf<'seated'>): void {
    const { client, room, place, epoch, at } = event;
    if (!this.#isTogether(at)) return;
    const before = this.#askedAt.get(this.answered)?.known;
    const { emptyRoomMs = 0, isCluster } = this.troubles.terms ?? {};
    const isQuiet = isCluster === false || !this.troubles.ofCluster(0, at);
    if (before !== undefined && isQuiet) {
      const isForgotten = epoch !== before.epoch || place < before.place;
      if (isForgotten && at - before.at < emptyRoomMs * 1_000)
        this.#report(
          event,
          `client ${client} comes into '${room}' at ${epoch}:${place}, which was at ${before.epoch}:${before.place} a moment ago`,
        );
    }
    this.#learns(room, epoch, place);
    this.proves(this.answered, room);
  }

  #learns(room: string, epoch: number, place: number): void {
    const known = this.#rooms.get(room);
    if (known === undefined) this.#rooms.set(room, { epoch, place, at: -Infinity });
    else if (epoch > known.epoch) Object.assign(known, { epoch, place, at: -Infinity });
    else if (epoch === known.epoch) known.place = Math.max(known.place, place);
  }
}

/** Until then nodes have not found each other. */
const TOGETHER_US = 8_000_000;
