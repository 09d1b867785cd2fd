// What a server takes, as it tells it at login: a client that knows it need not be refused.
// Refuses to know requests. Obeys spec/hp.md, section "Limits".

import type { JsonObject } from '../actors/codecs/hp/strict-json.ts';
import { numberIn, objectIn } from './happenings.ts';

export interface Limits {
  readonly bodyBytesMax: number;
  readonly lineBytesMax: number;
  readonly loginLineBytesMax: number;
  /** Silence after which the server is asked whether it is there. */
  readonly heartbeatMs: number;
}

/** Before the server has told its own. */
export const usualLimits: Limits = {
  bodyBytesMax: 16_384,
  lineBytesMax: 65_536,
  loginLineBytesMax: 8_192,
  heartbeatMs: 30_000,
};

/** Of LOGIN_OK or RESUME_OK. */
export function limitsIn(payload: JsonObject): Limits {
  const limits = objectIn(payload, 'limits');
  const heartbeat = numberIn(payload, 'heartbeat');
  return {
    bodyBytesMax: numberIn(limits, 'max_body') ?? usualLimits.bodyBytesMax,
    lineBytesMax: numberIn(limits, 'max_line') ?? usualLimits.lineBytesMax,
    loginLineBytesMax: numberIn(limits, 'max_line_before_login') ?? usualLimits.loginLineBytesMax,
    heartbeatMs: heartbeat === undefined ? usualLimits.heartbeatMs : heartbeat * 1_000,
  };
}

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
