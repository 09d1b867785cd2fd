// The router of a shard: the one way from sessions to topics and back.
// Inward it carries publications and wishes to each topic's home; outward it takes what a home delivers,
// encodes it once per wire format, and writes it to every stream that follows the topic. Slow streams keep
// their own queue here and never hold up another. Refuses to know wires and dialects: formats are handed in.
// Obeys ADR 0002 (one router, three dialects), 0004, 0007 and spec/broker.md.

import { type ActorDefinition, type Address, assert, type Context } from '../runtime/actor.ts';
import { type ConnectionId, type Receipt, type ShardDown, type WebCommand, writeCost } from '../runtime/edges.ts';
import { Delivery } from './delivery.ts';
import type { HomeAnswer, HomeMessage } from './home.actor.ts';
import { Outbox } from './outbox.ts';
import { type Gathering, Pending, type Question } from './pending.ts';
import type { Gap, Position, Publication } from './publication.ts';
import type { Asker, RouterReply, RouterRequest } from './router-messages.ts';
import {
  type FormatName,
  type Stream,
  type Subscription,
  Subscriptions,
  TO_OWNER,
  type WireFormat,
} from './subscriptions.ts';
import { homeOf, type Topic } from './topic.ts';

export interface RouterArgs {
  readonly shard: number;
  readonly shards: number;
  readonly web: Address<WebCommand>;
  readonly homeOfShard: (shard: number) => Address<HomeMessage>;
  readonly formats: ReadonlyMap<FormatName, WireFormat>;
  /** A stream with a full window and no receipt for this long is closed. */
  readonly stallTimeoutMs: number;
}

export type RouterMessage = RouterRequest | HomeAnswer | Receipt | ShardDown;

interface RouterState {
  readonly args: RouterArgs;
  readonly streams: Map<ConnectionId, RoutedStream>;
  readonly subscriptions: Subscriptions<RouterReply>;
  readonly pending: Pending<RouterReply>;
  readonly delivery: Delivery;
}

type Turn = Context<RouterMessage>;
type Ask<T extends RouterRequest['type']> = Extract<RouterRequest, { readonly type: T }>;
type Answer<T extends HomeAnswer['type']> = Extract<HomeAnswer, { readonly type: T }>;
type RoutedStream = Stream<RouterReply>;
type RoutedSubscription = Subscription<RouterReply>;
type RoutedQuestion = Question<RouterReply>;
type Attach = Extract<RoutedQuestion, { readonly kind: 'attach' }>;

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
      pending: new Pending(),
      delivery: new Delivery(args),
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
      case 'leave':
        return leave(state, message.connection, context);
      case 'list':
        return list(state, message.asker, context);
      case 'inform':
        openSlot(state, message.asker);
        return inform(state, message.topic, message.asker, context);
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
        state.delivery.endStalled(context);
        return context.after('sweep', SWEEP_EVERY_MS);
      case 'childStopped':
        return undefined;
      default:
        return message satisfies never;
    }
  },
};

function receipt(state: RouterState, { connection, bytes }: Receipt, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream !== undefined) state.delivery.receipt(stream, bytes, context);
}

function open(state: RouterState, request: Ask<'open'>, context: Turn): void {
  assert(!state.streams.has(request.connection), 'a connection is opened once');
  const gapFormat = state.delivery.formatOf(request.gapFormat);
  state.streams.set(request.connection, {
    connection: request.connection,
    owner: request.owner,
    outbox: new Outbox(request.outbox, (gap) => gapFormat.encodeGap(gap)),
    subscriptionsMax: request.subscriptionsMax,
    subscriptions: new Map(),
    progressAt: context.now,
  });
}

function leave(state: RouterState, connection: ConnectionId, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream === undefined) return;
  state.streams.delete(connection);
  state.delivery.forget(stream);
  for (const subscription of stream.subscriptions.values()) drop(state, subscription, context);
}

function subscribe(state: RouterState, request: Ask<'subscribe'>, context: Turn): void {
  const { topic, slot, format, since } = request;
  const stream = state.streams.get(request.connection);
  if (stream === undefined) return;
  stream.outbox.openSlot(slot);
  const earlier = stream.subscriptions.get(topic);
  if (earlier === undefined && stream.subscriptions.size >= stream.subscriptionsMax) {
    context.send(stream.owner, { type: 'subscribeRefused', slot, topic, reason: 'too-many-subscriptions' });
    return;
  }
  // A second subscribe replaces the first: from its answer on, the stream reads in the newer way.
  if (earlier !== undefined) state.subscriptions.unwant(earlier);
  const subscription = { stream, topic, format, place: -1 };
  stream.subscriptions.set(topic, subscription);
  state.subscriptions.want(topic);
  askAttach(state, { kind: 'attach', subscription, slot, since }, context);
}

function askAttach(state: RouterState, question: Attach, context: Turn): void {
  const { topic } = question.subscription;
  const home = homeOf(topic, state.args.shards);
  const subscribers = state.subscriptions.get(topic)?.wanted ?? 0;
  const ref = state.pending.add(home, question);
  const { shard } = state.args;
  toHome(state, home, { type: 'attach', topic, subscribers, since: question.since, shard, ref }, context);
}

function attached(state: RouterState, answer: Answer<'attached'>, context: Turn): void {
  const question = state.pending.take(answer.ref);
  if (question?.kind === 'reattach') {
    reattached(state, question.topic, answer.position, context);
    return;
  }
  if (question?.kind !== 'attach') return;
  const { subscription, slot, since } = question;
  const { stream, topic } = subscription;
  const local = state.subscriptions.get(topic);
  // The client may have left, unsubscribed or subscribed anew while the home was asked.
  const isCurrent = stream.subscriptions.get(topic) === subscription && local !== undefined;
  const publications = fits(stream, answer.publications) ? answer.publications : undefined;
  const recovered = since === undefined ? undefined : answer.recovered && publications !== undefined;
  context.send(stream.owner, { type: 'subscribed', slot, topic, position: answer.position, recovered });
  if (!isCurrent) return;
  local.position ??= answer.position;
  // The answer's slot is still open: what was missed waits behind it, and what comes next behind that.
  for (const publication of publications ?? []) {
    if (subscription.format === TO_OWNER) context.send(stream.owner, { type: 'delivered', publication });
    else {
      const payload = state.delivery.formatOf(subscription.format).encode(publication);
      state.delivery.write(stream, payload, publication, context);
    }
  }
  state.subscriptions.attach(local, subscription);
}

/** [BROKER-REC-4] A recovery that would not fit the reader's queue is not begun: `recovered` is false. */
function fits(stream: RoutedStream, publications: readonly Publication[]): boolean {
  let bytes = 0;
  for (const { data, topic } of publications) bytes += writeCost(data) + topic.length + RECOVERED_OVERHEAD_BYTES;
  return bytes <= stream.outbox.roomBytes;
}

function refused(state: RouterState, ref: number, context: Turn): void {
  const question = state.pending.take(ref);
  if (question?.kind === 'publish') {
    const { asker, topic } = question;
    context.send(asker.replyTo, { type: 'publishAnswered', slot: asker.slot, topic, outcome: { kind: 'refused' } });
  } else if (question?.kind === 'attach') {
    const { subscription, slot } = question;
    const { stream, topic } = subscription;
    if (stream.subscriptions.get(topic) === subscription) {
      stream.subscriptions.delete(topic);
      state.subscriptions.unwant(subscription);
    }
    context.send(stream.owner, { type: 'subscribeRefused', slot, topic, reason: 'too-many-topics' });
  }
}

function unsubscribe(state: RouterState, request: Ask<'unsubscribe'>, context: Turn): void {
  const { topic, slot } = request;
  const stream = state.streams.get(request.connection);
  if (stream === undefined) return;
  stream.outbox.openSlot(slot);
  const subscription = stream.subscriptions.get(topic);
  if (subscription !== undefined) {
    stream.subscriptions.delete(topic);
    drop(state, subscription, context);
  }
  context.send(stream.owner, { type: 'unsubscribed', slot, topic, wasSubscribed: subscription !== undefined });
}

/** Takes a wish back and lets the home know how many remain. */
function drop(state: RouterState, subscription: RoutedSubscription, context: Turn): void {
  const { topic } = subscription;
  const subscribers = state.subscriptions.unwant(subscription);
  const home = homeOf(topic, state.args.shards);
  toHome(state, home, { type: 'detach', topic, subscribers, shard: state.args.shard }, context);
}

function publish(state: RouterState, request: Ask<'publish'>, context: Turn): void {
  const { topic, id, data, asker } = request;
  const home = homeOf(topic, state.args.shards);
  let ref: number | undefined;
  if (asker !== undefined) {
    openSlot(state, asker);
    ref = state.pending.add(home, { kind: 'publish', topic, asker });
  }
  toHome(state, home, { type: 'publish', topic, id, data, shard: state.args.shard, ref }, context);
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

function inform(state: RouterState, topic: Topic, asker: Asker, context: Turn): void {
  const home = homeOf(topic, state.args.shards);
  const ref = state.pending.add(home, { kind: 'inform', topic, asker });
  toHome(state, home, { type: 'inform', topic, shard: state.args.shard, ref }, context);
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
  context.send(asker.replyTo, { type: 'topicInformed', slot: asker.slot, topic, info: answer.info });
}

function reply(state: RouterState, { connection, slot, payload, publication }: Ask<'reply'>, context: Turn): void {
  const stream = state.streams.get(connection);
  if (stream === undefined) return;
  if (slot === undefined) state.delivery.write(stream, payload, publication, context);
  else state.delivery.fill(stream, slot, payload, context);
}

function deliver(state: RouterState, publication: Publication, context: Turn): void {
  const local = state.subscriptions.get(publication.topic);
  if (local === undefined) return;
  local.position = publication;
  state.delivery.fanOut(local, publication, context);
}

/** A home died with its order and memory: everything of its topics begins anew, and readers are told. */
function shardDown(state: RouterState, shard: number, context: Turn): void {
  for (const question of state.pending.takeAllOf(shard)) askAgain(state, shard, question, context);
  for (const local of state.subscriptions.topics) {
    if (local.position === undefined || homeOf(local.topic, state.args.shards) !== shard) continue;
    reattach(state, local.topic, context);
  }
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
      // Nobody knows whether the dead home had made it: to publish again could publish twice.
      const { asker, topic } = question;
      context.send(asker.replyTo, { type: 'publishAnswered', slot: asker.slot, topic, outcome: { kind: 'unknown' } });
      return;
    }
    case 'inform':
      inform(state, question.topic, question.asker, context);
      return;
    case 'list':
      askList(state, home, question.gathering, context);
      return;
    default:
      question satisfies never;
  }
}

function reattach(state: RouterState, topic: Topic, context: Turn): void {
  const home = homeOf(topic, state.args.shards);
  const subscribers = state.subscriptions.get(topic)?.wanted ?? 0;
  const ref = state.pending.add(home, { kind: 'reattach', topic });
  toHome(state, home, { type: 'attach', topic, subscribers, since: undefined, shard: state.args.shard, ref }, context);
}

function reattached(state: RouterState, topic: Topic, position: Position, context: Turn): void {
  const local = state.subscriptions.get(topic);
  const last = local?.position;
  if (local === undefined || last === undefined || last.epoch === position.epoch) return;
  local.position = position;
  const gap: Gap = { topic, epoch: position.epoch, from: last.offset + 1, to: undefined, reason: 'restarted' };
  state.delivery.tellGap(local, gap, context);
}

function openSlot(state: RouterState, asker: Asker): void {
  if (asker.connection !== undefined) state.streams.get(asker.connection)?.outbox.openSlot(asker.slot);
}

function toHome(state: RouterState, shard: number, message: HomeMessage, context: Turn): void {
  context.send(state.args.homeOfShard(shard), message);
}

const SWEEP_EVERY_MS = 1_000;
/** What a format may add around the data of a recovered publication, beside its topic. */
const RECOVERED_OVERHEAD_BYTES = 512;
