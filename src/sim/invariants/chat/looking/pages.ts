// Pages laid end to end are what there is: in order, nothing twice, nothing missing between two of them, no longer than was
// asked for and no shorter than they must be, and there is said to be more exactly while there is.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const pages: Invariant = {
  property: 'pages',
  requirements: ['HP-HIST-2', 'HP-HIST-3', 'HP-ROOM-7', 'HP-ROOM-8'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      shardCrashed: () => judge.died(),
      processDied: () => judge.died(),
      talkerEnded: ({ client }) => judge.walks.delete(client),
      rested: () => {
        judge.isRest = true;
      },
      chatProbed: () => {
        judge.isRest = false;
      },
      historyPaged: (event) => judge.history(event),
      namesPaged: (event) => judge.names(event),
    };
  },
};

type HistoryPage = EventOf<'historyPaged'>;
type Entry = HistoryPage['entries'][number];

class Judge {
  readonly troubles = new Troubles();
  /** By client, and by the numbers of its walks: the page before. */
  readonly walks = new Map<
    number,
    Map<number, { readonly page: HistoryPage; readonly sum: number }>
  >();
  isRest = false;
  readonly #report: Report;
  #hasDied = false;

  constructor(report: Report) {
    this.#report = report;
  }

  died(): void {
    this.#hasDied = true;
  }

  history(page: HistoryPage): void {
    const { client, of, entries, limit, more, units, after, before, walk } = page;
    const says = `client ${client} is given a page of '${of}'`;
    if (entries.length > limit)
      this.#report(page, `${says} with ${entries.length} messages, and asked for ${limit}`);
    if (more && entries.length === 0)
      this.#report(page, `${says} with nothing in it, and there is said to be more`);
    if (more && entries.length < limit && units + BODY_MAX < PAGE_UNITS_MAX)
      this.#report(page, `${says} that ends early, with ${units} units`);
    if (entries.length > 1 && units > PAGE_UNITS_MAX)
      this.#report(page, `${says} with ${units} units`);
    for (const { seq } of entries)
      if (seq <= (after ?? -1) || seq >= (before ?? Infinity))
        this.#report(page, `${says} with ${seq}, and asked for another part`);
    for (const [at, entry] of entries.entries())
      if (at > 0) this.#step(page, entries[at - 1], entry);
    const walks = this.walks.get(client) ?? new Map<number, { page: HistoryPage; sum: number }>();
    this.walks.set(client, walks);
    const { page: last, sum = 0 } = walks.get(walk) ?? {};
    const all = { page, sum: sum + entries.length };
    walks.set(walk, all);
    if (last !== undefined) this.#next(last, page);
    if (!more) this.#end(page, all.sum);
  }

  /** From one message to the next. */
  #step(page: HistoryPage, one: Entry | undefined, other: Entry | undefined): void {
    if (one === undefined || other === undefined) return;
    const [here, there] = [`${one.epoch}:${one.seq}`, `${other.epoch}:${other.seq}`];
    const isBefore = one.epoch === other.epoch ? one.seq < other.seq : one.epoch < other.epoch;
    const says = `client ${page.client} is given`;
    if (!isBefore) this.#report(page, `${says} ${there} of '${page.of}' behind ${here}`);
    const isOne = one.epoch === other.epoch && one.home === other.home;
    if (isOne && other.seq > one.seq + 1 && this.#isDense(page))
      this.#report(page, `${says} ${there} of '${page.of}' next to ${here}`);
  }

  /** Places are numbered without gaps, but for those of one user's messages, and where homes may not know each other. */
  #isDense({ of, at }: HistoryPage): boolean {
    if (of.startsWith('@') || this.troubles.terms === undefined) return false;
    return !this.troubles.terms.isCluster || !this.troubles.ofCluster(0, at);
  }

  /** What is forgotten between two pages is no lack of either. */
  get #isRemembering(): boolean {
    const { historyMax = 0, emptyRoomMs = 0 } = this.troubles.terms ?? {};
    return this.isRest || (historyMax >= MANY && emptyRoomMs >= LASTING_MS && !this.#hasDied);
  }

  #next(last: HistoryPage, page: HistoryPage): void {
    const { client, of, entries, at } = page;
    const isForward = page.after !== undefined;
    const { isCluster = true } = this.troubles.terms ?? {};
    // Two homes may have given the same numbers: a page is asked for by a number alone.
    if (isCluster && this.troubles.ofCluster(0, at)) return;
    if (!isForward) this.#step(page, entries.at(-1), last.entries[0]);
    else if (this.#isRemembering) this.#step(page, last.entries.at(-1), entries[0]);
    if (!this.#isRemembering || (isCluster && !this.isRest)) return;
    if (last.more && entries.length === 0)
      this.#report(
        page,
        `client ${client} was told that there is more of '${of}', and there is nothing`,
      );
    if (!last.more && !isForward && entries.length > 0)
      this.#report(
        page,
        `client ${client} was told that there is no more of '${of}', and there is`,
      );
  }

  /** At the end of a walk backwards all that is remembered has come. */
  #end(page: HistoryPage, sum: number): void {
    const { client, of, entries, after } = page;
    const { isCluster = true, historyMax = 0, emptyRoomMs = 0 } = this.troubles.terms ?? {};
    const isSure = !isCluster && !this.#hasDied && emptyRoomMs >= LASTING_MS && historyMax > 0;
    const [first] = entries;
    if (!isSure || !this.isRest || of.startsWith('@') || first === undefined || after !== undefined)
      return;
    const seqMax = sum + first.seq - 1;
    if (sum !== Math.min(historyMax, seqMax))
      this.#report(
        page,
        `client ${client} reads ${sum} messages of '${of}', where ${seqMax} were said and ${historyMax} are remembered`,
      );
  }

  names(page: EventOf<'namesPaged'>): void {
    const { client, of, names, limit, more, after, count } = page;
    const says = `client ${client} is given a page of ${of === '' ? 'rooms' : `'${of}'`}`;
    if (names.length > limit)
      this.#report(page, `${says} with ${names.length} names, and asked for ${limit}`);
    if (more && names.length < limit)
      this.#report(
        page,
        `${says} with ${names.length} names of ${limit}, and there is said to be more`,
      );
    let before = after;
    for (const name of names) {
      if (before !== undefined && name.toLowerCase() <= before.toLowerCase())
        this.#report(page, `${says} with ${name} behind ${before}`);
      before = name;
    }
    if (count === undefined) return;
    const isAll = after === undefined && !more;
    if (isAll ? count !== names.length : more ? count <= names.length : count < names.length)
      this.#report(
        page,
        `${says} with ${names.length} of ${count} members, and ${more ? '' : 'no '}more`,
      );
  }
}

const PAGE_UNITS_MAX = 100_000;
/** Of the simulator's talkers. */
const BODY_MAX = 20_000;
const MANY = 100;
const LASTING_MS = 3_600_000;
