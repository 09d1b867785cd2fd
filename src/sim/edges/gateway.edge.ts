// The understudy of transports/gateway.edge.ts: the same commands and events, over simulated clients and origins.
// Bodies are carried by the edge: an actor says where one goes, and hears when it is there or has broken off.
// Refuses to know what origins answer, and what is held. Held to the words of runtime/gateway-edges.ts.

import { joined } from '../../actors/codecs/joined.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type {
  GatewayCommand,
  OriginAddress,
  OriginEvent,
  OriginFailure,
  RequestBody,
  Signature,
} from '../../actors/runtime/gateway-edges.ts';
import type { EventOf, Trace } from '../trace.ts';
import type { GatewayEnd } from './gateway/gateway-end.ts';
import { type OriginLine, OriginSocket, type SocketHearing } from './gateway/origin-socket.ts';
import type { WebEdge } from './web.edge.ts';

/** What an origin is asked. */
export interface AskedOrigin extends Partial<OriginAddress> {
  readonly node: number;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly isSigned: boolean;
  readonly signature?: Signature | undefined;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** What is heard of an origin, each in its time; after `ended` or `failed` nothing more. */
export interface OriginHearing {
  answered(head: {
    readonly status: number;
    readonly reason: string;
    readonly headers: readonly (readonly [string, string])[];
  }): void;
  carried(bytes: Uint8Array): void;
  ended(isWhole: boolean): void;
  failed(why: OriginFailure, wasSent: boolean): void;
}

export interface GatewayEdgeHost {
  readonly place: { readonly node: number; readonly shard: number };
  readonly trace: Trace;
  readonly web: WebEdge;
  deliver<M>(to: Address<M>, message: NoInfer<M>): void;
  /** Asks an origin; the returned function lets go of the question. */
  ask(asked: AskedOrigin, hearing: OriginHearing): () => void;
  /** Asks an origin for a WebSocket. */
  call(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine;
  /** Has it done later, unless the thread dies before. */
  later(delayUs: number, act: () => void): void;
  newFetch(): number;
  mark(name: string): void;
}

type Command<T extends GatewayCommand['type']> = Extract<GatewayCommand, { readonly type: T }>;

interface Fetch {
  readonly number: number;
  readonly owner: Address<OriginEvent>;
  readonly ref: number;
  /** What came of the body and was not passed on. */
  parts: Uint8Array[];
  bytes: number;
  end: 'open' | 'whole' | 'broken';
  /** Where the body goes; undefined: nobody has said yet. */
  goal: Goal | undefined;
  carriedBytes: number;
  /** Of a question for a WebSocket. */
  socket: OriginSocket | undefined;
  letGo: () => void;
}

type Goal =
  | { readonly kind: 'collect'; readonly bytesMax: number }
  | { readonly kind: 'relay'; readonly end: GatewayEnd; readonly finish: () => void }
  | { readonly kind: 'into'; readonly end: GatewayEnd };

export class GatewayEdge {
  readonly #host: GatewayEdgeHost;
  /** By owner and ref. */
  readonly #fetches = new Map<string, Fetch>();

  constructor(host: GatewayEdgeHost) {
    this.#host = host;
  }

  obey(command: GatewayCommand): void {
    const { web } = this.#host;
    switch (command.type) {
      case 'own': {
        const { connection, owner, heardAs = connection } = command;
        const end = web.gatewayEnd(connection);
        if (end === undefined)
          this.#host.deliver(owner, { type: 'clientGone', connection: heardAs });
        else end.own(owner, heardAs);
        return;
      }
      case 'readBody':
        web.gatewayEnd(command.connection)?.readUpTo(command.bytesMax);
        return;
      case 'answer':
        this.#answer(command);
        return;
      case 'startStream': {
        const end = web.gatewayEnd(command.connection);
        if (end?.begin(command) === true) {
          end.carry(command.body);
          end.keepOpen(command);
        } else if (end === undefined) this.#tellEnd(command, 1_000);
        return;
      }
      case 'upgrade': {
        const end = web.gatewayEnd(command.connection);
        if (end === undefined) this.#tellEnd(command, 1_006);
        else end.upgrade(command, command.headers);
        return;
      }
      case 'cut':
        web.gatewayEnd(command.connection)?.cut();
        return;
      case 'cutOwned':
        for (const end of web.gatewayEndsOwnedBy(command.shard)) end.cut();
        return;
      case 'fetch':
        this.#question(command);
        return;
      case 'collect':
        this.#aim(command, { kind: 'collect', bytesMax: command.bytesMax });
        return;
      case 'relay':
        this.#relay(command);
        return;
      case 'relayInto': {
        const end = web.gatewayEnd(command.connection);
        if (end?.isStream === true) this.#aim(command, { kind: 'into', end });
        else this.#toNobody(command);
        return;
      }
      case 'abandon': {
        const question = this.#fetches.get(keyOf(command));
        if (question === undefined) return;
        const { goal } = question;
        question.letGo();
        this.#over(question, 'abandoned');
        // What has begun and cannot be ended must not look whole.
        if (goal !== undefined && goal.kind !== 'collect') {
          goal.end.whenGone(undefined);
          goal.end.cut();
        }
        return;
      }
      case 'connectWs':
        this.#call(command);
        return;
      case 'sayToOrigin':
        this.#socketOf(command)?.say(command.kind, command.payload);
        return;
      case 'closeOrigin':
        this.#socketOf(command)?.close(command.code, command.reason);
        return;
      case 'holdOrigin':
        this.#socketOf(command)?.hold(command.isHeld);
        return;
      case 'verifySignature': {
        const { ref, token, key, replyTo } = command;
        const isValid = token === key;
        this.#host.deliver(replyTo, { type: 'signatureVerified', ref, isValid });
        return;
      }
      default:
        command satisfies never;
    }
  }

  /** The thread died: nobody hears of its questions any more. */
  abandon(): void {
    for (const question of this.#fetches.values()) question.letGo();
    this.#fetches.clear();
  }

  #answer(command: Command<'answer'>): void {
    const end = this.#host.web.gatewayEnd(command.connection);
    if (end?.begin(command) !== true) return;
    end.carry(command.body);
    end.finish();
  }

  /** The client went before: whoever was to own its stream learns of the end all the same. */
  #tellEnd({ connection, owner }: Command<'startStream' | 'upgrade'>, code: number): void {
    this.#host.deliver(owner, { type: 'closed', connection, code, reason: '' });
  }

  /** Nobody is there to be answered. */
  #toNobody(command: { readonly owner: Address<OriginEvent>; readonly ref: number }): void {
    const question = this.#fetches.get(keyOf(command));
    const { owner, ref } = command;
    if (question !== undefined) {
      question.letGo();
      this.#over(question, 'abandoned');
    }
    this.#host.deliver(owner, { type: 'relayed', ref, isWhole: false, bytes: 0 });
  }

  #call(command: Command<'connectWs'>): void {
    const { owner, ref } = command;
    const question = this.#begin(command, false);
    const socket = new OriginSocket({
      owner,
      ref,
      deliver: (event) => this.#host.deliver(owner, event),
      later: (delayUs, act) => this.#host.later(delayUs, act),
      mark: (name) => this.#host.mark(name),
      over: (how) => this.#over(question, how),
    });
    const asked = this.#askedOf(command, NO_BYTES);
    const refusal = this.#hearing(question, { kind: 'bytes', bytes: NO_BYTES }, NO_BYTES);
    question.socket = socket;
    question.letGo = () => socket.leave();
    socket.line = this.#host.call(asked, {
      ...refusal,
      upgraded: (headers) => socket.upgraded(headers),
      said: (kind, payload) => socket.said(kind, payload),
      closed: (code, reason) => socket.closed(code, reason),
      left: (cost) => socket.left(cost),
    });
  }

  #socketOf(command: {
    readonly owner: Address<OriginEvent>;
    readonly ref: number;
  }): OriginSocket | undefined {
    return this.#fetches.get(keyOf(command))?.socket;
  }

  #question(command: Command<'fetch'>): void {
    const { headers, body, timeoutMs } = command;
    const isEvents = headers.some(
      ([name, value]) => name === 'Content-Type' && value === 'application/websocket-events',
    );
    const question = this.#begin(command, isEvents);
    if (timeoutMs !== undefined)
      this.#host.later(timeoutMs * 1_000, () => {
        if (this.#fetches.get(keyOf(command)) !== question || question.goal !== undefined) return;
        question.letGo();
        this.#fail(question, 'timeout', true);
      });
    this.#withBody(body, (bytes) => {
      if (this.#fetches.get(keyOf(command)) !== question) return;
      if (bytes === undefined) this.#fail(question, 'broken', false);
      else
        question.letGo = this.#host.ask(
          this.#askedOf(command, bytes),
          this.#hearing(question, body, bytes),
        );
    });
  }

  #begin(command: Command<'fetch' | 'connectWs'>, isEvents: boolean): Fetch {
    const { owner, ref } = command;
    const { trace, place } = this.#host;
    const number = this.#host.newFetch();
    const question: Fetch = {
      number,
      owner,
      ref,
      parts: [],
      bytes: 0,
      end: 'open',
      goal: undefined,
      carriedBytes: 0,
      socket: undefined,
      letGo: () => {},
    };
    if (this.#fetches.has(keyOf(command))) throw new Error(`two questions of ${keyOf(command)}`);
    this.#fetches.set(keyOf(command), question);
    trace.add({ kind: 'fetchBegan', ...place, question: number, owner, isEvents });
    return question;
  }

  #withBody(body: RequestBody, then: (bytes: Uint8Array | undefined) => void): void {
    if (body.kind === 'bytes') {
      then(body.bytes);
      return;
    }
    const end = this.#host.web.gatewayEnd(body.connection);
    if (end === undefined) then(undefined);
    else end.readBody((bytes) => then(bytes && joined([body.first, bytes])));
  }

  #askedOf(command: Command<'fetch' | 'connectWs'>, body: Uint8Array): AskedOrigin {
    const { node } = this.#host.place;
    const { origin, target, headers, signature } = command;
    const method = command.type === 'fetch' ? command.method : 'GET';
    const isSigned = signature !== undefined;
    return { node, ...origin, isSigned, signature, method, target, headers, body };
  }

  #hearing(question: Fetch, body: RequestBody, bytes: Uint8Array): OriginHearing {
    const { owner, ref } = question;
    return {
      answered: (head) => {
        const isKept = body.kind === 'client' && bytes.byteLength <= body.keepBytesMax;
        const requestBody = isKept ? bytes : undefined;
        this.#host.deliver(owner, { type: 'originAnswered', ref, ...head, requestBody });
      },
      carried: (more) => {
        question.parts.push(more);
        question.bytes += more.byteLength;
        this.#carry(question);
      },
      ended: (isWhole) => {
        question.end = isWhole ? 'whole' : 'broken';
        this.#carry(question);
      },
      failed: (why, wasSent) => this.#fail(question, why, wasSent),
    };
  }

  #fail(question: Fetch, why: OriginFailure, wasSent: boolean): void {
    const { owner, ref } = question;
    this.#over(question, 'failed');
    this.#host.deliver(owner, { type: 'originFailed', ref, why, wasSent });
  }

  #aim(command: { readonly owner: Address<OriginEvent>; readonly ref: number }, goal: Goal): void {
    const question = this.#fetches.get(keyOf(command));
    if (question === undefined) return;
    question.goal = goal;
    if (goal.kind !== 'collect') goal.end.whenGone(() => this.#unheard(question));
    this.#carry(question);
  }

  #relay(command: Command<'relay'>): void {
    const { connection, thenHold } = command;
    const end = this.#host.web.gatewayEnd(connection);
    if (end?.begin(command) !== true) {
      this.#toNobody(command);
      return;
    }
    const finish = (): void => (thenHold === undefined ? end.finish() : end.keepOpen(thenHold));
    this.#aim(command, { kind: 'relay', end, finish });
  }

  /** Takes what is here of the body to where it is wanted. */
  #carry(question: Fetch): void {
    const { goal, owner, ref } = question;
    if (goal === undefined) return;
    if (goal.kind === 'collect') {
      const isMore = question.bytes > goal.bytesMax;
      if (!isMore && question.end === 'open') return;
      const body = joined(question.parts).subarray(0, goal.bytesMax);
      const isBroken = question.end === 'broken';
      const isWhole = !isMore && !isBroken;
      question.goal = undefined;
      if (isWhole || isBroken) this.#over(question, 'collected');
      this.#host.deliver(owner, { type: 'originBody', ref, body, isWhole, isBroken });
      return;
    }
    for (const part of question.parts) goal.end.carry(part);
    question.carriedBytes += question.bytes;
    question.parts = [];
    question.bytes = 0;
    if (question.end === 'open') return;
    const isWhole = question.end === 'whole';
    this.#over(question, 'relayed');
    const bytes = question.carriedBytes;
    goal.end.whenGone(undefined);
    this.#host.deliver(owner, { type: 'relayed', ref, isWhole, bytes });
    if (!isWhole) goal.end.cut();
    else if (goal.kind === 'relay') goal.finish();
  }

  /** Whoever its body went to is gone. */
  #unheard(question: Fetch): void {
    if (this.#fetches.get(keyOf(question)) !== question) return;
    const { owner, ref, carriedBytes: bytes } = question;
    question.letGo();
    this.#over(question, 'relayed');
    this.#host.deliver(owner, { type: 'relayed', ref, isWhole: false, bytes });
  }

  #over(question: Fetch, how: EventOf<'fetchEnded'>['how']): void {
    if (this.#fetches.get(keyOf(question)) !== question) return;
    this.#fetches.delete(keyOf(question));
    const { trace, place } = this.#host;
    trace.add({ kind: 'fetchEnded', ...place, question: question.number, how });
  }
}

function keyOf({ owner, ref }: { readonly owner: string; readonly ref: number }): string {
  return `${owner} ${ref}`;
}

const NO_BYTES = new Uint8Array(0);
