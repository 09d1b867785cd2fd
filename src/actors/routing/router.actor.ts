// The router of a shard: the one way from sessions to topics and back.
// Inward it carries publications and wishes to each topic's home; outward it takes what a home delivers,
// encodes it once per wire format, and writes it to every stream that follows the topic. Slow streams keep
// their own queue here and never hold up another. Refuses to know wires and dialects: formats are handed in.
// Obeys ADR 0002 (one router, three dialects), 0004, 0007 and spec/broker.md.

import { type ActorDefinition, assert } from '../runtime/actor.ts';
import { type ConnectionId, type Receipt, WINDOW_BYTES } from '../runtime/edges.ts';
import { FewMap } from '../runtime/memory/few-map.ts';
import { Delivery, KEEP_ALIVE_LOOK_EVERY_MS } from './delivery.ts';
import {
  askAttach,
  askInfo,
  attached,
  inform,
  leave,
  moveTo,
  reattach,
  refuse,
  subscribe,
  unsubscribe,
} from './following.ts';
import { Outbox } from './outbox.ts';
import type { Publication } from './publication.ts';
import type { Asker } from './router-messages.ts';
import {
  type Answer,
  type Ask,
  type Gathering,
  Pending,
  type RoutedQuestion,
  type RouterArgs,
  type RouterMessage,
  type RouterState,
  toHome,
  type Turn,
} from './router-state.ts';
import { Subscriptions } from './subscriptions.ts';
import { homeOf } from './topic.ts';

export const routerActor: ActorDefinition<RouterArgs, RouterState, RouterMessage> = {
  kind: 'router',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args, context) {
    context.after('sweep', SWEEP_EVERY_MS);
    return {
      args,
      streams: new Map(),
      subscriptions: new Subscriptions(),
      pending: new Pending(context.random()),
      delivery: new Delivery(args),
      homeless: new Set(),
      keptAlive: new Set(),
    };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'delivered':
        return deliver(state, message.publication, context);
      case 'receipt':
        return receipt(state, message, context);
      case 'publish':
        return publish(state, message, context);
      case 'reply':
        return reply(state, message, context);
      case 'subscribe':
        return subscribe(state, message, context);
      case 'unsubscribe':
        return unsubscribe(state, message, context);
      case 'open':
        return open(state, message, context);
      case 'skip':
        return skip(state, message, context);
      case 'keepAlive':
        return keepAlive(state, message, context);
      case 'finish':
        return finish(state, message.connection, context);
      case 'settle':
        return settle(state, message.connection, context);
      case 'leave':
        return leave(state, message, context);
      case 'list':
        return list(state, message.asker, context);
      case 'inform':
        openSlot(state, message.asker);
        return inform(state, message, context);
      case 'attached':
        return attached(state, message, context);
      case 'refused':
        return refused(state, message.ref, context);
      case 'published':
        return published(state, message, context);
      case 'listed':
        return listed(state, message, context);
      case 'informed':
        return informed(state, message, context);
      case 'shardDown':
        return shardDown(state, message.shard, context);
      case 'timedOut':
        return timedOut(state, message.name, context);
      case 'childStopped':
        return undefined;
      default:
        return message satisfies never;
    }
  },
};

function timedOut(state: RouterState, name: string, context: Turn): void {
  if (name === 'pace') state.delivery.lookAtPace(context);
  else if (name === 'keep-alive') lookAtQuiet(state, context);
  else sweep(state, context);
}

function lookAtQuiet(state: RouterState, context: Turn): void {
  state.delivery.keepAlive(state.keptAlive, context);
  if (state.keptAlive.size > 0) context.after('keep-alive', KEEP_ALIVE_LOOK_EVERY_MS);
}

function sweep(state: RouterState, context: Turn): void {
  state.delivery.endStalled(context);
  const homeless = [...state.homeless];
  state.homeless.clear();
  for (const topic of homeless) reattach(state, topic, context);
  const everyMs = SWEEP_EVERY_MS; // buggify early-sweep: 20
  context.after('sweep', everyMs);
}

function receipt(state: RouterState, { connection, bytes }: Receipt, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream !== undefined) state.delivery.receipt(stream, bytes, context);
}

function open(state: RouterState, request: Ask<'open'>, context: Turn): void {
  assert(!state.streams.has(request.connection), 'a connection is opened once');
  const ownFormat = state.delivery.formatOf(request.ownFormat);
  const encodeGap = state.delivery.gapEncoderOf(request.ownFormat);
  const windowBytes = WINDOW_BYTES; // buggify tiny-window: 4_096
  state.streams.set(request.connection, {
    connection: request.connection,
    owner: request.owner,
    outbox: new Outbox(request.outbox, encodeGap, windowBytes),
    ownFormat,
    subscriptionsMax: request.subscriptionsMax,
    stallTimeoutMs: request.stallTimeoutMs ?? state.args.stallTimeoutMs,
    subscriptions: new FewMap(),
    progressAt: context.now,
    wroteAt: context.now,
    toldAliveAt: context.now,
    keepAlive: undefined,
    isFinishing: false,
    isSettling: false,
    recovering: 0,
    toRecover: undefined,
  });
}

function skip(state: RouterState, { connection, slot }: Ask<'skip'>, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream !== undefined) state.delivery.skip(stream, slot, context);
}

function keepAlive(state: RouterState, request: Ask<'keepAlive'>, context: Turn): void {
  const stream = state.streams.get(request.connection);
  if (stream === undefined) return;
  stream.keepAlive = request.keepAlive;
  stream.wroteAt = context.now;
  stream.toldAliveAt = context.now;
  if (request.keepAlive === undefined) {
    state.keptAlive.delete(stream);
    return;
  }
  if (state.keptAlive.size === 0) context.after('keep-alive', KEEP_ALIVE_LOOK_EVERY_MS);
  state.keptAlive.add(stream);
}

function finish(state: RouterState, connection: ConnectionId, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream !== undefined) state.delivery.finish(stream, context);
}

function settle(state: RouterState, connection: ConnectionId, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream !== undefined) state.delivery.settle(stream, context);
}

function refused(state: RouterState, ref: number, context: Turn): void {
  const question = state.pending.take(ref);
  if (question?.kind === 'attach') refuse(state, question, context);
  else if (question?.kind === 'reattach') state.homeless.add(question.topic);
  else if (question?.kind === 'publish') {
    const { asker, topic } = question;
    const { slot } = asker;
    context.send(asker.replyTo, {
      type: 'publishAnswered',
      slot,
      topic,
      outcome: { kind: 'refused' },
    });
  }
}

function publish(state: RouterState, request: Ask<'publish'>, context: Turn): void {
  const { topic, id, data, speaker, asker, publisher } = request;
  const home = homeOf(topic, state.args.shards);
  let ref: number | undefined;
  if (asker !== undefined) {
    openSlot(state, asker);
    ref = state.pending.add(home, { kind: 'publish', topic, asker });
  }
  const { shard } = state.args;
  const ask = { type: 'publish', topic, id, data, speaker, shard, ref, publisher } as const;
  toHome(state, home, ask, context);
}

function list(state: RouterState, asker: Asker, context: Turn): void {
  openSlot(state, asker);
  const gathering = { asker, topics: [], missing: state.args.shards };
  for (let home = 0; home < state.args.shards; home += 1) askList(state, home, gathering, context);
}

function askList(state: RouterState, home: number, gathering: Gathering, context: Turn): void {
  const ref = state.pending.add(home, { kind: 'list', gathering });
  toHome(state, home, { type: 'list', shard: state.args.shard, ref }, context);
}

function listed(state: RouterState, answer: Answer<'listed'>, context: Turn): void {
  const question = state.pending.take(answer.ref);
  if (question?.kind !== 'list') return;
  const { gathering } = question;
  for (const entry of answer.topics) gathering.topics.push(entry);
  gathering.missing -= 1;
  if (gathering.missing > 0) return;
  const { replyTo, slot } = gathering.asker;
  context.send(replyTo, { type: 'topicsListed', slot, topics: gathering.topics });
}

function published(state: RouterState, answer: Answer<'published'>, context: Turn): void {
  const question = state.pending.take(answer.ref);
  if (question?.kind !== 'publish') return;
  const { asker, topic } = question;
  const { position, isDuplicate, subscribers } = answer;
  const outcome = { kind: 'published', position, isDuplicate, subscribers } as const;
  context.send(asker.replyTo, { type: 'publishAnswered', slot: asker.slot, topic, outcome });
}

function informed(state: RouterState, answer: Answer<'informed'>, context: Turn): void {
  const question = state.pending.take(answer.ref);
  if (question?.kind !== 'inform') return;
  const { asker, topic } = question;
  context.send(asker.replyTo, {
    type: 'topicInformed',
    slot: asker.slot,
    topic,
    info: answer.info,
  });
}

function reply(
  state: RouterState,
  { connection, slot, payload, publication }: Ask<'reply'>,
  context: Turn,
): void {
  const stream = state.streams.get(connection);
  if (stream === undefined) return;
  if (slot === undefined) state.delivery.write(stream, payload, publication, context);
  else state.delivery.fill(stream, slot, payload, context);
}

function deliver(state: RouterState, publication: Publication, context: Turn): void {
  const local = state.subscriptions.get(publication.topic);
  if (local === undefined) return;
  moveTo(state, local, publication, context);
  if (publication.id !== undefined) local.lastId = publication.id;
  state.delivery.fanOut(local, publication, context);
}

/** [SHARD-2] A home died with its order and memory: everything of its topics begins anew, and readers are told. */
function shardDown(state: RouterState, shard: number, context: Turn): void {
  const questions = state.pending.takeAllOf(shard);
  for (const local of state.subscriptions.topics) {
    if (local.position === undefined || homeOf(local.topic, state.args.shards) !== shard) continue;
    reattach(state, local.topic, context);
  }
  // [SHARD-2] Who asks again is told of those who have followed all the time.
  for (const question of questions) askAgain(state, shard, question, context);
}

function askAgain(state: RouterState, home: number, question: RoutedQuestion, context: Turn): void {
  switch (question.kind) {
    case 'attach':
      askAttach(state, question, context);
      return;
    case 'reattach':
      reattach(state, question.topic, context);
      return;
    case 'publish': {
      // [BROKER-PUB-4] Nobody knows whether the dead home had made it: to publish again could publish twice.
      const { asker, topic } = question;
      context.send(asker.replyTo, {
        type: 'publishAnswered',
        slot: asker.slot,
        topic,
        outcome: { kind: 'unknown' },
      });
      return;
    }
    case 'inform':
      askInfo(state, question.topic, question.asker, context);
      return;
    case 'list':
      askList(state, home, question.gathering, context);
      return;
    default:
      question satisfies never;
  }
}

function openSlot(state: RouterState, asker: Asker): void {
  if (asker.connection !== undefined)
    state.streams.get(asker.connection)?.outbox.openSlot(asker.slot);
}

const SWEEP_EVERY_MS = 1_000;
