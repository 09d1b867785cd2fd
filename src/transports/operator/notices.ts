// The operator edge of one shard: gathers what its actors notice and hands it to the main thread, as far as anybody there
// wants to know: at the turn's end what somebody acts upon, the rest a little later. What can be added up is.
// Refuses to know what becomes of it.

import type { ConnectionId } from '../../actors/runtime/edges.ts';
import type { OperatorNotice } from '../../actors/runtime/gateway-edges.ts';

export interface NoticeWishes {
  /** Which channels are followed. */
  readonly channels: boolean;
  /** Everything that is counted. */
  readonly figures: boolean;
  /** Shared between threads: not 0 while somebody hears of single connections. Undefined: somebody always does. */
  readonly attention?: Int32Array<SharedArrayBuffer> | undefined;
}

type Connected = Extract<OperatorNotice, { readonly type: 'clientConnected' }>;

/** What crosses to the main thread. */
export type Noticed =
  | OperatorNotice
  /** A client that came and went. */
  | (Omit<Connected, 'type'> & { readonly type: 'clientPassed' })
  /** The same of several, when nobody wants to hear of each. */
  | { readonly type: 'clientsPassed'; readonly route: string | undefined; readonly count: number };

/** Figures are for people: a crossing for each turn would cost more than all the rest of a request. */
const HEARD_AFTER_MS = 20;
/** Most requests have come and gone by then, and are a sum. */
const UNHEARD_AFTER_MS = 250;

export class Notices {
  readonly #wishes: NoticeWishes;
  readonly #say: (notices: readonly Noticed[]) => void;
  #gathered: (Noticed | undefined)[] = [];
  /** Where in `gathered` a client's coming is told. */
  readonly #connected = new Map<ConnectionId, number>();
  readonly #activity = new Map<string | undefined, number>();
  readonly #passed = new Map<string | undefined, number>();
  #published = 0;
  /** Of what was published. */
  #blocks: number | undefined = undefined;
  #requests = 0;
  #isUrgent = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(wishes: NoticeWishes, say: (notices: readonly Noticed[]) => void) {
    this.#wishes = wishes;
    this.#say = say;
  }

  notice(notice: OperatorNotice): void {
    const isWanted =
      notice.type === 'channelFollowed' ? this.#wishes.channels : this.#wishes.figures;
    if (!isWanted) return;
    switch (notice.type) {
      case 'itemsPublished':
        this.#published += notice.count;
        if (notice.blocks !== undefined) this.#blocks = (this.#blocks ?? 0) + notice.blocks;
        break;
      case 'requestsReceived':
        this.#requests += notice.count;
        break;
      case 'activity':
        addTo(this.#activity, notice.route, notice.count);
        break;
      case 'clientConnected':
        // [GRIP-STATS-7]
        addTo(this.#activity, notice.route, 1);
        this.#connected.set(notice.connection, this.#gathered.push(notice) - 1);
        break;
      case 'clientDisconnected':
        this.#disconnected(notice);
        break;
      case 'channelFollowed':
        this.#isUrgent = true;
        this.#gathered.push(notice);
        break;
      case 'messageSent':
        this.#gathered.push(notice);
        break;
      default:
        notice satisfies never;
    }
    if (!this.#isUrgent) this.#flushSoon();
  }

  /** The end of a turn. */
  endTurn(): void {
    if (this.#isUrgent) this.flush();
  }

  /** Tells all that was noticed. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isUrgent = false;
    const notices = this.#gathered.filter((notice) => notice !== undefined);
    for (const [route, count] of this.#activity) notices.push({ type: 'activity', route, count });
    for (const [route, count] of this.#passed)
      notices.push({ type: 'clientsPassed', route, count });
    const [published, blocks, requests] = [this.#published, this.#blocks, this.#requests];
    if (published > 0) notices.push({ type: 'itemsPublished', count: published, blocks });
    if (requests > 0) notices.push({ type: 'requestsReceived', count: requests });
    this.#gathered = [];
    this.#connected.clear();
    this.#activity.clear();
    this.#passed.clear();
    this.#published = 0;
    this.#blocks = undefined;
    this.#requests = 0;
    if (notices.length > 0) this.#say(notices);
  }

  #flushSoon(): void {
    if (this.#timer !== undefined) return;
    const afterMs = this.#isHeard ? HEARD_AFTER_MS : UNHEARD_AFTER_MS;
    this.#timer = setTimeout(() => this.flush(), afterMs).unref();
  }

  #disconnected(notice: Extract<OperatorNotice, { readonly type: 'clientDisconnected' }>): void {
    const at = this.#connected.get(notice.connection);
    const connected = at === undefined ? undefined : this.#gathered[at];
    if (at === undefined || connected?.type !== 'clientConnected') {
      this.#gathered.push(notice);
      return;
    }
    this.#connected.delete(notice.connection);
    if (this.#isHeard) this.#gathered[at] = { ...connected, type: 'clientPassed' };
    else {
      this.#gathered[at] = undefined;
      addTo(this.#passed, notice.route, 1);
    }
  }

  get #isHeard(): boolean {
    const { attention } = this.#wishes;
    return attention === undefined || Atomics.load(attention, 0) !== 0;
  }
}

function addTo<K>(sums: Map<K, number>, key: K, count: number): void {
  sums.set(key, (sums.get(key) ?? 0) + count);
}
