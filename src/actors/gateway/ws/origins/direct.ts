// A WebSocket to an origin that speaks the protocol itself: what either side says is passed on, and each side's close
// waits for the other's. Refuses to know the client's connection and what GRIP makes of the origin's words.
// Obeys spec/websocket-over-http.md, section "Direct origins".

import type { Target } from '../../../codecs/grip/routes-file.ts';
import type { HeaderList } from '../../../codecs/grip/header-list.ts';
import { withoutHeaders } from '../../../codecs/grip/header-list.ts';
import type { MessageKind, OriginEvent } from '../../../runtime/gateway-edges.ts';
import { forward, originOf } from '../../forward.ts';
import { EXTENSIONS } from '../extension.ts';
import {
  type Close,
  hasRoom,
  hearWord,
  isReached,
  nextRef,
  type Origin,
  type Session,
  type Turn,
} from '../session.ts';

export class DirectOrigin implements Origin {
  readonly target: Target;
  readonly #session: Session;
  #life: 'opening' | 'open' | 'closing' | 'ended' = 'opening';
  #ref = 0;
  #refusal: Extract<OriginEvent, { readonly type: 'originAnswered' }> | undefined = undefined;
  #isPressed = false;
  #isHeld = false;

  constructor(session: Session, target: Target) {
    this.#session = session;
    this.target = target;
  }

  get hasEnded(): boolean {
    return this.#life === 'ended';
  }

  get isPressed(): boolean {
    return this.#isPressed;
  }

  start(context: Turn): void {
    const { admitted } = this.#session;
    const { target, headers, signature } = forward(admitted, this.target);
    this.#ref = nextRef(this.#session);
    context.send(admitted.gateway.edges.gateway, {
      type: 'connectWs',
      ref: this.#ref,
      owner: context.self,
      origin: originOf(admitted, this.target),
      target,
      headers: handshake(headers, !admitted.route.noGrip),
      signature,
    });
  }

  hear(event: OriginEvent, context: Turn): void {
    if (event.ref !== this.#ref || this.#life === 'ended') return;
    switch (event.type) {
      case 'originUpgraded':
        this.#life = 'open';
        this.#session.outcome = { kind: 'accepted', headers: event.headers };
        return;
      case 'originAnswered':
        this.#refusal = event;
        this.#tell({ type: 'collect', bytesMax: REFUSAL_BYTES_MAX }, context);
        return;
      case 'originBody':
        this.#refused(event, context);
        return;
      case 'originFailed':
        this.#failed(event);
        return;
      case 'originMessage':
        hearWord(this.#session, { kind: 'message', type: event.kind, content: event.payload });
        return;
      case 'originClosed':
        this.#closed(event);
        return;
      case 'originPressed':
        this.#isPressed = event.isPressed;
        return;
      case 'relayed':
        return;
      default:
        event satisfies never;
    }
  }

  /** Nothing here waits for time. */
  due(): void {}

  say(kind: MessageKind, content: Uint8Array, context: Turn): void {
    if (this.#life === 'open') this.#tell({ type: 'sayToOrigin', kind, payload: content }, context);
  }

  /** [WOH-DIRECT-8] Where the origin has closed already, this is the answer that it waits for. */
  close({ code, reason }: Close, context: Turn): void {
    if (this.#life !== 'open') return;
    this.#life = 'closing';
    this.#tell({ type: 'closeOrigin', code: code ?? WITHOUT_CODE, reason }, context);
  }

  leave(context: Turn): void {
    this.abandon(context);
  }

  /** An origin that has a connection of its own speaks when it wants to. */
  refresh(): void {}

  pump(context: Turn): void {
    // A client that is gone waits for no answer to a close.
    if (this.#life === 'closing' && this.#session.client === 'gone') this.#life = 'ended';
    const isHeld = !hasRoom(this.#session);
    if (isHeld === this.#isHeld || this.#life === 'opening' || this.#life === 'ended') return;
    this.#isHeld = isHeld;
    this.#tell({ type: 'holdOrigin', isHeld }, context);
  }

  abandon(context: Turn): void {
    if (this.#life === 'opening') this.#tell({ type: 'abandon' }, context);
    else if (this.#life !== 'ended')
      this.#tell({ type: 'closeOrigin', code: WITHOUT_CLOSE, reason: '' }, context);
    this.#life = 'ended';
  }

  #refused(event: Extract<OriginEvent, { readonly type: 'originBody' }>, context: Turn): void {
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    if (!event.isWhole && !event.isBroken) this.#tell({ type: 'abandon' }, context);
    this.#life = 'ended';
    const { status, reason, headers } = refusal;
    this.#session.outcome = event.isBroken
      ? { kind: 'failed', why: 'broken' }
      : { kind: 'refused', status, reason, headers, body: event.body };
  }

  #failed({ why, wasSent }: Extract<OriginEvent, { readonly type: 'originFailed' }>): void {
    const wasOpening = this.#life === 'opening';
    this.#life = 'ended';
    if (!wasOpening) hearWord(this.#session, { kind: 'cut' });
    else if (wasSent || isReached(why)) this.#session.outcome = { kind: 'failed', why };
    else this.#session.outcome = { kind: 'unreachable' };
  }

  #closed({ code, reason }: Extract<OriginEvent, { readonly type: 'originClosed' }>): void {
    if (code === WITHOUT_CLOSE) {
      this.#life = 'ended';
      hearWord(this.#session, { kind: 'cut' });
      return;
    }
    // An origin that closes first waits for the client's close.
    if (this.#life === 'closing') this.#life = 'ended';
    const close = { code: code === WITHOUT_CODE ? undefined : code, reason };
    hearWord(this.#session, { kind: 'close', close });
  }

  #tell(command: Said, context: Turn): void {
    const { edges } = this.#session.admitted.gateway;
    context.send(edges.gateway, { owner: context.self, ref: this.#ref, ...command });
  }
}

type Said =
  | { readonly type: 'collect'; readonly bytesMax: number }
  | { readonly type: 'abandon' }
  | { readonly type: 'sayToOrigin'; readonly kind: MessageKind; readonly payload: Uint8Array }
  | { readonly type: 'closeOrigin'; readonly code: number; readonly reason: string }
  | { readonly type: 'holdOrigin'; readonly isHeld: boolean };

/** The keys and extensions of a handshake are between two neighbours: those for the origin are made by the edge. */
function handshake(headers: HeaderList, isGrip: boolean): HeaderList {
  const own: HeaderList = isGrip ? [[EXTENSIONS, 'grip']] : [];
  return [
    ...withoutHeaders(headers, [
      'Upgrade',
      'Connection',
      'Content-Length',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      EXTENSIONS,
    ]),
    ...own,
  ];
}

/** Of the body of an answer that refuses the handshake. */
export const REFUSAL_BYTES_MAX = 100_000;
/** Codes that say what was not in a close frame. */
const WITHOUT_CODE = 1_005;
const WITHOUT_CLOSE = 1_006;
