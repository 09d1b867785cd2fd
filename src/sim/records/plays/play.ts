// A play: people at the doors of one node, who come, speak, hear and go in turn. What each of them has to hear is part of it,
// line by line. Refuses to know who plays it, and to judge.

import type { ClusterFault } from '../../faults/cluster-faults.ts';
import { type House, passwordOf } from './house.ts';

export type Step =
  /** From a network address; whoever reads slowly has a narrow way, and reads nothing before he goes. */
  | {
      readonly does: 'comes';
      readonly by: string;
      readonly from: string;
      readonly isBlind: boolean;
      /** Number of the node. */
      readonly at: number;
      /** Where it matters to which of its threads. */
      readonly thread: number | undefined;
    }
  /** Each character is a byte. */
  | { readonly does: 'says'; readonly by: string; readonly text: string }
  /** Waits for these, and hears nothing else before them. */
  | { readonly does: 'hears'; readonly by: string; readonly lines: readonly string[] }
  /** Has heard these by now, and nothing else. */
  | { readonly does: 'has'; readonly by: string; readonly lines: readonly string[] }
  /** Reads from now on, and hears these before nothing more comes. */
  | { readonly does: 'hearsAtLast'; readonly by: string; readonly lines: readonly string[] }
  /** Of all lines since the last step, those that are messages, with all that was on its way when he went. */
  | { readonly does: 'gathers'; readonly by: string; readonly lines: readonly string[] }
  | { readonly does: 'goes'; readonly by: string }
  /** Says no more, and listens. */
  | { readonly does: 'ends'; readonly by: string }
  /** The token of another one's session. */
  | { readonly does: 'lends'; readonly by: string; readonly to: string }
  /** A bug strikes its session. */
  | { readonly does: 'fails'; readonly by: string }
  /** Somebody publishes at the broker's door. */
  | { readonly does: 'posts'; readonly by: string; readonly text: string }
  /** Another takes its place. */
  | { readonly does: 'threadDies'; readonly by: string; readonly thread: number }
  | { readonly does: 'waits'; readonly by: string; readonly ms: number }
  | { readonly does: 'drains'; readonly by: string; readonly ms: number }
  /** Something goes wrong between nodes, or with one of them. */
  | { readonly does: 'befalls'; readonly by: string; readonly what: Omit<ClusterFault, 'at'> };

export interface Play {
  readonly name: string;
  fits(house: House): boolean;
  steps(house: House): readonly Step[];
}

export function play(
  name: string,
  steps: Play['steps'],
  fits: Play['fits'] = ({ isSlow }) => !isSlow,
): Play {
  return { name, steps, fits };
}

export function comes(by: string, from: string, isBlind = false, at = 0, thread?: number): Step {
  return { does: 'comes', by, from, isBlind, at, thread };
}

export function says(by: string, ...lines: readonly string[]): Step {
  return { does: 'says', by, text: lines.join('') };
}

export function hears(by: string, ...lines: readonly string[]): Step {
  return { does: 'hears', by, lines: lines.map((one) => one.trim()) };
}

export function has(by: string, ...lines: readonly string[]): Step {
  return { does: 'has', by, lines: lines.map((one) => one.trim()) };
}

export function hearsAtLast(by: string, ...lines: readonly string[]): Step {
  return { does: 'hearsAtLast', by, lines };
}

export function gathers(by: string, ...lines: readonly string[]): Step {
  return { does: 'gathers', by, lines };
}

export function goes(by: string): Step {
  return { does: 'goes', by };
}

export function ends(by: string): Step {
  return { does: 'ends', by };
}

export function lends(by: string, to: string): Step {
  return { does: 'lends', by, to };
}

export function fails(by: string): Step {
  return { does: 'fails', by };
}

export function posts(text: string): Step {
  return { does: 'posts', by: '', text };
}

export function threadDies(thread: number): Step {
  return { does: 'threadDies', by: '', thread };
}

export function waits(ms: number): Step {
  return { does: 'waits', by: '', ms };
}

export function drains(ms: number): Step {
  return { does: 'drains', by: '', ms };
}

/** A node, or the way between two, for so long. */
export function befalls(
  kind: ClusterFault['kind'],
  nodes: readonly [one: number, other?: number],
  ms: number,
  amount = 0,
): Step {
  const [one, other = 0] = nodes;
  const what = { kind, one, other, durationUs: ms * 1_000, amount };
  return { does: 'befalls', by: '', what };
}

/** One request; without an id where that is empty, as a person may type it. */
export function line(type: string, payload: object = {}, id = 'q1'): string {
  const around = { version: '1.0', type };
  const whole = { ...around, id, timestamp: WRITTEN_AT, source: 'client', payload };
  return `${JSON.stringify(id === '' ? { ...around, payload } : whole)}\n`;
}

/** As this house wants it. */
export function login({ proof }: House, user: string, more: object = {}): string {
  const claims = { subject: user, subscribe: [], publish: [] };
  const auth = {
    none: undefined,
    password: { method: 'password', password: passwordOf(user) },
    token: { method: 'token', token: encodeURIComponent(JSON.stringify(claims)) },
  }[proof];
  return line('LOGIN', { user, auth, ...more });
}

export interface Welcome {
  readonly caps?: readonly string[];
  readonly offline?: number;
  readonly sessions?: number;
}

export function welcome(user: string, { caps = [], offline = 0, sessions = 1 }: Welcome = {}) {
  const words = `user=${user} caps=${JSON.stringify(caps)} status=online`;
  return `LOGIN_OK ${words} offline_count=${offline} sessions=${sessions}`;
}

/** Comes and is let in. */
export function enters(
  house: House,
  by: string,
  user: string,
  { caps, ...more }: Welcome = {},
): readonly Step[] {
  return [
    comes(by, homeOf(house, user)),
    says(by, login(house, user, { caps })),
    hears(by, welcome(user, { ...(caps === undefined ? {} : { caps }), ...more })),
  ];
}

/** Where a proof counts: everybody has a network of his own where he may have. */
export function homeOf({ isPlain, proof }: House, user: string): string {
  if (!isPlain && proof !== 'none') return LOOPBACK;
  let sum = 0;
  for (const letter of user) sum = (sum * 31 + letter.charCodeAt(0)) % 65_000;
  return `10.9.${sum >> 8}.${sum & 255}`;
}

/** An answer to something that was said. */
export function ack({ isLenient }: House, id: string, words: string): string {
  return `ACK ${isLenient ? `id=${id} ` : ''}${words}`;
}

/** Seconds since 1970. */
export const WRITTEN_AT = 1_700_000_000;
export const LOOPBACK = '127.0.0.1';
export const END = 'end';
export const BYE: readonly string[] = ['BYE', END];

export function inRoom(by: string, room: string, count: number, seq = 0): readonly Step[] {
  return [
    says(by, line('JOIN', { room })),
    hears(by, `JOIN_OK room=${room} seq=${seq} count=${count}`),
  ];
}

export function saysIn(
  house: House,
  by: string,
  room: string,
  ids: readonly string[],
  first = 1,
  length = 0,
) {
  return ids.flatMap((id, at): Step[] => [
    says(by, line('ROOM_MESSAGE', { room, body: id.padEnd(length, '.') }, id)),
    hears(by, ack(house, id, `status=accepted seq=${first + at}`)),
  ]);
}

export function heardIn(
  room: string,
  from: string,
  ids: readonly string[],
  first = 1,
): readonly string[] {
  return ids.map(
    (id, at) => `ROOM_MESSAGE id=${id} room=${room} from=${from} body=${id} seq=${first + at}`,
  );
}

export const named = (count: number, from = 1): readonly string[] =>
  Array.from({ length: count }, (_, at) => `m${from + at}`);
