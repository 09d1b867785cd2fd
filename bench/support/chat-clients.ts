// Many bare clients of a chat in one process, who sit in one room and count what they are told, and one who speaks. Words
// end in a mark that stands nowhere else, because every protocol frames them differently.
// Nothing of the measured servers' code is used.

import type { Socket } from 'node:net';
import type { ChatServerName } from './chat-servers.ts';
import { hpLine } from './hp-client.ts';
import { connectAtLast } from './sockets.ts';

/** How one comes into the room, and speaks there. */
interface Dialect {
  /** What is said, and what the answer has in it. */
  readonly steps: (
    name: string,
    room: string,
  ) => readonly (readonly [said: string, answered: string])[];
  readonly speak: (id: string, room: string) => string;
}

export interface Room {
  /** Says so many words at once; resolves with how many were heard, by all together. */
  speak(words: number): Promise<number>;
  end(): void;
}

const MARK = 0x7c;
const WORD = `${'x'.repeat(99)}|`;
const STEP_MS = 30_000;
/** What has not come by then is lost. */
const PATIENCE_MS = 10_000;
const BATCH = 20;
const SETTLE_MS = 1_000;

const streamHead =
  "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl';
const bind = 'urn:ietf:params:xml:ns:xmpp-bind';

const xmpp: Dialect = {
  steps: (name, room) => [
    [streamHead, '</stream:features>'],
    [`<auth xmlns='${sasl}' mechanism='ANONYMOUS'/>`, '<success'],
    [streamHead, '</stream:features>'],
    [`<iq type='set' id='b'><bind xmlns='${bind}'/></iq>`, '</bind>'],
    [
      `<presence to='${room}@rooms.localhost/${name}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`,
      '<subject',
    ],
  ],
  speak: (id, room) =>
    `<message to='${room}@rooms.localhost' type='groupchat' id='${id}'><body>${WORD}</body></message>`,
};

const dialects: Readonly<Record<ChatServerName, Dialect>> = {
  hermod: {
    steps: (name, room) => [
      [hpLine('LOGIN', 'l', { user: name }), '"LOGIN_OK"'],
      [hpLine('JOIN', 'j', { room }), '"JOIN_OK"'],
    ],
    speak: (id, room) => hpLine('ROOM_MESSAGE', id, { room, body: WORD }),
  },
  ngircd: {
    steps: (name, room) => [
      [`NICK ${name}\r\nUSER ${name} 0 * :${name}\r\n`, ' 001 '],
      [`JOIN #${room}\r\n`, ' 366 '],
    ],
    speak: (_, room) => `PRIVMSG #${room} :${WORD}\r\n`,
  },
  prosody: xmpp,
  ejabberd: xmpp,
};

/** So many who listen, and one who speaks, in a room of their own. */
export async function openRoom(
  name: ChatServerName,
  port: number,
  listeners: number,
): Promise<Room> {
  const { steps, speak } = dialects[name];
  const room = `bench${listeners}`;
  const speaker = await enter(port, steps('speaker', room));
  const sockets = [speaker];
  let heard = 0;
  let target = Infinity;
  let reached = (): void => {};
  const listen = (chunk: Buffer): void => {
    for (let at = chunk.indexOf(MARK); at !== -1; at = chunk.indexOf(MARK, at + 1)) heard += 1;
    if (heard >= target) reached();
  };
  speaker.on('data', () => {});
  for (let opened = 0; opened < listeners; opened += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, listeners - opened) }, async (_, at) => {
      const socket = await enter(port, steps(`u${opened + at}`, room));
      socket.on('data', listen);
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  let spoken = 0;
  return {
    speak(words) {
      heard = 0;
      target = words * listeners;
      const all = new Promise<number>((resolve) => {
        const patience = setTimeout(() => resolve(heard), PATIENCE_MS);
        reached = () => {
          clearTimeout(patience);
          resolve(heard);
        };
      });
      const lines = Array.from({ length: words }, (_, at) => speak(`${room}-${spoken + at}`, room));
      spoken += words;
      speaker.write(lines.join(''));
      return all;
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function enter(port: number, steps: ReturnType<Dialect['steps']>): Promise<Socket> {
  const socket = await connectAtLast(port);
  for (const [said, answered] of steps) await hear(socket, said, answered);
  return socket;
}

function hear(socket: Socket, said: string, answered: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const patience = setTimeout(() => reject(new Error(`no ${answered} in ${text}`)), STEP_MS);
    const listen = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes(answered)) return;
      clearTimeout(patience);
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
    socket.write(said);
  });
}
