// The operator edge of one shard: gathers what its actors notice during a turn and hands it to the main thread at the
// turn's end, as far as anybody there wants to know. What can be added up is.
// Refuses to know what becomes of it.

import type { OperatorNotice } from '../../actors/runtime/gateway-edges.ts';

export interface NoticeWishes {
  /** Which channels are followed. */
  readonly channels: boolean;
  /** Everything that is counted. */
  readonly figures: boolean;
}

export class Notices {
  readonly #wishes: NoticeWishes;
  readonly #say: (notices: readonly OperatorNotice[]) => void;
  #gathered: OperatorNotice[] = [];
  #published = 0;
  #requests = 0;

  constructor(wishes: NoticeWishes, say: (notices: readonly OperatorNotice[]) => void) {
    this.#wishes = wishes;
    this.#say = say;
  }

  notice(notice: OperatorNotice): void {
    const isWanted =
      notice.type === 'channelFollowed' ? this.#wishes.channels : this.#wishes.figures;
    if (!isWanted) return;
    if (notice.type === 'itemsPublished') this.#published += notice.count;
    else if (notice.type === 'requestsReceived') this.#requests += notice.count;
    else this.#gathered.push(notice);
  }

  flush(): void {
    const [published, requests] = [this.#published, this.#requests];
    if (published > 0) this.#gathered.push({ type: 'itemsPublished', count: published });
    if (requests > 0) this.#gathered.push({ type: 'requestsReceived', count: requests });
    this.#published = 0;
    this.#requests = 0;
    if (this.#gathered.length === 0) return;
    const notices = this.#gathered;
    this.#gathered = [];
    this.#say(notices);
  }
}
