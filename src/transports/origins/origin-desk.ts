// The questions to origins of one shard, by who asks and by the asker's own number: HTTP and WebSocket ones alike, and
// the tokens that go with them. Refuses to know clients, but for the bodies that they send along.

import type { Address } from '../../actors/runtime/actor.ts';
import type { ConnectionId } from '../../actors/runtime/edges.ts';
import type {
  GatewayCommand,
  HeaderList,
  OriginEvent,
  Signature,
} from '../../actors/runtime/gateway-edges.ts';
import type { Exchange } from '../gateway/exchange.ts';
import { Idleness } from '../gateway/idleness.ts';
import { SteadyMap } from '../../actors/runtime/memory/steady-map.ts';
import type { OriginBody } from './origin-body.ts';
import { OriginSocket } from './origin-socket.ts';
import { Origins } from './origins.ts';
import { Question } from './question.ts';
import { Signatures } from './signatures.ts';

export type OriginCommand = Exclude<
  GatewayCommand,
  {
    readonly type:
      | 'own'
      | 'readBody'
      | 'answer'
      | 'startStream'
      | 'upgrade'
      | 'cut'
      | 'cutOwned'
      | 'relay'
      | 'relayInto';
  }
>;

type Asked = Question | OriginSocket;

export interface OriginDeskOptions {
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  readonly exchangeOf: (connection: ConnectionId) => Exchange | undefined;
  readonly count: (counter: string, by: number) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const IDLE_TIMEOUT_MS = 1_800_000;

export class OriginDesk {
  readonly #options: OriginDeskOptions;
  /** By who asks, whose address is a key elsewhere, too: a name made for each question would cost more than to find it. */
  readonly #questions = new SteadyMap<Address<OriginEvent>, Asked>();
  readonly #signatures: Signatures;
  readonly #host;

  constructor(options: OriginDeskOptions) {
    this.#options = options;
    this.#signatures = new Signatures(options);
    this.#host = {
      ...options,
      origins: new Origins(),
      idleness: new Idleness(IDLE_TIMEOUT_MS),
      keptLines: new WeakMap<HeaderList, string>(),
      done: (asked: Asked): void => this.#forget(asked),
    };
  }

  obey(command: OriginCommand): void {
    switch (command.type) {
      case 'fetch': {
        const question = new Question(command, this.#sign(command.signature), this.#host);
        this.#add(question);
        question.ask();
        return;
      }
      case 'connectWs': {
        const socket = new OriginSocket(command, this.#sign(command.signature), this.#host);
        this.#add(socket);
        socket.ask();
        return;
      }
      case 'collect':
        this.bodyOf(command.owner, command.ref)?.collect(command.bytesMax);
        return;
      case 'abandon':
        this.abandon(command.owner, command.ref);
        return;
      case 'sayToOrigin':
        this.#socketOf(command.owner, command.ref)?.say(command.kind, command.payload);
        return;
      case 'closeOrigin':
        this.#socketOf(command.owner, command.ref)?.close(command.code, command.reason);
        return;
      case 'holdOrigin':
        this.#socketOf(command.owner, command.ref)?.hold(command.isHeld);
        return;
      case 'verifySignature': {
        const { ref, token, key, replyTo } = command;
        const isValid = this.#signatures.isValid(token, key);
        this.#options.deliver(replyTo, { type: 'signatureVerified', ref, isValid });
        return;
      }
      default:
        command satisfies never;
    }
  }

  /** The body of an answer; undefined when there is none to be had. */
  bodyOf(owner: Address<OriginEvent>, ref: number): OriginBody | undefined {
    return this.#find(owner, ref)?.body;
  }

  abandon(owner: Address<OriginEvent>, ref: number): void {
    this.#find(owner, ref)?.abandon();
  }

  destroy(): void {
    for (const first of [...this.#questions.values()])
      for (let asked: Asked | undefined = first; asked !== undefined; asked = asked.next)
        asked.abandon();
    this.#host.origins.destroy();
  }

  #find(owner: Address<OriginEvent>, ref: number): Asked | undefined {
    let asked = this.#questions.get(owner);
    while (asked !== undefined && asked.ref !== ref) asked = asked.next;
    return asked;
  }

  #add(asked: Asked): void {
    asked.next = this.#questions.get(asked.owner);
    this.#questions.set(asked.owner, asked);
  }

  #forget(asked: Asked): void {
    const { owner } = asked;
    const first = this.#questions.get(owner);
    if (first !== asked) {
      let before = first;
      while (before !== undefined && before.next !== asked) before = before.next;
      if (before !== undefined) before.next = asked.next;
    } else if (asked.next === undefined) this.#questions.delete(owner);
    else this.#questions.set(owner, asked.next);
  }

  #socketOf(owner: Address<OriginEvent>, ref: number): OriginSocket | undefined {
    const found = this.#find(owner, ref);
    return found instanceof OriginSocket ? found : undefined;
  }

  #sign(signature: Signature | undefined): string | undefined {
    if (signature === undefined) return undefined;
    const token = this.#signatures.sign(signature.issuer, signature.key);
    if (token === undefined) this.#options.count('gateway.signatures.failed', 1);
    return token;
  }
}
