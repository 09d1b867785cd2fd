// Lets a client in, or sends it away: its route's targets are asked one after the other until one of them can be
// reached, and that one's answer counts. Refuses to know what is said afterwards.
// Obeys spec/websocket-over-http.md, sections "Handshake" and "Opening".

import { type HeaderList, withoutHeaders } from '../../codecs/grip/header-list.ts';
import type { Target } from '../../codecs/grip/routes-file.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { OriginFailure } from '../../runtime/gateway-edges.ts';
import { logRequest } from '../access-log.ts';
import { isDebug, speaksGrip } from '../forward.ts';
import { GRIP_WS } from '../formats.ts';
import { responseHeaders } from '../rewriting/forward-headers.ts';
import { EXTENSIONS, gripExtensionOf } from './extension.ts';
import { sayDisconnected } from './client.ts';
import { followImplicitly } from './grip-control.ts';
import { DirectOrigin } from './origins/direct.ts';
import { TestOrigin } from './origins/test-origin.ts';
import { WohOrigin } from './origins/woh.ts';
import { advance, type Origin, type Outcome, type Session, type Turn } from './session.ts';

/** [WOH-OPEN-11] The next target gets the handshake. */
export function askNextTarget(session: Session, context: Turn): void {
  const { targets } = session.admitted.route;
  const target = targets[session.asked];
  if (target === undefined) {
    const tried = targets.map(nameOf).join(', ');
    refuseError(session, `Unable to connect to any targets. Tried: ${tried}`, context);
    return;
  }
  session.asked += 1;
  session.origin = originFor(session, target);
  session.origin.start(context);
}

/** What a target made of the handshake. */
export function conclude(session: Session, outcome: Outcome, context: Turn): void {
  switch (outcome.kind) {
    case 'accepted':
      accept(session, outcome.headers, context);
      return;
    case 'refused': {
      const { status, reason, headers, body } = outcome;
      // The body may be shorter than the origin said: its length is told anew.
      const kept = withoutHeaders(responseHeaders(headers), OF_REFUSAL);
      refuse(session, { status, reason, headers: kept, body }, context);
      return;
    }
    case 'unreachable':
      askNextTarget(session, context);
      return;
    case 'failed':
      refuseError(session, detailsOf(outcome.why), context);
      return;
    default:
      outcome satisfies never;
  }
}

function originFor(session: Session, target: Target): Origin {
  if (target.kind === 'test') return new TestOrigin(session, target);
  return target.overHttp ? new WohOrigin(session, target) : new DirectOrigin(session, target);
}

function accept(session: Session, answered: HeaderList, context: Turn): void {
  const { admitted, connection, origin } = session;
  const { edges, router, options } = admitted.gateway;
  const grip = gripExtensionOf(answered);
  let headers = withoutHeaders(answered, OF_HANDSHAKE);
  if (grip !== undefined) {
    if (speaksGrip(admitted)) session.messagePrefix = grip.messagePrefix;
    // It is for the gateway in front of us to obey.
    else if (admitted.isTrusted) headers = [...headers, [EXTENSIONS, grip.text]];
  }
  advance(session, 'upgraded');
  logRequest(admitted, origin?.target, { code: 101 }, context);
  context.send(edges.gateway, {
    type: 'upgrade',
    connection,
    headers,
    owner: context.self,
    receiptsTo: context.self,
  });
  context.send(router, {
    type: 'open',
    connection,
    owner: context.self,
    outbox: { queueBytesMax: options.queueBytesMax, slowPolicy: 'disconnect' },
    ownFormat: GRIP_WS,
    subscriptionsMax: options.connectionSubscriptionsMax,
  });
  for (const channel of origin?.target.subscriptions ?? [])
    followImplicitly(session, channel, context);
}

/** [WOH-HAND-6] Refusals of the gateway's own have no headers: nobody shows them. */
function refuseError(session: Session, details: string | undefined, context: Turn): void {
  const isTold = details !== undefined && isDebug(session.admitted);
  const body = encodeText(`${isTold ? details : ORIGIN_ERROR}\n`);
  refuse(session, { status: 502, reason: 'Bad Gateway', headers: [], body }, context);
}

function refuse(
  session: Session,
  answer: Omit<Extract<Outcome, { readonly kind: 'refused' }>, 'kind'>,
  context: Turn,
): void {
  const { admitted, connection, origin } = session;
  advance(session, 'refused');
  const logged = { code: answer.status, bytes: answer.body.byteLength };
  logRequest(admitted, origin?.target, logged, context);
  context.send(admitted.gateway.edges.gateway, { type: 'answer', connection, ...answer });
  sayDisconnected(session, context);
}

function detailsOf(why: OriginFailure): string | undefined {
  return why === 'blocked' ? 'Error: Origin host/IP blocked.' : undefined;
}

function nameOf({ kind, host, port }: Target): string {
  if (kind === 'test') return 'test';
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const ORIGIN_ERROR = 'Error while proxying to origin.';
/** [WOH-OPEN-7] Between the origin and us, where it refuses. */
const OF_REFUSAL: readonly string[] = ['Content-Length', 'Upgrade', EXTENSIONS];
/** [WOH-HAND-5] Between the origin and us. */
const OF_HANDSHAKE: readonly string[] = [
  'Upgrade',
  'Connection',
  'Keep-Alive',
  'Sec-WebSocket-Accept',
  EXTENSIONS,
  'Content-Length',
  'Transfer-Encoding',
];
