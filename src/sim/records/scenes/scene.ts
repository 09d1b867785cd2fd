// A scene, as data: one question of one client, what its origin says to it, and what is published and said while it
// lasts. All of it is known beforehand, so what the client must hear is known, too.
// Refuses to know what that is, and to act. Channels are a scene's own: nobody else follows them or publishes to them.

import type { LinkPlan } from '../../edges/link.ts';
import type { FlawName } from '../../plan/scenes/flaws.ts';

export type Header = readonly [name: string, value: string];

/** Whoever plays scenes, one after the other, when faults are over. */
export interface PlayerPlan {
  readonly client: number;
  readonly node: number;
  readonly link: LinkPlan;
  readonly scenes: readonly Scene[];
}

/** How a page has a WebSocket that is none: in one that carries frames, in requests, or in scripts. */
export type Transport = 'framed' | 'xhr' | 'jsonp';

/** `plain` is answered at once, a `poll` with the first item or when its time is up. */
export type SceneShape = 'plain' | 'poll' | 'stream' | 'socket';

/** What the route of a scene does to it: nothing, rewrites it, lets pages of other sites read, or follows a channel of its own. */
export type RouteKind = 'plain' | 'rewriting' | 'crossOrigin' | 'following';

export interface Scene {
  readonly shape: SceneShape;
  readonly route: RouteKind;
  /** The first target of a plain route cannot be reached. */
  readonly isRound?: boolean;
  /** Its origin refuses whatever an open WebSocket asks, and takes it when it comes again. */
  readonly isFlaky?: boolean;
  /** Its client answers no close: it goes without a word. */
  readonly vanishes?: boolean;
  /** Its WebSocket is a page's session of SockJS. */
  readonly via?: Transport | undefined;
  readonly asked: Asked;
  readonly said: Said;
  /** Its instructions are JSON. */
  readonly isJson: boolean;
  /** What is wrong with them. */
  readonly flaw: FlawName | undefined;
  /** How many channels are asked for: more, perhaps, than one client may follow. */
  readonly channels: number;
  readonly filters: readonly string[];
  /** Its origin tells which item came last, and all items say which one they follow. */
  readonly isPlaced?: boolean;
  readonly meta: readonly Header[];
  /** Seconds that a poll is held. */
  readonly timeoutS: number;
  readonly alive: Alive | undefined;
  readonly next: NextPlan | undefined;
  /** What an origin of WebSockets says at once. */
  readonly opening: readonly Told[];
  /** What its words for the client begin with; undefined: it gives no instructions. */
  readonly wordPrefix: string | undefined;
  readonly way: PublishWay;
  readonly acts: readonly Act[];
  /** Then the client lets go of what is still open. */
  readonly lastsMs: number;
}

/** Items come as JSON over HTTP, and in the three ways of ZeroMQ. */
export type PublishWay = 'http' | 'json' | 'tnetstring' | 'bare';

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: readonly Header[];
  readonly bodyBytes: number;
}

/** What is for the client. */
export interface Said {
  /** Undefined: nothing is said of it. */
  readonly status: number | undefined;
  readonly reason: string;
  readonly headers: readonly Header[];
  /** Headers that the client may see; none means all. */
  readonly exposed: readonly string[];
  readonly body: string;
  /** Behind the body: that much more, to be as long as may be. */
  readonly padBytes: number;
}

export interface Alive {
  /** As the client must read it; a line. */
  readonly text: string;
  readonly format: 'raw' | 'cstring' | 'base64';
  readonly timeoutS: number;
  readonly isInterval: boolean;
}

export interface NextPlan {
  readonly timeoutS: number;
  /** Whether each time that the link is asked it answers; then it always does. */
  readonly answers: readonly boolean[];
  /** The first one tells a place that the channel has left behind. */
  readonly isBehind: boolean;
}

export interface Act {
  /** Since the scene began. */
  readonly atMs: number;
  readonly deed: Deed;
}

export type Deed =
  | { readonly does: 'publish'; readonly channel: number; readonly item: ItemPlan }
  /** The client of a WebSocket speaks, and its origin answers. */
  | {
      readonly does: 'say';
      readonly kind: MessageName;
      readonly answer: readonly Told[];
      /** The origin takes one byte of it, and says nothing. */
      readonly isHalfTaken: boolean;
      /** Its whole length, where it is as long as may be, or longer. */
      readonly bytes?: number | undefined;
    }
  /** The client of a WebSocket closes it. */
  | { readonly does: 'leave'; readonly code: number; readonly reason: string }
  /** Whoever publishes wants everybody to look again. */
  | { readonly does: 'recover' };

export type MessageName = 'text' | 'binary' | 'ping' | 'pong';

export interface ItemPlan {
  readonly action: 'send' | 'hint' | 'close' | 'refresh';
  readonly text: string;
  /** Its content is told in Base64. */
  readonly isBinary: boolean;
  readonly id: string | undefined;
  readonly prevId: string | undefined;
  readonly isNoSeq: boolean;
  readonly meta: readonly Header[];
  /** It has a format for this client, or only for others. */
  readonly isForIt: boolean;
  /** Of an answer, and of a close: 0 says nothing. */
  readonly code: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly areHeadersListed: boolean;
  /** Of the body that the origin gave, by place in `patches`. */
  readonly patch: number | undefined;
  /** Of a message; undefined: by its content. */
  readonly kind: MessageName | undefined;
  readonly contentFilters: readonly string[] | undefined;
}

/** What an origin says on a WebSocket, to the client or of it. */
export type Told =
  | { readonly tells: 'message'; readonly kind: MessageName; readonly text: string }
  /** Without the prefix: nobody hears it where there is one. */
  | { readonly tells: 'bare'; readonly text: string }
  | { readonly tells: 'control'; readonly control: ControlPlan }
  | { readonly tells: 'close'; readonly code: number; readonly reason: string };

export type ControlPlan =
  | { readonly type: 'subscribe'; readonly channel: number; readonly filters: readonly string[] }
  | { readonly type: 'unsubscribe'; readonly channel: number }
  | { readonly type: 'set-meta'; readonly name: string; readonly value: string | undefined }
  | {
      readonly type: 'keep-alive';
      /** Undefined: no more of them. */
      readonly text: string | undefined;
      readonly isBinary: boolean;
      readonly kind: MessageName | undefined;
      readonly timeoutS: number;
      readonly isInterval: boolean;
    }
  | {
      readonly type: 'send-delayed';
      readonly text: string;
      readonly kind: MessageName | undefined;
      readonly timeoutS: number;
    }
  | { readonly type: 'flush-delayed' }
  | { readonly type: 'detach' }
  /** A type that nobody knows. */
  | { readonly type: 'dance' };

/** What the origin of a patched answer said, and what becomes of it; undefined: it cannot be done. */
export const PATCHED_BODY = '{"a":1,"b":[1,2],"c":{"d":"e"}}\n';
export const patches: readonly { readonly patch: readonly object[]; readonly body?: string }[] = [
  {
    patch: [{ op: 'replace', path: '/a', value: 'x' }],
    body: '{"a":"x","b":[1,2],"c":{"d":"e"}}\n',
  },
  {
    patch: [
      { op: 'add', path: '/b/-', value: 3 },
      { op: 'remove', path: '/c' },
    ],
    body: '{"a":1,"b":[1,2,3]}\n',
  },
  {
    patch: [
      { op: 'test', path: '/a', value: 1 },
      { op: 'move', from: '/c/d', path: '/a' },
    ],
    body: '{"a":"e","b":[1,2],"c":{}}\n',
  },
  { patch: [{ op: 'test', path: '/a', value: 2 }] },
  { patch: [{ op: 'remove', path: '/z' }] },
];

/** The channels of a scene, as its origin names them. */
export function channelName(client: number, scene: number, channel: number): string {
  if (channel === IMPLICIT) return `all-${client % IMPLICIT_CHANNELS}`;
  return `s${client}-${scene}-${channel}`;
}

/** The channel that a route follows, as the number of a scene's channel. */
export const IMPLICIT = -1;
/** As many as there may be players. */
export const IMPLICIT_CHANNELS = 16;
/** The prefix of their route. */
export const SCENE_PREFIX = 'x-';
/** From one act to the next: all that comes of the one has come by then. */
export const ACT_EVERY_MS = 310;
