// Texts of scenes that those who write them and those who judge them have in common: written once, so that a judge
// compares what the gateway made of them, and not two spellings. Refuses to know what the gateway does.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import {
  channelName,
  type ControlPlan,
  IMPLICIT_CHANNELS,
  type Said,
  type Scene,
} from './scene.ts';

/** Whose scene it is, and which of his. */
export interface Place {
  readonly client: number;
  readonly number: number;
}

export function searchOf({ client, number }: Place): string {
  return `?n=${client}&s=${number}`;
}

/** That its client asks for. */
export function hostOf({ shape, route, isRound, via }: Scene, { client }: Place): string {
  if (via !== undefined) return 'xsock.test';
  const kind = shape === 'socket' ? 'xws' : 'x';
  switch (route) {
    case 'plain':
      return isRound === true ? `${kind}d.test` : `${kind}.test`;
    case 'rewriting':
      return 'xr.test';
    case 'crossOrigin':
      return 'xa.test';
    case 'following':
      return `${kind}sub${client % IMPLICIT_CHANNELS}.test`;
    default:
      return route satisfies never;
  }
}

/** What the client of a WebSocket says in an act; its origin knows the act by it. */
export function wordOf(act: number, bytes = 0): string {
  return `w${act}`.padEnd(bytes, '.');
}

/** [WOH-REQ-6] The longest of them. */
export const WORD_BYTES_MAX = 200_000;

export function bodyOf({ body, padBytes }: Said): string {
  return padBytes === 0 ? body : `${'z'.repeat(padBytes - 1)}\n`;
}

/** A session of SockJS has no request for so long, and is gone. [SOCKJS-12] */
export const ABSENCE_MS = 5_000;

/** A page's session comes and goes in requests, and not with a connection. */
export function isPolling({ via }: Pick<Scene, 'via'>): boolean {
  return via === 'xhr' || via === 'jsonp';
}

/** Where the link that an origin gave with so many answers leads. */
export function nextPath(answers: number): string {
  return answers % 3 === 0 ? '/next' : '/deep/next';
}

/** As it writes it: the first one is relative to what its client asked for, each other one to the link before. */
export function nextLink(answers: number): string {
  if (answers === 0) return 'next';
  return ['../next', 'deep/next', 'next'][answers % 3] ?? '';
}

/** An origin's answer when something new was hinted at. */
export const AGAIN = '-again\n';

/** What the origin of a filter makes of a content. */
export function modified(text: string): string {
  return text.endsWith('\n') ? `<${text.slice(0, -1)}>\n` : `<${text}>`;
}

/** Filters that change a content: what publishers may name. */
export const CONTENT_FILTERS: readonly string[] = ['build-id', 'var-subst', 'http-modify'];

export function controlText(control: ControlPlan, place: Place): string {
  return `c:${JSON.stringify(controlOf(control, place))}`;
}

function controlOf(control: ControlPlan, { client, number }: Place): object {
  switch (control.type) {
    case 'subscribe':
    case 'unsubscribe':
      return { ...control, channel: channelName(client, number, control.channel) };
    case 'keep-alive': {
      const { type, text, isBinary, kind, timeoutS, isInterval } = control;
      const content =
        text === undefined ? {} : isBinary ? { 'content-bin': base64(text) } : { content: text };
      return {
        ...{ type, ...content, timeout: timeoutS, mode: isInterval ? 'interval' : 'idle' },
        ...(kind === undefined ? {} : { 'message-type': kind }),
      };
    }
    case 'send-delayed': {
      const { type, text, kind, timeoutS } = control;
      const timeout = timeoutS === 0 ? {} : { timeout: timeoutS };
      return {
        type,
        content: text,
        ...timeout,
        ...(kind === undefined ? {} : { 'message-type': kind }),
      };
    }
    default:
      return control;
  }
}

export function base64(text: string): string {
  const bytes = encodeText(text);
  let written = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const some = bytes.subarray(at, at + 3);
    const bits = ((some[0] ?? 0) << 16) | ((some[1] ?? 0) << 8) | (some[2] ?? 0);
    for (let letter = 0; letter < 4; letter += 1)
      written += letter > some.length ? '=' : (LETTERS[(bits >> (18 - 6 * letter)) & 63] ?? '');
  }
  return written;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
