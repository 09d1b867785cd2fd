// What plays of several nodes are written with: who comes in at which of them, and rooms whose home is known. Refuses to know
// what a node does, and where it thinks that a room is at home.

import type { House } from '../house.ts';
import {
  ack,
  BYE,
  comes,
  hears,
  homeOf,
  line,
  login,
  play,
  type Play,
  says,
  type Step,
} from '../play.ts';

export interface Arrival {
  readonly caps?: readonly string[];
  readonly offline?: number;
  readonly sessions?: number;
  readonly status?: string;
}

/** Played wherever there are so many nodes. */
export function tour(
  name: string,
  steps: Play['steps'],
  { nodes = 2, fits = () => true }: { nodes?: number; fits?: Play['fits'] } = {},
): Play {
  return play(name, steps, (house) => (house.company?.nodes ?? 0) >= nodes && fits(house));
}

export function nameOf(at: number): string {
  return `n${at + 1}`;
}

/** At a node, by number. */
export function knocks(house: House, by: string, user: string, at: number): Step {
  return comes(by, homeOf(house, user), false, at);
}

export function welcomeAt(
  at: number,
  user: string,
  { caps = [], offline = 0, sessions = 1, status = 'online' }: Arrival = {},
): string {
  const words = `user=${user} node=${nameOf(at)} caps=${JSON.stringify(caps)} status=${status}`;
  return `LOGIN_OK ${words} offline_count=${offline} sessions=${sessions}`;
}

/** Is let in; hears more behind that. */
export function entersAt(
  house: House,
  by: string,
  user: string,
  at: number,
  arrival: Arrival = {},
  ...more: readonly string[]
): readonly Step[] {
  const { caps, status } = arrival;
  return [
    knocks(house, by, user, at),
    says(by, login(house, user, { caps, status })),
    hears(by, welcomeAt(at, user, arrival), ...more),
  ];
}

export interface Return {
  readonly caps?: readonly string[];
  readonly rooms?: readonly string[];
  readonly status?: string;
  readonly more?: string;
}

/** Comes back to a node with its session, and hears what it missed. */
export function returnsAt(
  house: House,
  by: string,
  user: string,
  at: number,
  { caps = [], rooms = [], status = 'online', more = '' }: Return = {},
  ...missed: readonly string[]
): readonly Step[] {
  const who = `user=${user} node=${nameOf(at)} caps=${JSON.stringify(caps)} status=${status}`;
  const count = missed.filter((one) => one.includes('_MESSAGE')).length;
  const words = `${who} replayed=${count} rooms=${JSON.stringify(rooms)} ${more}`;
  return [
    knocks(house, by, user, at),
    says(by, line('RESUME', { token: 'TOKEN' })),
    hears(by, `RESUME_OK ${words}`.trim(), ...missed),
  ];
}

/** One who comes in, and what each of those who are there hears of it. */
export function joins(
  by: string,
  room: string,
  { user, count, seq = 0 }: { user: string; count: number; seq?: number },
  ...others: readonly string[]
): readonly Step[] {
  return [
    says(by, line('JOIN', { room })),
    hears(by, `JOIN_OK room=${room} seq=${seq} count=${count}`),
    ...comings(room, 'join', user, count, others),
  ];
}

export function leaves(
  by: string,
  room: string,
  { user, count }: { user: string; count: number },
  ...others: readonly string[]
): readonly Step[] {
  return [
    says(by, line('LEAVE', { room })),
    hears(by, `LEAVE_OK room=${room}`),
    ...comings(room, 'leave', user, count, others),
  ];
}

export function comings(
  room: string,
  event: 'join' | 'leave',
  user: string,
  count: number,
  others: readonly string[],
  more = '',
): readonly Step[] {
  const words = `ROOM_EVENT room=${room} event=${event} user=${user}${more} count=${count}`;
  return others.map((other) => hears(other, words));
}

export interface Utterance {
  readonly room: string;
  readonly user: string;
  /** Number of the room's home. */
  readonly home: number;
  readonly id: string;
  readonly seq: number;
}

/** What members hear. */
export function heard({ room, user, home, id, seq }: Utterance, isLate = false): string {
  const words = `id=${id} room=${room} from=${user} body=${id} seq=${seq} node=${nameOf(home)}`;
  return `ROOM_MESSAGE ${words}${isLate ? ' delayed=true' : ''}`;
}

/** One speaks, and those who are there hear it. */
export function speaks(
  house: House,
  by: string,
  said: Utterance,
  ...others: readonly string[]
): readonly Step[] {
  const { room, id, seq } = said;
  return [
    says(by, line('ROOM_MESSAGE', { room, body: id }, id)),
    hears(by, ack(house, id, `status=stored seq=${seq}`)),
    ...others.map((other) => hears(other, heard(said))),
  ];
}

/** As a page has it. */
export function onPage({ seq, id, user, home }: Utterance): string {
  return `${seq}:${id}:${user}:${nameOf(home)}:${id}`;
}

export function letter(from: string, to: string, id: string, more = ''): string {
  return `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${id}${more}`;
}

export function writes(
  house: House,
  by: string,
  to: string,
  id: string,
  status: string,
): readonly Step[] {
  return [
    says(by, line('DIRECT_MESSAGE', { to, body: id }, id)),
    hears(by, ack(house, id, `status=${status}`)),
  ];
}

export function goesForGood(...all: readonly string[]): readonly Step[] {
  return all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
}

/** Their homes are the nodes with these numbers; where there are two, too. A play takes those that no other has. */
export const AT: readonly (readonly string[])[] = [
  ['fir', 'yew', 'beech', 'aspen', 'holly', 'larch', 'poplar', 'willow', 'cherry', 'almond'],
  ['ash', 'pear', 'rowan', 'birch', 'cedar', 'maple', 'alder', 'hazel', 'lime', 'apple'],
  ['oak', 'elm', 'box', 'bay', 'fig', 'plum', 'olive', 'pine', 'walnut', 'medlar'],
];
