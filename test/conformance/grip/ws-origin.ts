// An origin that is asked over HTTP about WebSocket clients, as a case plays it: turn by turn, each answered when the
// case says so. Events are written and read here, apart from src/.

import assert from 'node:assert/strict';

import type { Gateway, Item } from './gateway.ts';
import type { HeaderLines } from './http-client.ts';
import type { Asked, Reply } from './origin.ts';
import type { Opening, SocketClient } from './web-socket.ts';

export const EVENTS = 'application/websocket-events';

/** An event as it stands in a body. */
export function event(type: string, content?: string | Uint8Array): Buffer {
  if (content === undefined) return Buffer.from(`${type}\r\n`);
  const length = Buffer.byteLength(content).toString(16);
  return Buffer.concat([
    Buffer.from(`${type} ${length}\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
}

export const text = (content: string): Buffer => event('TEXT', content);
export const binary = (content: string | Uint8Array): Buffer => event('BINARY', content);

/** What is in a close, in an event as in a frame. */
export function closeBody(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

export const close = (code: number, reason = ''): Buffer => event('CLOSE', closeBody(code, reason));

/** An instruction as a message. */
export const control = (type: string, members: Item = {}): string =>
  `c:${JSON.stringify({ type, ...members })}`;

/** An instruction as an event. */
export const instruct = (type: string, members: Item = {}): Buffer => text(control(type, members));
export const subscribe = (channel: string, members: Item = {}): Buffer =>
  instruct('subscribe', { channel, ...members });

/** Instructions are obeyed, and messages have no prefix. */
export const BARE: HeaderLines = { 'Sec-WebSocket-Extensions': 'grip; message-prefix=""' };
/** Instructions are obeyed, and messages have the usual prefix. */
export const GRIP: HeaderLines = { 'Sec-WebSocket-Extensions': 'grip' };

/** A good answer with events, or with a body as it is. */
export function taken(
  events: readonly Uint8Array[] | string = [],
  headers: HeaderLines = {},
): Reply {
  const body = typeof events === 'string' ? Buffer.from(events, 'latin1') : Buffer.concat(events);
  return { status: 200, headers: { 'Content-Type': EVENTS, ...headers }, body };
}

export type Event = readonly [type: string, content: string | undefined];

/** The events of a body, contents as Latin-1. */
export function eventsIn(body: Uint8Array): Event[] {
  const all = Buffer.from(body);
  const events: Event[] = [];
  for (let at = 0; at < all.length;) {
    const end = all.indexOf('\r\n', at);
    assert.notEqual(end, -1, `a body with half an event: ${all.toString('latin1')}`);
    const [type = '', length] = all.toString('latin1', at, end).split(' ');
    at = end + 2;
    if (length === undefined) events.push([type, undefined]);
    else {
      assert.match(length, /^[1-9a-f][0-9a-f]*$/);
      const size = Number.parseInt(length, 16);
      events.push([type, all.toString('latin1', at, at + size)]);
      assert.equal(all.toString('latin1', at + size, at + size + 2), '\r\n');
      at += size + 2;
    }
  }
  return events;
}

/** A request that waits for its answer. */
export interface Turn {
  readonly asked: Asked;
  readonly events: readonly Event[];
  /** The whole body, as Latin-1. */
  readonly body: string;
  /** Answers with events. */
  answers(events?: readonly Uint8Array[] | string, headers?: HeaderLines): void;
  /** Answers with something else. */
  replies(reply: Reply): void;
}

export class HttpOrigin {
  /** Requests that no case has taken yet. */
  readonly #turns: Turn[] = [];
  #waiting: (() => void)[] = [];

  constructor(gateway: Gateway) {
    gateway.plays(
      (asked) =>
        new Promise<Reply | undefined>((resolve) => {
          this.#turns.push({
            asked,
            events: eventsIn(asked.body),
            body: asked.body.toString('latin1'),
            answers: (events, headers) => resolve(taken(events, headers)),
            replies: resolve,
          });
          for (const wake of this.#waiting.splice(0)) wake();
        }),
    );
  }

  /** Whether a request waits that no case has taken. */
  get hasMore(): boolean {
    return this.#turns.length > 0;
  }

  async next(): Promise<Turn> {
    for (;;) {
      const turn = this.#turns.shift();
      if (turn !== undefined) return turn;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next request, which must have exactly this body. */
  async expects(body: string): Promise<Turn> {
    const turn = await this.next();
    assert.equal(turn.body, body);
    return turn;
  }
}

export interface OpenWish extends Opening {
  readonly host?: string;
  readonly path?: string;
  /** The origin of an earlier client of the case; its requests stand in one line with this one's. */
  readonly origin?: HttpOrigin;
  /** Headers of the acceptance; instructions without a prefix are usual. */
  readonly with?: HeaderLines;
  /** Events after OPEN. */
  readonly events?: readonly Uint8Array[];
}

export interface Opened {
  readonly origin: HttpOrigin;
  readonly client: SocketClient;
  readonly opening: Turn;
}

/** A client whose origin has accepted it. */
export async function opened(
  gateway: Gateway,
  {
    path = '',
    with: headers = BARE,
    events = [],
    origin = new HttpOrigin(gateway),
    ...opening
  }: OpenWish = {},
): Promise<Opened> {
  const coming = gateway.socket(path, opening);
  coming.catch(() => {});
  const first = await origin.next();
  assert.equal(first.body, 'OPEN\r\n');
  first.answers([event('OPEN'), ...events], headers);
  return { origin, client: await coming, opening: first };
}

/** A client that follows the channel, or the case's own. */
export async function following(
  gateway: Gateway,
  wish: OpenWish = {},
  channel = gateway.channel,
): Promise<Opened> {
  const all = await opened(gateway, {
    ...wish,
    events: [subscribe(channel), ...(wish.events ?? [])],
  });
  await reached(gateway, all.client, channel);
  return all;
}

/** Waits until what is published to the channel comes to the client, and has read what it took. */
export async function reached(
  gateway: Gateway,
  client: SocketClient,
  channel: string,
  read = (heard: string): string => heard,
): Promise<void> {
  const says = (content: string): Item => ({
    channel,
    formats: { 'ws-message': { content: `${content} ${channel}` } },
  });
  const first = client.nextText();
  assert.equal(read(await gateway.publishUntil(first, says('ready?'))), `ready? ${channel}`);
  await gateway.publish(says('ready'));
  for (;;) {
    const heard = read(await client.nextText());
    if (heard === `ready ${channel}`) return;
    assert.equal(heard, `ready? ${channel}`);
  }
}

/** Publishes one `ws-message`. */
export async function said(
  gateway: Gateway,
  format: Item,
  channel = gateway.channel,
  more: Item = {},
): Promise<void> {
  await gateway.publish({ channel, formats: { 'ws-message': format }, ...more });
}

/** The client says something, and the origin answers it with events. */
export async function exchange(
  { origin, client }: Opened,
  events: readonly Uint8Array[] | string = [],
  headers: HeaderLines = {},
): Promise<Turn> {
  client.socket.send('say');
  const turn = await origin.next();
  assert.equal(turn.body, 'TEXT 3\r\nsay\r\n');
  turn.answers(events, headers);
  return turn;
}
