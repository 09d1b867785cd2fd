// The home side of a shard: topics whose name hashes here get their order, their memory and their bounds here.
// A publication becomes one `delivered` to each shard that has a subscriber; the routers there do the rest.
// Refuses to know connections and formats: its readers are shards. Obeys ADR 0004 and spec/broker.md "Order".

import type { ActorDefinition, Address, Context } from '../runtime/actor.ts';
import type { Payload, ShardDown } from '../runtime/edges.ts';
import { Row } from '../runtime/memory/row.ts';
import { type Bridges, cross } from './home/bridges.ts';
import { hold, type Lag, noteLag } from './home/lagging.ts';
import type { Position, Publication } from './publication.ts';
import { RELAY_SHARD, type RelayRequest } from './relay/relay-seam.ts';
import { setInterest, tellRelay } from './relay/wanting.ts';
import type { RouterReply, TopicInfo } from './router-messages.ts';
import type { Topic } from './topic.ts';
import { type HistoryLimits, type TakeBytes, TopicLog } from './home/topic-log.ts';

export interface HomeLimits extends HistoryLimits {
  /** Topics that this shard remembers; a further one takes the place of an unused one, or is refused. */
  readonly topicsMax: number;
  /** Bytes of history and ids over all topics of this shard. */
  readonly historyBytesTotalMax: number;
}

export interface HomeArgs {
  readonly limits: HomeLimits;
  /** Who is answered for a shard; for RELAY_SHARD that is the relay. */
  readonly routerOf: (shard: number) => Address<HomeAnswer>;
  /** Told which topics are followed on this node; undefined for a node that is alone. */
  readonly relay?: Address<RelayRequest> | undefined;
  /** To the topics that others are joined to. */
  readonly bridges?: Bridges | undefined;
  readonly take?: TakeBytes;
}

/** What routers ask of a home. `shard` and `ref` name the asker and its question. */
export type HomeMessage =
  | {
      readonly type: 'publish';
      readonly topic: Topic;
      readonly id: string | undefined;
      readonly data: Payload;
      /** False: for those who follow now, and not remembered. */
      readonly isKept?: boolean;
      /** Another node made it: it goes to those who follow here, and to no other node. */
      readonly isRelayed?: boolean;
      /** It came over a bridge, and goes over no other. */
      readonly isBridged?: boolean;
      /** Whom the door took the publisher for: empty for nobody in particular, undefined where no door asks. */
      readonly speaker?: string | undefined;
      readonly shard: number;
      /** Undefined when nobody waits for the outcome. */
      readonly ref: number | undefined;
      /** Told of a refusal when nobody waits. */
      readonly publisher: Address<RouterReply> | undefined;
    }
  | {
      readonly type: 'attach';
      readonly topic: Topic;
      /** Subscribers on that shard, this one included. */
      readonly subscribers: number;
      readonly since: Position | undefined;
      /** What is missed is told only if it costs no more. */
      readonly roomBytes?: number;
      readonly shard: number;
      readonly ref: number;
    }
  | {
      readonly type: 'detach';
      readonly topic: Topic;
      readonly subscribers: number;
      readonly shard: number;
    }
  | { readonly type: 'list'; readonly shard: number; readonly ref: number }
  | { readonly type: 'inform'; readonly topic: Topic; readonly shard: number; readonly ref: number }
  /** Readers of the topic on that shard are behind, or no longer are. */
  | {
      readonly type: 'lag';
      readonly topic: Topic;
      readonly shard: number;
      readonly isLagging: boolean;
    }
  /** Sends it on behind everything that was published before. */
  | { readonly type: 'passOn'; readonly to: Address<unknown>; readonly message: unknown }
  | ShardDown;

/** What a home tells routers. One home's answers and deliveries to one shard keep their order. */
export type HomeAnswer =
  | { readonly type: 'delivered'; readonly publication: Publication }
  | {
      readonly type: 'published';
      readonly ref: number;
      readonly position: Position;
      readonly isDuplicate: boolean;
      readonly subscribers: number;
    }
  | {
      readonly type: 'attached';
      readonly ref: number;
      readonly position: Position;
      readonly recovered: boolean;
      readonly publications: readonly Publication[];
    }
  | { readonly type: 'refused'; readonly ref: number }
  | {
      readonly type: 'listed';
      readonly ref: number;
      readonly topics: readonly (readonly [Topic, number])[];
    }
  | { readonly type: 'informed'; readonly ref: number; readonly info: TopicInfo };

interface HomeTopic {
  readonly log: TopicLog;
  /** Subscribers by shard; a shard without any is absent. */
  readonly interest: Map<number, number>;
  /** When it was last published to or followed; microseconds. */
  usedAt: number;
  /** Undefined for almost all topics. */
  lag: Lag | undefined;
}

export interface HomeState {
  readonly args: HomeArgs;
  readonly topics: Map<Topic, HomeTopic>;
  /** Without subscribers; the one that was published to or followed longest ago is the first. */
  readonly unused: Row<HomeTopic>;
  /** Those that may remember something; the one that was published to longest ago is the first. */
  readonly remembering: Row<HomeTopic>;
  bytes: number;
}

export const homeActor: ActorDefinition<HomeArgs, HomeState, HomeMessage> = {
  kind: 'home',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args, context) {
    context.after('expire', EXPIRE_EVERY_MS);
    return { args, topics: new Map(), unused: new Row(), remembering: new Row(), bytes: 0 };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'publish':
        publish(state, message, context);
        return;
      case 'attach':
        attach(state, message, context);
        return;
      case 'detach':
        detach(state, message.topic, message.shard, message.subscribers, context);
        return;
      case 'lag':
        lag(state, message.topic, message, context);
        return;
      case 'list':
        context.send(state.args.routerOf(message.shard), {
          type: 'listed',
          ref: message.ref,
          topics: list(state),
        });
        return;
      case 'inform':
        context.send(state.args.routerOf(message.shard), {
          type: 'informed',
          ref: message.ref,
          info: inform(state.topics.get(message.topic)),
        });
        return;
      case 'passOn':
        context.send(message.to, message.message);
        return;
      case 'shardDown':
        if (message.shard === 0) tellRelay(state.args.relay, state.topics, context);
        for (const topic of state.topics.keys()) {
          detach(state, topic, message.shard, 0, context);
          lag(state, topic, { shard: message.shard, isLagging: false }, context);
        }
        return;
      case 'timedOut':
        expire(state, context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

type Ask<T extends HomeMessage['type']> = Extract<HomeMessage, { readonly type: T }>;

function publish(state: HomeState, ask: Ask<'publish'>, context: Context<HomeMessage>): void {
  const { shard, ref } = ask;
  const answerTo = state.args.routerOf(shard);
  const known = topicOf(state, ask.topic, context);
  if (known === undefined) {
    context.count('publications.refused');
    if (ref !== undefined) context.send(answerTo, { type: 'refused', ref });
    else if (ask.publisher !== undefined) {
      context.send(ask.publisher, { type: 'publishRefused', topic: ask.topic });
    }
    return;
  }
  const subscribers = countOf(known);
  const earlier = ask.id === undefined ? undefined : known.log.offsetOf(ask.id);
  if (earlier !== undefined) {
    // [BROKER-DUP-1] The same id again is the same publication: same place, delivered once.
    context.count('publications.duplicate');
    const position = { epoch: known.log.epoch, offset: earlier };
    if (ref !== undefined)
      context.send(answerTo, { type: 'published', ref, position, isDuplicate: true, subscribers });
    return;
  }
  known.usedAt = context.now;
  if (known.lag !== undefined && ask.publisher !== undefined)
    hold(known.lag, ask.publisher, context);
  const before = known.log.bytes;
  const publication = known.log.append(ask.id, ask.data, context.now, ask.isKept);
  state.bytes += known.log.bytes - before;
  state.unused.delete(known);
  noteUse(state, known);
  state.remembering.delete(known);
  state.remembering.add(known);
  shed(state);
  context.count('publications');
  // The node that made it has the same bridges.
  const isBridgedAlready = ask.isBridged === true || ask.isRelayed === true;
  if (!isBridgedAlready && state.args.bridges !== undefined)
    cross(state.args.bridges, ask, context);
  for (const interested of known.interest.keys()) {
    // [HP-RELAY-7] What a peer has made is never told to a third.
    if (interested === RELAY_SHARD && ask.isRelayed === true) continue;
    context.send(state.args.routerOf(interested), { type: 'delivered', publication });
  }
  const { epoch, offset } = publication;
  if (ref !== undefined) {
    context.send(answerTo, {
      type: 'published',
      ref,
      position: { epoch, offset },
      isDuplicate: false,
      subscribers,
    });
  }
}

function attach(state: HomeState, ask: Ask<'attach'>, context: Context<HomeMessage>): void {
  const { shard, ref, since } = ask;
  const answerTo = state.args.routerOf(shard);
  const known = topicOf(state, ask.topic, context);
  if (known === undefined) {
    context.send(answerTo, { type: 'refused', ref });
    return;
  }
  expireTopic(state, known, context.now);
  setInterest(state.args.relay, ask.topic, known.interest, shard, ask.subscribers, context);
  noteUse(state, known);
  known.usedAt = context.now;
  const { recovered, publications } =
    since === undefined
      ? { recovered: false, publications: [] }
      : known.log.recover(since, ask.roomBytes);
  context.send(answerTo, {
    type: 'attached',
    ref,
    position: known.log.position,
    recovered,
    publications,
  });
}

function detach(
  state: HomeState,
  topic: Topic,
  shard: number,
  subscribers: number,
  context: Context<HomeMessage>,
): void {
  const known = state.topics.get(topic);
  if (known === undefined) return;
  setInterest(state.args.relay, topic, known.interest, shard, subscribers, context);
  noteUse(state, known);
  known.usedAt = context.now;
}

function noteUse(state: HomeState, known: HomeTopic): void {
  if (known.interest.size > 0) state.unused.delete(known);
  else state.unused.add(known);
}

function lag(
  state: HomeState,
  topic: Topic,
  { shard, isLagging }: Pick<Ask<'lag'>, 'shard' | 'isLagging'>,
  context: Context<HomeMessage>,
): void {
  const known = state.topics.get(topic);
  if (known !== undefined) noteLag(known, shard, isLagging, context);
}

function list(state: HomeState): (readonly [Topic, number])[] {
  const topics: (readonly [Topic, number])[] = [];
  for (const [topic, known] of state.topics) {
    const subscribers = countOf(known);
    if (subscribers > 0) topics.push([topic, subscribers]);
  }
  return topics;
}

function inform(known: HomeTopic | undefined): TopicInfo {
  if (known === undefined) return { subscribers: 0, position: undefined, historyCount: 0 };
  return {
    subscribers: countOf(known),
    position: known.log.position,
    historyCount: known.log.historyCount,
  };
}

/** [BROKER-LIM-3] The topic, made when it is new; undefined when there is no room for one more. */
function topicOf(
  state: HomeState,
  topic: Topic,
  context: Context<HomeMessage>,
): HomeTopic | undefined {
  const known = state.topics.get(topic);
  if (known !== undefined) return known;
  if (state.topics.size >= state.args.limits.topicsMax && !evictUnused(state)) return undefined;
  // Two words of chance: a topic that comes back after it was forgotten must not look like itself.
  const epoch = context.random().toString(36) + context.random().toString(36);
  const { args } = state;
  const limits = args.limits; // buggify tiny-history: { ...args.limits, historyCountMax: 1 }
  const fresh = {
    log: new TopicLog(topic, epoch, limits, args.take),
    interest: new Map<number, number>(),
    usedAt: context.now,
    lag: undefined,
  };
  state.topics.set(topic, fresh);
  state.unused.add(fresh);
  return fresh;
}

function evictUnused(state: HomeState): boolean {
  const known = state.unused.first;
  if (known === undefined) return false;
  state.bytes -= known.log.bytes;
  drop(state, known);
  return true;
}

function drop(state: HomeState, known: HomeTopic): void {
  state.topics.delete(known.log.topic);
  state.unused.delete(known);
  state.remembering.delete(known);
}

/** [BROKER-LIM-4] The topic published longest ago forgets first; what was published just now is forgotten last. */
function shed(state: HomeState): void {
  const { historyBytesTotalMax } = state.args.limits;
  while (state.bytes > historyBytesTotalMax) {
    const known = state.remembering.first;
    if (known === undefined) return;
    const othersBytes = state.bytes - known.log.bytes;
    known.log.shrink(historyBytesTotalMax - othersBytes);
    state.bytes = othersBytes + known.log.bytes;
    if (known.log.bytes === 0) state.remembering.delete(known);
  }
}

function expire(state: HomeState, context: Context<HomeMessage>): void {
  for (const known of state.topics.values()) {
    expireTopic(state, known, context.now);
    dropUnused(state, known, context.now);
  }
  const everyMs = EXPIRE_EVERY_MS; // buggify early-expiry: 100
  context.after('expire', everyMs);
}

/**
 * [BROKER-REC-5] A topic keeps its epoch for as long as its history would last, even when there is none: a reader of a
 * quiet topic that comes back must find its place. Then it leaves no trace.
 */
function dropUnused(state: HomeState, known: HomeTopic, now: number): void {
  const isQuiet = known.usedAt + state.args.limits.historyAgeMaxMs * 1_000 <= now;
  if (isQuiet && known.interest.size === 0 && known.log.isForgettable) drop(state, known);
}

function expireTopic(state: HomeState, known: HomeTopic, now: number): void {
  const before = known.log.bytes;
  known.log.expire(now);
  state.bytes += known.log.bytes - before;
}

function countOf(known: HomeTopic): number {
  let sum = 0;
  for (const subscribers of known.interest.values()) sum += subscribers;
  return sum;
}

const EXPIRE_EVERY_MS = 10_000;
