// An errand: one thing that somebody wants of a gateway, and the one answer to it, written down from the spec.
// What an origin is asked stands in its own answer, so that this is judged with it. Refuses to know who runs errands.

import type { Header } from '../scenes/scene.ts';

export type Errand = { readonly name: string } & (Question | Talk | Topical | Posted | Commanded);

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly search: string;
  /** Undefined: its origin tells what it was asked, see `echoWords`. */
  readonly said: Said | undefined;
  /**
   * Are published while it is held, one after the other, and those of a list at once; what has a topic at the broker's
   * door. A text is the whole body, as it stands, a `pull` goes in a tnetstring to the socket of that name, and `errand`
   * is another one, by its name.
   */
  readonly items: readonly (string | object | readonly object[])[];
}

/** For the gateway's own door. */
interface Question extends Asked {
  readonly to: 'door';
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: string;
  /** As in `sounds.ts`; of an expression: what varies from one time to the next. */
  readonly answer: string | RegExp;
}

/** A WebSocket at the same door. */
interface Talk extends Asked {
  readonly to: 'socket';
  /** One after the other, when it is open; `close CODE REASON`, or a kind and words. */
  readonly words: readonly string[];
  /** What its origin says to all that comes behind the handshake; nothing, where nothing is said. */
  readonly later?: Said;
  /** All that is heard, in its order. */
  readonly answer: string | RegExp;
}

/** The answer of an origin. */
export interface Said {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
}

/** For the broker's door, when items have been published to channels. */
interface Topical {
  readonly to: 'broker';
  readonly items: readonly object[];
  readonly path: string;
  /** `STATUS BODY`. */
  readonly answer: RegExp;
}

/** For the control server. */
interface Posted {
  readonly to: 'control';
  readonly method: string;
  readonly target: string;
  readonly accept: string | undefined;
  readonly body: string;
  /** `STATUS BODY`. */
  readonly answer: string;
}

/** For the socket of commands. */
interface Commanded {
  readonly to: 'command';
  /** A text is the frame as it stands. */
  readonly fields: unknown;
  readonly answer: unknown;
}

/** A question whose origin says `said`, or tells what it was asked. */
export function asks(
  name: string,
  what: Partial<Omit<Question, 'to' | 'answer'>>,
  answer: string | RegExp,
): Errand {
  return {
    ...{ to: 'door', name, host: 'e.test', method: 'GET', path: `/e/${name}`, search: '' },
    ...{ headers: [], body: '', said: undefined, items: [], ...what, answer },
  };
}

/** A WebSocket whose origin says `said` to its handshake, and nothing to what comes then. */
export function talks(
  name: string,
  what: Partial<Omit<Talk, 'to' | 'answer'>>,
  answer: string | RegExp,
  ...more: readonly string[]
): Errand {
  return {
    ...{ to: 'socket', name, host: 'ew.test', path: `/e/${name}`, search: '' },
    ...{
      said: undefined,
      items: [],
      words: [],
      ...what,
      answer: typeof answer === 'string' ? [answer, ...more].join(' / ') : answer,
    },
  };
}

/**
 * What such an origin was asked, in the body of its answer: `headers` in their words, without those that all have.
 * [GRIP-SIG-5] Who tells what it can do signs, too.
 */
export function echoWords(
  method: string,
  target: string,
  headers: readonly string[],
  { body, isSigned }: { readonly body: string; readonly isSigned: boolean },
): string {
  const all = isSigned ? 'grip-feature: all' : 'grip-feature: all, and unsigned';
  const own = headers
    .filter((line) => !line.startsWith('host: '))
    .map((line) => (line === FEATURES ? all : line));
  if (isSigned && !own.includes(all)) own.push('signed, and without features');
  return [`${method} ${target}`, ...own, body].join('\n');
}

/** [GRIP-SIG-4] */
const FEATURES =
  'grip-feature: status, session, link:next, link:gone, filter:skip-self, filter:skip-users, ' +
  'filter:require-sub, filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';
