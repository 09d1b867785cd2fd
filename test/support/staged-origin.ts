// The gateway edge of a staged shard: clients whose exchanges it carries and origins that answer by a script or by hand.
// It keeps the edge's promises (a body waits for collect, relay or abandon; of a client that left nothing more is
// heard), and notes whoever breaks the actors' ones in `wrongs`.
// Refuses to judge what was said.

import type { HeaderList } from '../../src/actors/codecs/grip/header-list.ts';
import { type Address, shardOf } from '../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type Receipt,
  type WebCommand,
  writeCost,
} from '../../src/actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  GatewayCommand,
  OriginEvent,
  OriginFailure,
} from '../../src/actors/runtime/gateway-edges.ts';

type Command<T extends GatewayCommand['type']> = Extract<GatewayCommand, { readonly type: T }>;
type Deliver = <M>(to: Address<M>, message: NoInfer<M>) => void;

export interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: HeaderList;
  readonly body?: string | Uint8Array;
  /** It breaks off behind its body. */
  readonly isBroken?: boolean;
  /** What is poured into a stream waits for `pour`. */
  readonly isSlow?: boolean;
}

/** What an origin says; undefined for nothing yet. */
export type OriginScript = (
  asked: OriginQuestion,
) => Reply | { readonly fail: OriginFailure; readonly wasSent?: boolean } | undefined;

/** One question to an origin. */
export class OriginQuestion {
  readonly asked: Command<'fetch'>;
  readonly shard: number;
  readonly #edge: StagedOrigin;
  reply: Reply | undefined = undefined;
  hasEnded = false;
  /** The body was asked for or let go. */
  isTaken = false;
  /** The stream that its body goes into. */
  pouredInto: ConnectionId | undefined = undefined;

  constructor(asked: Command<'fetch'>, shard: number, edge: StagedOrigin) {
    this.asked = asked;
    this.shard = shard;
    this.#edge = edge;
  }

  get method(): string {
    return this.asked.method;
  }

  get target(): string {
    return this.asked.target;
  }

  get body(): string {
    const { body } = this.asked;
    return body.kind === 'bytes' ? textOf(body.bytes) : `client ${body.connection}`;
  }

  /** All values of a header, in lower case or not. */
  header(name: string): string[] {
    const lower = name.toLowerCase();
    return this.asked.headers.filter(([n]) => n.toLowerCase() === lower).map(([, value]) => value);
  }

  answer(reply: Reply): void {
    this.#edge.answer(this, reply);
  }

  /** The slow body passes. */
  pour(): void {
    this.#edge.pour(this);
  }

  fail(why: OriginFailure, wasSent = false): void {
    this.#edge.fail(this, why, wasSent);
  }
}

/** One exchange of a client, and all that it heard. */
export class GatewayClient {
  readonly id: ConnectionId;
  readonly body: Uint8Array;
  readonly #edge: StagedOrigin;
  owner: Address<ExchangeEvent> | undefined = undefined;
  streamOwner: Address<ConnectionEvent> | undefined = undefined;
  receiptsTo: Address<Receipt> | undefined = undefined;
  answered: { status: number; reason: string; headers: HeaderList; body: string } | undefined =
    undefined;
  /** The head of a stream. */
  streaming: { status: number; reason: string; headers: HeaderList } | undefined = undefined;
  /** What a stream was told. */
  text = '';
  closed: 'clean' | 'cut' | undefined = undefined;
  isGone = false;
  isStalled = false;
  owed = 0;

  constructor(id: ConnectionId, body: Uint8Array, edge: StagedOrigin) {
    this.id = id;
    this.body = body;
    this.#edge = edge;
  }

  /** What a stream was told since the last look. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  header(name: string): string | undefined {
    const { headers } = this.answered ?? this.streaming ?? { headers: [] };
    return headers.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1];
  }

  /** Of its own accord, or with a code of the node's. */
  leave(code = 1000): void {
    this.#edge.leave(this, code);
  }

  /** Reads what it is owed. */
  resume(): void {
    this.isStalled = false;
    this.#edge.receipt(this);
  }
}

export class StagedOrigin {
  readonly shard: number;
  readonly clients = new Map<ConnectionId, GatewayClient>();
  readonly questions: OriginQuestion[] = [];
  readonly wrongs: string[] = [];
  script: OriginScript | undefined = undefined;
  readonly #deliver: Deliver;
  readonly #settle: () => void;

  constructor(shard: number, deliver: Deliver, settle: () => void) {
    this.shard = shard;
    this.#deliver = deliver;
    this.#settle = settle;
  }

  get open(): OriginQuestion[] {
    return this.questions.filter(({ hasEnded }) => !hasEnded);
  }

  expect(connection: ConnectionId, body: Uint8Array): GatewayClient {
    const client = new GatewayClient(connection, body, this);
    this.clients.set(connection, client);
    return client;
  }

  answer(question: OriginQuestion, reply: Reply): void {
    this.#say(question, reply);
    this.#settle();
  }

  pour(question: OriginQuestion): void {
    if (!question.hasEnded) this.#poured(question);
    this.#settle();
  }

  fail(question: OriginQuestion, why: OriginFailure, wasSent: boolean): void {
    if (question.hasEnded || question.reply !== undefined) return;
    question.hasEnded = true;
    const { owner, ref } = question.asked;
    this.#deliver(owner, { type: 'originFailed', ref, why, wasSent });
    this.#settle();
  }

  leave(client: GatewayClient, code: number): void {
    if (client.isGone) return;
    client.isGone = true;
    const { id: connection, streamOwner, owner } = client;
    if (streamOwner !== undefined) {
      this.#deliver(streamOwner, { type: 'closed', connection, code, reason: '' });
    } else if (owner !== undefined && client.answered === undefined) {
      this.#deliver(owner, { type: 'clientGone', connection });
    }
    this.#settle();
  }

  receipt(client: GatewayClient): void {
    const { owed: bytes, receiptsTo, id: connection } = client;
    client.owed = 0;
    if (bytes > 0 && receiptsTo !== undefined)
      this.#deliver(receiptsTo, { type: 'receipt', connection, bytes });
    this.#settle();
  }

  obey(command: GatewayCommand): void {
    switch (command.type) {
      case 'own': {
        const { connection, owner } = command;
        const client = this.#client(connection);
        client.owner = owner;
        if (client.isGone) this.#deliver(owner, { type: 'clientGone', connection });
        return;
      }
      case 'readBody': {
        const { connection, bytesMax } = command;
        const { body, owner } = this.#client(connection);
        const read = body.subarray(0, bytesMax);
        const isWhole = body.length <= bytesMax;
        if (owner !== undefined)
          this.#deliver(owner, { type: 'bodyRead', connection, body: read, isWhole });
        return;
      }
      case 'answer':
        this.#answered(command);
        return;
      case 'startStream':
        this.#started(command);
        return;
      case 'fetch':
        this.#fetched(command);
        return;
      case 'collect':
        this.#collected(command);
        return;
      case 'relay':
        this.#relayed(command);
        return;
      case 'relayInto': {
        const question = this.#asked(command.owner, command.ref);
        if (question === undefined) return;
        question.pouredInto = command.connection;
        if (question.reply?.isSlow !== true) this.#poured(question);
        return;
      }
      case 'abandon':
        this.#abandoned(command);
        return;
      case 'cutOwned':
        for (const client of this.clients.values()) {
          const isWaiting = client.answered === undefined && client.streaming === undefined;
          if (!isWaiting || client.owner === undefined || shardOf(client.owner) !== command.shard)
            continue;
          client.isGone = true;
          client.closed = 'cut';
        }
        return;
      case 'verifySignature': {
        const { ref, token, key } = command;
        const isValid = token === `signed ${key}`;
        this.#deliver(command.replyTo, { type: 'signatureVerified', ref, isValid });
        return;
      }
      // WebSockets come to their own stage: here they only wait.
      case 'connectWs':
      case 'sayToOrigin':
      case 'closeOrigin':
      case 'holdOrigin':
        return;
      default:
        this.wrongs.push(`unexpected ${command.type}`);
    }
  }

  /** What the web edge is told of these clients. */
  obeyWeb(command: WebCommand): void {
    if (command.type === 'write') {
      for (const connection of command.connections)
        this.#write(connection, command.payload as Uint8Array);
      return;
    }
    if (command.type !== 'close' && command.type !== 'cut') {
      this.wrongs.push(`unexpected ${command.type}`);
      return;
    }
    const client = this.#client(command.connection);
    const { streamOwner, id: connection } = client;
    if (streamOwner === undefined) this.wrongs.push(`${command.type} of no stream`);
    if (client.isGone || streamOwner === undefined) return;
    client.isGone = true;
    client.closed = command.type === 'close' ? 'clean' : 'cut';
    const code = command.type === 'close' ? 1000 : 1006;
    this.#deliver(streamOwner, { type: 'closed', connection, code, reason: '' });
  }

  #answered({ connection, status, reason, headers, body }: Command<'answer'>): void {
    const client = this.#client(connection);
    if (client.answered !== undefined || client.streaming !== undefined)
      this.wrongs.push(`${connection} is answered twice`);
    client.answered ??= { status, reason, headers, body: textOf(body) };
  }

  #started(command: Command<'startStream'>): void {
    const { connection, status, reason, headers, body, owner, receiptsTo } = command;
    const client = this.#client(connection);
    if (client.answered !== undefined || client.streaming !== undefined)
      this.wrongs.push(`${connection} is answered twice`);
    client.streaming = { status, reason, headers };
    client.streamOwner = owner;
    client.receiptsTo = receiptsTo;
    if (!client.isGone) client.text += textOf(body);
  }

  #fetched(command: Command<'fetch'>): void {
    if (this.open.some(({ asked }) => asked.owner === command.owner))
      this.wrongs.push(`${command.owner} asks two things at once`);
    const question = new OriginQuestion(command, this.shard, this);
    this.questions.push(question);
    const said = this.script?.(question);
    if (said === undefined) return;
    if ('fail' in said) {
      question.hasEnded = true;
      const { owner, ref } = command;
      const { fail: why, wasSent = false } = said;
      this.#deliver(owner, { type: 'originFailed', ref, why, wasSent });
    } else this.#say(question, said);
  }

  #say(question: OriginQuestion, reply: Reply): void {
    if (question.hasEnded || question.reply !== undefined) return;
    question.reply = reply;
    const { status = 200, reason = 'OK', headers = [] } = reply;
    const { owner, ref, body } = question.asked;
    const sent = body.kind === 'bytes' ? body.bytes : this.#client(body.connection).body;
    const most = body.kind === 'bytes' ? sent.length : body.keepBytesMax;
    const requestBody = sent.length > most ? undefined : sent;
    const answered: OriginEvent = {
      type: 'originAnswered',
      ...{ ref, status, reason, headers, requestBody },
    };
    this.#deliver(owner, answered);
  }

  #collected({ owner, ref, bytesMax }: Command<'collect'>): void {
    const question = this.#asked(owner, ref);
    if (question?.reply === undefined) return;
    const { body = '' } = question.reply;
    const whole = bytesOf(body);
    const isLonger = whole.length > bytesMax;
    // Where there is more than was asked for, the break is still to come.
    const isBroken = question.reply.isBroken === true && !isLonger;
    const isWhole = !isBroken && !isLonger;
    if (isWhole || isBroken) question.hasEnded = true;
    question.isTaken = true;
    const read = whole.subarray(0, bytesMax);
    this.#deliver(owner, { type: 'originBody', ref, body: read, isWhole, isBroken });
  }

  #relayed(command: Command<'relay'>): void {
    const { owner, ref, connection, status, reason, headers, thenHold } = command;
    const question = this.#asked(owner, ref);
    if (question?.reply === undefined) return;
    const client = this.#client(connection);
    if (client.answered !== undefined || client.streaming !== undefined)
      this.wrongs.push(`${connection} is answered twice`);
    const { isBroken = false, body = '' } = question.reply;
    question.hasEnded = true;
    question.isTaken = true;
    if (thenHold === undefined)
      client.answered ??= { status, reason, headers, body: textOf(bytesOf(body)) };
    else {
      client.streaming = { status, reason, headers };
      client.streamOwner = thenHold.owner;
      client.receiptsTo = thenHold.receiptsTo;
      client.text += textOf(bytesOf(body));
    }
    if (isBroken) {
      client.isGone = true;
      client.closed = 'cut';
    }
    const bytes = bytesOf(body).length;
    this.#deliver(owner, { type: 'relayed', ref, isWhole: !isBroken, bytes });
  }

  #poured({ asked: { owner, ref }, reply, pouredInto = 0 }: OriginQuestion): void {
    const question = this.#asked(owner, ref);
    if (question === undefined) return;
    question.hasEnded = true;
    question.isTaken = true;
    const client = this.#client(pouredInto);
    const { isBroken = false, body = '' } = reply ?? {};
    const isWhole = !isBroken && !client.isGone;
    // What waits in the network stands before it.
    if (!client.isGone) client.text += textOf(bytesOf(body));
    this.#deliver(owner, { type: 'relayed', ref, isWhole, bytes: bytesOf(body).length });
  }

  #abandoned({ owner, ref }: Command<'abandon'>): void {
    const question = this.questions.find(({ asked }) => asked.owner === owner && asked.ref === ref);
    if (question === undefined) {
      this.wrongs.push(`${owner} abandons what it never asked`);
      return;
    }
    question.hasEnded = true;
    question.isTaken = true;
  }

  #asked(owner: string, ref: number): OriginQuestion | undefined {
    const question = this.questions.find(({ asked }) => asked.owner === owner && asked.ref === ref);
    if (question?.reply === undefined || question.hasEnded) {
      this.wrongs.push(`${owner} takes a body that is not there`);
      return undefined;
    }
    return question;
  }

  #client(connection: ConnectionId): GatewayClient {
    const client = this.clients.get(connection);
    if (client === undefined) throw new Error(`connection ${connection} never came`);
    return client;
  }

  #write(connection: ConnectionId, payload: Uint8Array): void {
    const client = this.#client(connection);
    if (client.streamOwner === undefined) {
      this.wrongs.push(`nothing is open at ${connection}`);
      return;
    }
    if (client.isGone) return;
    client.text += textOf(payload);
    client.owed += writeCost(payload);
    if (client.isStalled || client.receiptsTo === undefined) return;
    const { owed: bytes } = client;
    client.owed = 0;
    this.#deliver(client.receiptsTo, { type: 'receipt', connection, bytes });
  }
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
