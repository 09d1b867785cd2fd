// An errand: one thing that somebody wants of a gateway, and the one answer to it, written down from the spec.
// What an origin is asked stands in its own answer, so that this is judged with it. Refuses to know who runs errands.

import type { OriginFailure } from '../../../actors/runtime/gateway-edges.ts';
import type { Header } from '../scenes/scene.ts';

export type Errand = {
  readonly name: string;
  /** Only ever an item of another one. */
  readonly isPart?: boolean;
  /** It is run at another node. */
  readonly isAbroad?: boolean;
  /** It begins when the others are over. */
  readonly isLast?: boolean;
  /** All that an operator is told of its channel, or of the route that has its name; see `notices.ts`. */
  readonly noticed?: readonly string[];
} & (Question | Talk | Turns | Topical | Posted | Commanded);

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly search: string;
  /** Undefined: its origin tells what it was asked, see `echoWords`. */
  readonly said: Said | undefined;
  /**
   * Are published while it is held, one after the other, and those of a list at once; `seconds` lets time pass; what has a
   * topic goes to the broker's door, and what is `elsewhere` is published at another node. At a `death` the thread of that number dies, for so many
   * `ms`. A text is the whole body, as it stands, a `pull` goes in a tnetstring to the socket of that name, `frames` go
   * to the one of that `input` as they stand, and `errand` is another one, by its name.
   */
  readonly items: readonly (string | object | readonly object[])[];
}

/** For the gateway's own door. */
interface Question extends Asked, Overheard {
  readonly to: 'door';
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: string;
  /** So many ask at once, and are all answered so; then its origin says `again`. */
  readonly times?: number;
  readonly again?: Said;
  /** Behind `//` the answer has how fast the origin was asked again by all of them. */
  readonly isPaced?: boolean;
  /** As in `sounds.ts`; of an expression: what varies from one time to the next. */
  readonly answer: string | RegExp;
}

/** A WebSocket at the same door. */
interface Talk extends Asked, Overheard {
  readonly to: 'socket';
  readonly headers?: readonly Header[];
  /**
   * One after the other, when it is open; `close CODE REASON`, `cut`, `none`, `wait SECONDS`, or a kind and words, `*N`
   * times.
   */
  readonly words: readonly string[];
  readonly line?: Line;
  /** It reads nothing for so long, and little is on its way to it. */
  readonly deafMs?: number;
  /** It answers no close. */
  readonly isMute?: boolean;
  /** It waits for nobody with its words: what comes before it is open is `cut` alone. */
  readonly isHasty?: boolean;
  /** All that is heard, in its order. */
  readonly answer: string | RegExp;
}

/** Several requests one after the other, of a page with a session of SockJS. */
interface Turns extends Asked, Overheard {
  readonly to: 'turns';
  /** `METHOD PATH?SEARCH BODY`; `wait` lets a time pass, or so many seconds. */
  readonly turns: readonly string[];
  readonly line?: Line;
  readonly headers: readonly Header[];
  /** Of each turn what it was answered, or `-`. */
  readonly answer: string | RegExp;
}

/** What origins say behind their first answer, and whether what they are told stands in the answer. */
interface Overheard {
  /**
   * What its origin says to all that comes behind the handshake, and behind the first question; where nothing is said, it
   * takes the one, and answers the other as it did the first.
   */
  readonly later?: Said;
  /** The same, one after the other; then `later`. */
  readonly laters?: readonly Said[];
  /** Behind `//` the answer has what the origin was told, too. */
  readonly isOverheard?: boolean;
  /** So long behind the last thing that is heard. */
  readonly listensMs?: number;
  /** Before each thing that is heard or told stand the whole seconds since the one before. */
  readonly isTimed?: boolean;
}

/** An origin that speaks WebSocket itself. */
export interface Line {
  readonly headers: readonly Header[];
  /** At once, and then to each thing that it hears; in the words of clients, and `cut`. */
  readonly says: readonly (readonly string[])[];
  /** It answers no close by itself. */
  readonly isMute?: boolean;
}

/** The answer of an origin. */
export interface Said {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
  /** It takes so long. */
  readonly afterMs?: number;
  /** It breaks off behind its body. */
  readonly isBroken?: boolean;
  /** There is none. */
  readonly fails?: { readonly why: OriginFailure; readonly wasSent: boolean };
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

/** Pages whose session has an origin over HTTP. */
export function turns(
  name: string,
  what: Partial<Omit<Turns, 'to' | 'answer'>>,
  answer: string | RegExp,
): Errand {
  return {
    ...{ to: 'turns', name, host: 'esp.test', path: '/sock', search: `?e=${name}` },
    ...{ said: undefined, items: [], headers: [], turns: [], ...what, answer },
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
  { body, isSigned, signer = '' }: EchoFacts,
): string {
  const all = isSigned ? 'grip-feature: all' : 'grip-feature: all, and unsigned';
  const own = headers
    .filter((line) => !line.startsWith('host: '))
    .map((line) => (line === FEATURES ? all : line));
  if (isSigned && !own.includes(all)) own.push('signed, and without features');
  if (signer !== '') own.push(`signed by ${signer}`);
  return [`${method} ${target}`, ...own, body].join('\n');
}

interface EchoFacts {
  readonly body: string;
  readonly isSigned: boolean;
  /** Of a route that signs for itself. */
  readonly signer?: string;
}

/** [GRIP-SIG-4] */
const FEATURES =
  'grip-feature: status, session, link:next, link:gone, filter:skip-self, filter:skip-users, ' +
  'filter:require-sub, filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';
