// An errand: one thing that somebody wants of a gateway, and the one answer to it, written down from the spec.
// What an origin is asked stands in its own answer, so that this is judged with it. Refuses to know who runs errands.

import type { Header } from '../scenes/scene.ts';

export type Errand = { readonly name: string } & (Question | Posted | Commanded);

/** For the gateway's own door. */
interface Question {
  readonly to: 'door';
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: readonly Header[];
  readonly body: string;
  /** Undefined: its origin tells what it was asked, see `echoWords`. */
  readonly said: Said | undefined;
  /** Is published while it is held. */
  readonly item: object | undefined;
  /** As in `sounds.ts`; of an expression: what varies from one time to the next. */
  readonly answer: string | RegExp;
}

/** The answer of an origin. */
export interface Said {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
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
    ...{ headers: [], body: '', said: undefined, item: undefined, ...what, answer },
  };
}

/** What such an origin was asked, in the body of its answer: `headers` in their words, without those that all have. */
export function echoWords(
  method: string,
  target: string,
  headers: readonly string[],
  body: string,
): string {
  const own = headers
    .filter((line) => !line.startsWith('host: '))
    .map((line) => (line === FEATURES ? 'grip-feature: all' : line));
  return [`${method} ${target}`, ...own, body].join('\n');
}

/** [GRIP-SIG-4] */
const FEATURES =
  'grip-feature: status, session, link:next, link:gone, filter:skip-self, filter:skip-users, ' +
  'filter:require-sub, filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';
