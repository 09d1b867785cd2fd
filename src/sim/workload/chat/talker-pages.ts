// What a talker reads page by page: what was said in a room or between two users, who sits in a room, which rooms there are.
// A walk goes on where its last page ended; one that is whole goes to its end, and tells all of it as if it had come at once.
// Refuses to judge.

import type { HistoryEntry } from '../../records/chat-terms.ts';
import { type HpLine, listOf, nameOf, numberOf, textOf } from './hp-lines.ts';
import type { Talker } from './talker.ts';

type Payload = HpLine['payload'];

interface Walk {
  readonly number: number;
  readonly what: 'HISTORY' | 'ROOM_MEMBERS' | 'ROOM_LIST';
  /** A room, a user behind an `@`, or nothing where rooms are listed. */
  readonly of: string;
  readonly limit: number;
  /** It begins with the oldest. */
  readonly isForward: boolean;
  /** It is told as one when it ends. */
  readonly isWhole: boolean;
  pagesLeft: number;
  isPartial: boolean;
  readonly entries: HistoryEntry[];
  /** With what each of them is, or how many are there. */
  readonly names: (readonly [name: string, about: string])[];
}

export interface Page {
  readonly walk: Walk;
  readonly after: number | string | undefined;
  readonly before: number | undefined;
}

export class TalkerPages {
  readonly #talker: Talker;
  #walks = 0;

  constructor(talker: Talker) {
    this.#talker = talker;
  }

  /** What was said, in a few pages. */
  readHistory(of: string): void {
    const { chance } = this.#talker;
    this.#begin('HISTORY', of, 1 + chance.below(6), 2 + chance.below(4), false);
  }

  readWhole(of: string): void {
    this.#begin('HISTORY', of, 40, PAGES_MAX, true);
  }

  readMembers(room: string, isWhole: boolean): void {
    const { chance } = this.#talker;
    this.#begin('ROOM_MEMBERS', room, 1 + chance.below(3), PAGES_MAX, isWhole);
  }

  readRooms(isWhole: boolean): void {
    this.#begin('ROOM_LIST', '', 1 + this.#talker.chance.below(4), PAGES_MAX, isWhole);
  }

  granted(page: Page, payload: Payload): void {
    const { walk } = page;
    if (walk.what === 'HISTORY') this.#history(page, payload);
    else this.#names(page, payload);
  }

  #begin(what: Walk['what'], of: string, limit: number, pagesLeft: number, isWhole: boolean): void {
    this.#walks += 1;
    const isForward = what !== 'HISTORY' || this.#talker.chance.chance(1, 3);
    const number = this.#walks;
    const walk: Walk = {
      ...{ number, what, of, limit, isForward, isWhole, pagesLeft },
      ...{ isPartial: false, entries: [], names: [] },
    };
    // Nothing stands before the first place.
    const after = what === 'HISTORY' && isForward ? 0 : undefined;
    this.#ask({ walk, after, before: undefined });
  }

  #ask(page: Page): void {
    const { walk, after, before } = page;
    const { what, of, limit } = walk;
    // Whoever has left a room reads no more of it.
    const isOfRoom = what === 'HISTORY' && !of.startsWith('@');
    if (isOfRoom && !this.#talker.seats.has(of)) return;
    walk.pagesLeft -= 1;
    if (what === 'ROOM_LIST') this.#talker.ask(what, { limit, after }, { page });
    else if (what === 'ROOM_MEMBERS')
      this.#talker.ask(what, { room: of, limit, after }, { room: of, page });
    else if (of.startsWith('@'))
      this.#talker.ask(what, { with: of.slice(1), limit, after, before }, { page });
    else this.#talker.ask(what, { room: of, limit, after, before }, { room: of, page });
  }

  #history({ walk, after, before }: Page, payload: Payload): void {
    const messages = listOf(payload, 'messages');
    const entries = messages.map((one) => ({
      ...{ seq: numberOf(one, 'seq'), epoch: numberOf(one, 'epoch'), home: textOf(one, 'node') },
      // What is said to several receivers may have one id.
      ...{ from: nameOf(one, 'from'), id: textOf(one, 'body').trimEnd() },
    }));
    const units = messages.reduce((sum, one) => sum + textOf(one, 'body').length, 0);
    const more = payload['more'] === true;
    this.#tell({
      ...{ kind: 'historyPaged', ...this.#talker.inSession(), ...told(walk), more },
      ...{ after: numeric(after), before, entries, units },
    });
    if (walk.isForward) walk.entries.push(...entries);
    else walk.entries.unshift(...entries);
    const next = walk.isForward ? entries.at(-1) : entries[0];
    if (next === undefined || (walk.isWhole && !more)) this.#end(walk);
    // Behind the last page there is one more, which is empty.
    else if (walk.pagesLeft > 0)
      this.#ask({
        walk,
        after: walk.isForward ? next.seq : undefined,
        before: walk.isForward ? undefined : next.seq,
      });
  }

  #names({ walk, after }: Page, payload: Payload): void {
    const isOfRooms = walk.what === 'ROOM_LIST';
    const page = listOf(payload, isOfRooms ? 'rooms' : 'members').map(
      (one): readonly [string, string] =>
        isOfRooms
          ? [textOf(one, 'room'), String(numberOf(one, 'count'))]
          : [nameOf(one, 'user'), textOf(one, 'status')],
    );
    const names = page.map(([name]) => name);
    const more = payload['more'] === true;
    const count = isOfRooms ? undefined : numberOf(payload, 'count');
    const isPartial = payload['partial'] === true;
    this.#tell({
      ...{ kind: 'namesPaged', ...this.#talker.inSession(), ...told(walk), more },
      ...{ after: typeof after === 'string' ? after : undefined, names, count, isPartial },
    });
    walk.names.push(...page);
    walk.isPartial ||= isPartial;
    const last = names.at(-1);
    if (!more || last === undefined) this.#end(walk);
    else if (walk.pagesLeft > 0) this.#ask({ walk, after: last, before: undefined });
  }

  #end({ what, of, isWhole, pagesLeft, isPartial, entries, names }: Walk): void {
    if (!isWhole) return;
    const inSession = this.#talker.inSession();
    if (what === 'ROOM_LIST') {
      const rooms = names.map(([room, count]) => [room, Number(count)] as const);
      this.#tell({ kind: 'roomsTold', ...inSession, rooms, isPartial });
    } else if (what === 'ROOM_MEMBERS') {
      const users = names.map(([user]) => user);
      const statuses = names.map(([, status]) => status);
      this.#tell({ kind: 'membersTold', ...inSession, room: of, users, statuses });
    } else if (of.startsWith('@')) {
      const messages = entries.map(({ from, id }) => `${from} ${id}`);
      this.#tell({ kind: 'directsTold', ...inSession, with: of.slice(1), messages });
    } else {
      const isPaged = pagesLeft < PAGES_MAX - 1;
      this.#tell({ kind: 'historyTold', ...inSession, room: of, entries, isWhole: true, isPaged });
    }
  }

  #tell(record: Parameters<Talker['world']['trace']['add']>[0]): void {
    this.#talker.world.trace.add(record);
  }
}

function told({ of, number, limit }: Walk) {
  return { of, walk: number, limit };
}

function numeric(after: number | string | undefined): number | undefined {
  return typeof after === 'number' ? after : undefined;
}

/** More than anybody needs. */
const PAGES_MAX = 50;
