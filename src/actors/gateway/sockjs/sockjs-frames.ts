// SockJS frames: what a page hears of its session, and the lists of texts that it sends.
// Refuses to know sessions and transports. SockJS protocol 0.3; spec/websocket-over-http.md, section "SockJS".

import { jsonInScript } from '../rewriting/jsonp.ts';

export const OPEN_FRAME = 'o';
export const HEARTBEAT_FRAME = 'h';
/** [SOCKJS-11] */
export const ANOTHER_FRAME = 'c[2010,"Another connection still open"]';

export function messagesFrame(texts: readonly string[]): string {
  return `a${JSON.stringify(texts)}`;
}

/** [SOCKJS-13] `code` undefined: a close without one. */
export function closeFrame(code: number | undefined, reason: string): string {
  const said = code === undefined ? [0, 'Connection closed'] : [code, reason];
  return `c${JSON.stringify(said)}`;
}

/** The texts that a page sends; undefined for what is no list of strings. */
export function textsIn(json: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/** A frame as a script that calls back. [SOCKJS-15] */
export function calledBack(callback: string, frame: string): string {
  return `/**/${callback}(${jsonInScript(frame)});\n`;
}

/** The member `d` of a form, or the body itself where it is no form, whatever it is called. [SOCKJS-16] */
export function formMessage(body: string, isForm: boolean): string {
  return isForm || body.startsWith('d=') ? (new URLSearchParams(body).get('d') ?? '') : body;
}
