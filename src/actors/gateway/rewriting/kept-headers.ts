// What origins are told in the place of headers that clients say again and again: made once for each list and route, and
// gone with the list. Refuses to know how it is made.

import type { HeaderList } from '../../codecs/grip/header-list.ts';

/** Whatever else the headers for an origin depend on, from one request of a connection to the next. */
export interface Circumstances {
  readonly route: object;
  readonly isTrusted: boolean;
  readonly isSecure: boolean;
  readonly host: string | undefined;
}

interface Kept extends Circumstances {
  readonly headers: HeaderList;
}

export class KeptHeaders {
  readonly #kept = new WeakMap<HeaderList, Kept>();

  /** What was made of the same list under the same circumstances, or else is made now. */
  of(said: HeaderList, now: Circumstances, make: () => HeaderList): HeaderList {
    const known = this.#kept.get(said);
    if (known !== undefined && isSame(known, now)) return known.headers;
    const headers = make();
    this.#kept.set(said, { ...now, headers });
    return headers;
  }
}

function isSame(one: Circumstances, other: Circumstances): boolean {
  return (
    one.route === other.route &&
    one.isTrusted === other.isTrusted &&
    one.isSecure === other.isSecure &&
    one.host === other.host
  );
}
