// WebSocket-over-HTTP as the origin of a scene speaks it: events out of a body and into one, and what it says to each.
// Written from spec/websocket-over-http.md, "Events" and "Control messages", apart from the gateway's own codec.
// Refuses to know what the client hears.

import { joined } from '../../../actors/codecs/joined.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { Header, MessageName, Scene, Told } from '../../records/scenes/scene.ts';
import { bodyWords } from '../../records/scenes/sounds.ts';
import { controlText, type Place } from '../../records/scenes/texts.ts';
import type { SceneAnswer } from './scene-answers.ts';

interface Event {
  readonly type: string;
  readonly content: Uint8Array;
}

/** The events of a body, as far as they can be read; one whose lines do not end as they should tells so. */
export function readEvents(body: Uint8Array): Event[] {
  const events: Event[] = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf(LF, at);
    const [type = '', length] = decoder.decode(body.subarray(at, end - 1)).split(' ');
    const bytes = length === undefined ? 0 : Number.parseInt(length, 16);
    const content = body.slice(end + 1, end + 1 + bytes);
    at = end + 1 + (length === undefined ? 0 : bytes + 2);
    const isEnded = body[end - 1] === CR && body[at - 2] === CR && body[at - 1] === LF;
    events.push({ type: isEnded ? type : `${type} without its line ends`, content });
  }
  return events;
}

/** As the trace has it. */
export function eventWords(events: readonly Event[]): string {
  return events
    .map(({ type, content }) => {
      if (type !== 'CLOSE' || content.length < 2)
        return `${type} ${bodyWords(decoder.decode(content))}`.trim();
      const code = ((content[0] ?? 0) << 8) | (content[1] ?? 0);
      return `${type} ${code} ${decoder.decode(content.subarray(2))}`.trim();
    })
    .join(', ');
}

export function eventsAnswer(scene: Scene, place: Place, events: readonly Event[]): SceneAnswer {
  const said: Uint8Array[] = [];
  const isOpening = events[0]?.type === 'OPEN';
  let isHalfTaken = false;
  if (isOpening)
    said.push(event('OPEN'), ...scene.opening.map((told) => spoken(scene, place, told)));
  for (const { type, content } of events) {
    if (type === 'CLOSE') said.push(event('CLOSE', content));
    const [, act] = /^w(\d+)\.*$/.exec(decoder.decode(content)) ?? [];
    const deed = act === undefined ? undefined : scene.acts[Number(act)]?.deed;
    isHalfTaken ||= deed?.does === 'say' && deed.isHalfTaken;
    if (deed?.does === 'say') said.push(...deed.answer.map((told) => spoken(scene, place, told)));
  }
  const { wordPrefix } = scene;
  const extension = wordPrefix === 'm:' ? 'grip' : `grip; message-prefix="${wordPrefix ?? ''}"`;
  const headers: Header[] = [
    ['Content-Type', 'application/websocket-events'],
    ...(isOpening ? scene.said.headers : []),
    // Sooner than it may be: nothing comes of it while a scene lasts.
    ...(isOpening
      ? ([
          ['Set-Meta-Colour', 'red'],
          ['Keep-Alive-Interval', '2'],
        ] as const)
      : []),
    ...(isHalfTaken ? [['Content-Bytes-Accepted', String(takenBytes(events))] as const] : []),
    ...(isOpening && wordPrefix !== undefined
      ? [['Sec-WebSocket-Extensions', extension] as const]
      : []),
  ];
  return { status: 200, reason: 'OK', headers, body: joined(said) };
}

/** All but what is behind the first byte of the last word. */
function takenBytes(events: readonly Event[]): number {
  const bytes = events.reduce((sum, { content }) => sum + content.byteLength, 0);
  return bytes - (events.at(-1)?.content.byteLength ?? 0) + 1;
}

/** What an origin writes, in an event of its kind. */
function spoken({ wordPrefix }: Scene, place: Place, told: Told): Uint8Array {
  switch (told.tells) {
    case 'message': {
      const { kind, text } = told;
      const prefix = kind === 'text' || kind === 'binary' ? (wordPrefix ?? '') : '';
      return event(TYPES[kind], encodeText(prefix + text));
    }
    case 'bare':
      return event('TEXT', encodeText(told.text));
    case 'control':
      return event('TEXT', encodeText(controlText(told.control, place)));
    case 'close': {
      const { code, reason } = told;
      if (code === 0) return event('CLOSE');
      return event('CLOSE', joined([new Uint8Array([code >> 8, code & 255]), encodeText(reason)]));
    }
    default:
      return told satisfies never;
  }
}

function event(type: string, content = NO_BYTES): Uint8Array {
  if (content.length === 0) return encodeText(`${type}\r\n`);
  const head = encodeText(`${type} ${content.length.toString(16)}\r\n`);
  return joined([head, content, encodeText('\r\n')]);
}

const TYPES: Readonly<Record<MessageName, string>> = {
  text: 'TEXT',
  binary: 'BINARY',
  ping: 'PING',
  pong: 'PONG',
};
const CR = 13;
const LF = 10;
const NO_BYTES = new Uint8Array(0);
const decoder = new TextDecoder();
