// What happens as text: one line each, for programs (the kind first, then names, what was said last) or for people. What
// comes from others can neither end a line nor steer a terminal, and a program gets back every character of it.
// Refuses to know where it is written. Obeys spec/process.md, section "Chat client".

import type { Happening } from './happenings.ts';

/** Conversation goes to standard output; what is amiss, to standard error. */
export interface Line {
  readonly stream: 'out' | 'error';
  readonly text: string;
}

/** [PROC-CLIENT-6] For programs. */
export function plainLine(happening: Happening): Line {
  const { kind } = happening;
  switch (happening.kind) {
    case 'entered':
      return out(kind, happening.user, happening.node);
    case 'resumed':
      return out(kind, happening.user, happening.replayed);
    case 'joined':
    case 'counted':
    case 'members':
    case 'room':
      return out(kind, happening.room, happening.count);
    case 'left':
    case 'gap':
      return out(kind, happening.room);
    case 'message':
      return out(kind, happening.room, happening.from, happening.body);
    case 'direct':
      return out(kind, happening.from, happening.body);
    case 'sent':
      return out(kind, happening.place, happening.status, happening.body);
    case 'past':
      return out(kind, happening.place, happening.from, happening.body);
    case 'came':
    case 'went':
      return out(kind, happening.room, happening.user, happening.count);
    case 'member':
      return out(kind, happening.room, happening.user, happening.status);
    case 'rooms':
      return out(kind, happening.count);
    case 'presence':
      return out(kind, happening.user, happening.status, happening.note);
    case 'done':
      return out(kind, happening.what);
    case 'notice':
      return trouble(`${happening.code}: ${happening.text}`);
    case 'refused':
      return trouble(`${happening.code}: ${happening.text} (${short(happening.what)})`);
    case 'lost':
      return trouble(`${happening.reason}; calling again in ${seconds(happening.inMs)} s`);
    default:
      return happening satisfies never;
  }
}

/** For people; `paint` may colour names and what is said about the conversation. */
export function humanLine(happening: Happening, paint: Paint): string {
  switch (happening.kind) {
    case 'entered':
      return note(`You are ${happening.user}, on ${happening.node}. /help lists what you can do.`);
    case 'resumed':
      return note(`You are back, and ${happening.replayed} messages waited for you.`);
    case 'joined':
      return note(`You are in #${happening.room}, with ${others(happening.count)}.`);
    case 'left':
      return note(`You have left #${happening.room}.`);
    case 'message':
      return said(`#${happening.room}`, happening.from, happening);
    case 'direct':
      return said('', `@${happening.from}`, happening);
    case 'sent': {
      const isUsual = ['accepted', 'stored', 'delivered'].includes(happening.status);
      const place = happening.place.startsWith('@') ? happening.place : `#${happening.place}`;
      const status = isUsual
        ? ''
        : paint('dim', ` (${statusWords[happening.status] ?? happening.status})`);
      return `${said(place, 'you', happening)}${status}`;
    }
    case 'past': {
      const place = happening.place.startsWith('@') ? '' : `#${happening.place}`;
      return said(place, happening.from, happening);
    }
    case 'came':
      return note(`${happening.user} has come to #${happening.room} (${happening.count} there).`);
    case 'went':
      return note(`${happening.user} has left #${happening.room} (${happening.count} there).`);
    case 'counted':
    case 'members':
    case 'room':
      return note(`#${happening.room}: ${happening.count}`);
    case 'member':
      return note(`  ${happening.user} is ${happening.status}`);
    case 'rooms':
      return note(
        happening.hasMore ? `The first ${happening.count} rooms:` : `${happening.count} rooms:`,
      );
    case 'presence': {
      const about = happening.note === '' ? '' : ` (${happening.note})`;
      return note(`${happening.user} is ${happening.status}${about}`);
    }
    case 'done':
      return note('Done.');
    case 'gap':
      return note(
        `Some of what was said in #${happening.room} meanwhile is forgotten. See /history.`,
      );
    case 'notice':
      return note(happening.text);
    case 'refused':
      return paint('red', printable(`! ${happening.text} (${short(happening.what)})`));
    case 'lost':
      return note(
        `No connection: ${happening.reason}. Calling again in ${seconds(happening.inMs)} s.`,
      );
    default:
      return happening satisfies never;
  }

  function note(text: string): string {
    return paint('dim', printable(`* ${text}`));
  }

  function said(place: string, name: string, what: { body: string; timestamp: number }): string {
    const time = paint('dim', clock(what.timestamp));
    const where = place === '' ? '' : `${paint('dim', printable(place))} `;
    return `${time} ${where}${paint('bold', printable(`${name}:`))} ${printable(what.body)}`;
  }
}

export type Paint = (style: 'dim' | 'bold' | 'red', text: string) => string;

const statusWords: Readonly<Record<string, string>> = {
  queued: 'it waits until they come',
  elsewhere: 'from another place',
};

function others(count: number): string {
  if (count <= 1) return 'nobody else';
  return count === 2 ? 'one other' : `${count - 1} others`;
}

function clock(timestamp: number): string {
  const date = new Date(timestamp * 1_000);
  return [date.getHours(), date.getMinutes()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function short(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

function out(...words: readonly (string | number)[]): Line {
  const text = words.map((word) => escaped(String(word))).join(' ');
  // A note that is empty is none.
  return { stream: 'out', text: words.at(-1) === '' ? text.slice(0, -1) : text };
}

function trouble(text: string): Line {
  return { stream: 'error', text: printable(text) };
}

/** Reversible: a backslash is doubled, and what a line may not hold is written as JSON would write it. */
function escaped(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll(UNSHOWN, escape);
}

/** For eyes alone. */
export function printable(text: string): string {
  return text.replaceAll(UNSHOWN, escape);
}

function escape(character: string): string {
  if (character === '\n') return String.raw`\n`;
  if (character === '\t') return String.raw`\t`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Controls, halves of pairs, line separators, and what turns the direction of writing. */
const UNSHOWN = /[\p{Cc}\p{Surrogate}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
