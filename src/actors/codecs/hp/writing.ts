// Server messages as lines: all six fields in their order, one line, UTF-8 as it is.
// Refuses to know when what is said. Obeys spec/hp.md, section "Output".

import { encodeText } from '../utf8-text.ts';
import { VERSION } from './envelope.ts';
import { type HpMistake, isFatal } from './mistakes.ts';

/** JSON source text that is passed on as it came. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Payload = { readonly [key: string]: unknown };

/** What is written around a payload. */
export interface Around {
  readonly type: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** [HP-OUT-1] One line with its LF. */
export function lineText({ type, id, timestamp }: Around, payload: Payload): string {
  return (
    `{"version":"${VERSION}","type":"${type}","id":"${id}","timestamp":${timestamp},` +
    `"source":"server","payload":${payloadText(payload)}}\n`
  );
}

export function encodeLine(around: Around, payload: Payload): Uint8Array {
  return encodeText(lineText(around, payload));
}

/** A payload alone. */
export function encodePayload(payload: Payload): Uint8Array {
  return encodeText(payloadText(payload));
}

/** Members that are undefined are left out. */
export function payloadText(payload: Payload): string {
  const members: string[] = [];
  for (const [key, value] of Object.entries(payload)) {
    if (value === undefined) continue;
    const text = value instanceof Raw ? value.text : JSON.stringify(value);
    members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** [HP-ERR-1] */
export function errorPayload(
  mistake: HpMistake,
  ref: string | null,
  fatal: boolean = isFatal(mistake.code),
): Payload {
  const { code, message, field, retryAfter } = mistake;
  const isVersion = code === 'INVALID_VERSION' || code === 'UNSUPPORTED_VERSION';
  return {
    code,
    message,
    ref,
    fatal,
    field,
    retry_after: retryAfter,
    supported: isVersion ? [VERSION] : undefined,
  };
}
