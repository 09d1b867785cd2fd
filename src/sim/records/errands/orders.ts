// What an errand is to the control server, or to the socket of commands: answered under its number.
// Refuses to know who hands it in.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { ControlEvent } from '../../../actors/runtime/gateway-edges.ts';
import { numberOf } from './all.ts';
import type { Errand } from './errand.ts';
import { tnetstring } from './tnetstring.ts';
import { WHOSE } from './ways.ts';

/** Undefined for what is asked at another door. `id` stands where they speak of somebody's. */
export function orderOf(errand: Errand, id = ''): ControlEvent | undefined {
  const number = numberOf(errand);
  if (errand.to === 'command') {
    const fields = withId(errand.fields, id);
    const frame = typeof fields === 'string' ? encodeText(fields) : tnetstring(fields);
    return { type: 'commandReceived', ref: number, frame };
  }
  if (errand.to !== 'control') return undefined;
  const { method, target, accept, body } = errand;
  const asked = { connection: number, method, target, accept, body: encodeText(body) };
  return { type: 'controlRequested', ...asked };
}

function withId(fields: unknown, id: string): unknown {
  return id === '' ? fields : (JSON.parse(JSON.stringify(fields).replaceAll(WHOSE, id)) as unknown);
}
