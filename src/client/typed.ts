// What a person types: words for the place where one is, or a command behind a slash. Mistakes are found here where they
// can be, in words that help. Refuses to know how it is obeyed. Obeys spec/process.md, section "Chat client".

import type { ClientType } from '../actors/codecs/hp/envelope.ts';
import { isRoomName, isUserName } from '../actors/codecs/hp/names.ts';
import { nearest } from '../actors/codecs/hp/spelling.ts';
import type { Payload } from '../actors/codecs/hp/writing.ts';
import type { Place } from './happenings.ts';

export type Typed =
  | { readonly kind: 'ask'; readonly type: ClientType; readonly payload: Payload }
  | { readonly kind: 'join'; readonly room: string }
  /** Words go there from now on. */
  | { readonly kind: 'turn'; readonly place: Place }
  | { readonly kind: 'help' | 'quit' | 'nothing' }
  | { readonly kind: 'mistake'; readonly text: string };

export const HELP = `  TEXT                 say it where you are
  /join ROOM           come into a room, and be there
  /leave [ROOM]        leave a room
  /to ROOM|@USER       say what you type there from now on
  /msg USER TEXT       say something to one user
  /who [ROOM]          who is in the room
  /rooms [PREFIX]      which rooms there are
  /history [N]         the last N words where you are
  /history ROOM|@USER [N]
  /presence [USER …]   how users are, and from then on when it changes
  /away [NOTE]  /busy [NOTE]  /back
  /help                this list
  /quit                leave, as Ctrl-D does; what you said is acknowledged first
  //TEXT               say /TEXT`;

const commands: Readonly<
  Record<string, (words: readonly string[], place: Place | undefined, rest: string) => Typed>
> = {
  join: ([room = '']) =>
    isRoomName(room) ? { kind: 'join', room } : mistake(`/join ROOM: ${ROOM_FORM}`),
  leave([named], place) {
    const room = named ?? (isRoom(place) ? place : undefined);
    if (room === undefined || !isRoomName(room)) return mistake(`/leave ROOM: ${ROOM_FORM}`);
    return ask('LEAVE', { room });
  },
  to([place = '']) {
    const isGood = place.startsWith('@') ? isUserName(place.slice(1)) : isRoomName(place);
    return isGood ? { kind: 'turn', place } : mistake('/to ROOM or /to @USER');
  },
  msg([named = ''], _, rest) {
    const user = named.replace(/^@/, '');
    const body = rest.slice(rest.indexOf(named) + named.length).trim();
    if (!isUserName(user)) return mistake(`/msg USER TEXT: ${USER_FORM}`);
    return body === '' ? mistake('/msg USER TEXT: there is no text') : say(`@${user}`, body);
  },
  who([named], place) {
    const room = named ?? (isRoom(place) ? place : undefined);
    if (room === undefined || !isRoomName(room)) return mistake(`/who ROOM: ${ROOM_FORM}`);
    return ask('ROOM_MEMBERS', { room });
  },
  rooms: ([prefix]) => ask('ROOM_LIST', prefix === undefined ? {} : { prefix }),
  history(words, here) {
    const [first = ''] = words;
    const isNumber = /^\d+$/.test(first);
    const place = isNumber || first === '' ? here : first;
    const count = Number(isNumber ? first : (words[1] ?? '20'));
    if (place === undefined) return mistake('/history ROOM or /history @USER');
    if (!Number.isInteger(count) || count < 1 || count > 100)
      return mistake('/history: from 1 to 100');
    const of = place.startsWith('@') ? { with: place.slice(1) } : { room: place };
    return ask('HISTORY', { ...of, limit: count });
  },
  presence(words) {
    const users = words.map((word) => word.replace(/^@/, ''));
    if (users.length === 0 || !users.every(isUserName)) return mistake('/presence USER …');
    return ask('PRESENCE_SUBSCRIBE', { users });
  },
  away: (_, __, note) => status('away', note),
  busy: (_, __, note) => status('busy', note),
  back: () => status('online', ''),
  help: () => ({ kind: 'help' }),
  quit: () => ({ kind: 'quit' }),
};

const ROOM_FORM = 'a room is called by small letters, digits, and . _ -';
const USER_FORM = 'a user is called by letters, digits, and . _ -';

/** Reads a line; `place` is where the person is. */
export function readTyped(line: string, place: Place | undefined): Typed {
  if (line.trim() === '') return { kind: 'nothing' };
  if (!line.startsWith('/') || line.startsWith('//'))
    return readWords(line.startsWith('/') ? line.slice(1) : line, place);
  const [, name = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const meant = nearest(name, Object.keys(commands));
    const hint = meant === undefined ? '/help lists them' : `did you mean /${meant}?`;
    return mistake(`there is no command /${name}; ${hint}`);
  }
  const trimmed = rest.trim();
  return command(trimmed === '' ? [] : trimmed.split(/\s+/), place, trimmed);
}

/** Reads a line that is no command, whatever it looks like. */
export function readWords(line: string, place: Place | undefined): Typed {
  if (line === '') return { kind: 'nothing' };
  if (place === undefined) return mistake('you are nowhere yet: /join ROOM, or /msg USER TEXT');
  return say(place, line);
}

export const commandNames: readonly string[] = Object.keys(commands).map((name) => `/${name}`);

function say(place: Place, body: string): Typed {
  return place.startsWith('@')
    ? ask('DIRECT_MESSAGE', { to: place.slice(1), body })
    : ask('ROOM_MESSAGE', { room: place, body });
}

function status(word: 'online' | 'away' | 'busy', note: string): Typed {
  return ask('PRESENCE_SET', note === '' ? { status: word } : { status: word, note });
}

function ask(type: ClientType, payload: Payload): Typed {
  return { kind: 'ask', type, payload };
}

function mistake(text: string): Typed {
  return { kind: 'mistake', text };
}

function isRoom(place: Place | undefined): place is string {
  return place !== undefined && !place.startsWith('@');
}
