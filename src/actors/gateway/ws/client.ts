// What is done to the client: messages go through the router, so that they keep their place among publications; a close
// comes behind all that waits. Refuses to know who wants it. Obeys spec/websocket-over-http.md, section "Closing".

import { encodeText } from '../../codecs/utf8-text.ts';
import type { Publication } from '../../routing/publication.ts';
import { type Receipt, writeCost } from '../../runtime/edges.ts';
import type { MessageKind } from '../../runtime/gateway-edges.ts';
import { framed } from '../formats.ts';
import {
  advance,
  type Close,
  type Dismissal,
  forgetWords,
  type Session,
  type Turn,
} from './session.ts';

export function say(
  session: Session,
  kind: MessageKind,
  content: Uint8Array,
  context: Turn,
  publication?: Publication,
): void {
  if (session.client !== 'open') return;
  const payload = framed(kind, content);
  session.owedBytes += writeCost(payload);
  context.send(session.admitted.gateway.router, {
    type: 'reply',
    connection: session.connection,
    slot: undefined,
    payload,
    ...(publication === undefined ? {} : { publication }),
  });
}

/**
 * The network took bytes. What publications took of them is not told apart, so the origin may go on a little early,
 * and never late.
 */
export function receipted(session: Session, receipt: Receipt, context: Turn): void {
  session.owedBytes = Math.max(0, session.owedBytes - receipt.bytes);
  context.send(session.admitted.gateway.router, receipt);
}

/** Closes the connection behind all that was written; a close without a code says that all is well. */
export function dismiss(session: Session, { code = NORMAL, reason }: Close, context: Turn): void {
  const words = maySay(code) ? { code, reason: shortened(reason) } : { code: NORMAL, reason: '' };
  end(session, { kind: 'close', ...words }, context);
}

/** Tells a client which rule it broke. [WOH-FRAME-4] */
export function dismissForMistake(
  session: Session,
  { code, reason }: { readonly code: number; readonly reason: string },
  context: Turn,
): void {
  end(session, { kind: 'break', code, reason }, context);
}

/** The client sees its connection break, behind all that was written. */
export function cut(session: Session, context: Turn): void {
  end(session, { kind: 'cut' }, context);
}

function end(session: Session, how: Dismissal, context: Turn): void {
  if (session.client !== 'open') return;
  advance(session, 'dismissed');
  forgetWords(session);
  session.dismissal = how;
  const { gateway } = session.admitted;
  context.send(gateway.router, { type: 'finish', connection: session.connection });
  if (session.hasFinished) finished(session, context);
}

/** All that was for the client has been written. */
export function finished(session: Session, context: Turn): void {
  // A published close ends the stream before its item has passed the filters: the router says this only once.
  session.hasFinished = true;
  if (session.client !== 'closing') return;
  const { connection, admitted, dismissal } = session;
  const { web } = admitted.gateway.edges;
  if (dismissal?.kind === 'cut') context.send(web, { type: 'cut', connection });
  else {
    const { code, reason } = dismissal ?? { code: NORMAL, reason: '' };
    context.send(web, { type: 'close', connection, code, reason });
  }
}

/** A reader that the router gave up: nothing that waits can be written, so the close does not wait either. */
export function giveUp(session: Session, context: Turn): void {
  if (session.client !== 'open' && session.client !== 'closing') return;
  advance(session, 'dismissed');
  forgetWords(session);
  session.dismissal = { kind: 'cut' };
  const { connection, admitted } = session;
  const { code, reason } = TOO_SLOW;
  context.send(admitted.gateway.edges.web, { type: 'close', connection, code, reason });
}

/** What the client sends waits in the network while too much waits for its origin. */
export function holdClient(session: Session, isHeld: boolean, context: Turn): void {
  const { client } = session;
  if (session.isClientHeld === isHeld || client === 'waiting' || client === 'gone') return;
  session.isClientHeld = isHeld;
  const { connection, admitted } = session;
  context.send(admitted.gateway.edges.web, { type: 'hold', connection, isHeld });
}

export function sayDisconnected({ id, admitted, connection }: Session, context: Turn): void {
  const { gateway, route } = admitted;
  context.send(gateway.edges.operator, {
    type: 'clientDisconnected',
    connection,
    id,
    route: route.id,
  });
}

/** Codes that may stand in a close frame; others come from libraries that close without one. */
function maySay(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= NORMAL && code <= 1_014 && !(code >= 1_004 && code <= 1_006);
}

/** A reason must fit into a control frame, and end between two characters. */
function shortened(reason: string): string {
  let short = reason;
  while (encodeText(short).byteLength > REASON_BYTES_MAX) {
    const letters = Array.from(short);
    short = letters.slice(0, Math.min(REASON_BYTES_MAX, letters.length - 1)).join('');
  }
  return short;
}

const NORMAL = 1_000;
const REASON_BYTES_MAX = 123;
const TOO_SLOW = { code: 1_013, reason: 'too slow' } as const;
