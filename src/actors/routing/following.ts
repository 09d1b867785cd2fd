// Who follows what: wishes go to the topic's home, and take effect with its answer, whatever happened meanwhile.
// The stream may have left, unsubscribed or subscribed anew; the home may have died, or have no room.
// Refuses to know publishers and what is written. Obeys spec/broker.md "Subscriptions", "Recovery", "Shards".

import { assert } from '../runtime/actor.ts';
import { type Payload, writeCost } from '../runtime/edges.ts';
import type { Gap, Position, Publication } from './publication.ts';
import {
  type Answer,
  type Ask,
  type Attach,
  type RoutedStream,
  type RoutedSubscription,
  type RoutedTopic,
  type RouterState,
  toHome,
  type Turn,
} from './router-state.ts';
import { type Asker, NO_SLOT, type StreamPlace } from './router-messages.ts';
import { TO_OWNER } from './subscriptions.ts';
import { homeOf, type Topic } from './topic.ts';

export function subscribe(state: RouterState, request: Ask<'subscribe'>, context: Turn): void {
  const { topic, slot, format, since } = request;
  const stream = state.streams.get(request.connection);
  if (stream === undefined) return;
  if (slot !== NO_SLOT) stream.outbox.openSlot(slot);
  const earlier = stream.subscriptions.get(topic);
  if (earlier !== undefined && since === undefined) {
    subscribeAgain(state, earlier, request, context);
    return;
  }
  if (earlier === undefined && stream.subscriptions.size >= stream.subscriptionsMax) {
    context.send(stream.owner, {
      type: 'subscribeRefused',
      slot,
      topic,
      reason: 'too-many-subscriptions',
    });
    return;
  }
  // Who asks for what was missed begins anew from there: what comes meanwhile is part of the answer.
  giveUpRecovery(state, stream, topic, context);
  if (earlier !== undefined) state.subscriptions.unwant(earlier);
  const subscription = { stream, topic, format, place: -1, alsoAsked: undefined };
  stream.subscriptions.set(topic, subscription);
  state.subscriptions.want(topic);
  const question: Attach = { kind: 'attach', subscription, slot, since, askers: [] };
  if (since === undefined) askAttach(state, question, context);
  else recover(state, question, context);
}

/** [BROKER-REC-6] What many recoveries bring at once would be more than the reader could take, and all others had to wait. */
function recover(state: RouterState, question: Attach, context: Turn): void {
  const { stream, topic } = question.subscription;
  if (stream.recovering < RECOVERIES_MAX) {
    hasItsTurn(state, question, context);
    return;
  }
  stream.toRecover ??= new Map();
  stream.toRecover.set(topic, question);
}

function hasItsTurn(state: RouterState, question: Attach, context: Turn, roomBytes?: number): void {
  const { subscription, askers } = question;
  subscription.stream.recovering += 1;
  askAttach(state, question, context, roomBytes);
  for (const asker of askers) askInfo(state, subscription.topic, asker, context);
}

/** [BROKER-LIST-2] Whoever has asked to follow a topic before is among its subscribers, also while that has to wait. */
export function inform(state: RouterState, { topic, asker }: Ask<'inform'>, context: Turn): void {
  const stream = asker.connection === undefined ? undefined : state.streams.get(asker.connection);
  const waiting = stream?.toRecover?.get(topic);
  if (waiting === undefined) askInfo(state, topic, asker, context);
  else waiting.askers.push(asker);
}

export function askInfo(state: RouterState, topic: Topic, asker: Asker, context: Turn): void {
  const home = homeOf(topic, state.args.shards);
  const ref = state.pending.add(home, { kind: 'inform', topic, asker });
  toHome(state, home, { type: 'inform', topic, shard: state.args.shard, ref }, context);
}

/** A recovery that waits is not wanted any more: its question is answered, and nothing is brought. */
function giveUpRecovery(
  state: RouterState,
  stream: RoutedStream,
  topic: Topic,
  context: Turn,
): void {
  const question = stream.toRecover?.get(topic);
  if (question === undefined) return;
  stream.toRecover?.delete(topic);
  hasItsTurn(state, question, context, 0);
}

function recoveryEnded(state: RouterState, { subscription, since }: Attach, context: Turn): void {
  if (since === undefined) return;
  const { stream } = subscription;
  stream.recovering -= 1;
  const [next] = stream.toRecover?.values() ?? [];
  if (next === undefined || stream.recovering >= RECOVERIES_MAX) return;
  stream.toRecover?.delete(next.subscription.topic);
  recover(state, next, context);
}

/** [BROKER-SUB-3] A second subscribe changes how the stream reads, not what: nothing is missed in between. */
function subscribeAgain(
  state: RouterState,
  earlier: RoutedSubscription,
  request: Ask<'subscribe'>,
  context: Turn,
): void {
  const { topic, slot, format } = request;
  state.subscriptions.reformat(earlier, format);
  if (earlier.place < 0) {
    earlier.alsoAsked ??= [];
    earlier.alsoAsked.push(slot);
    return;
  }
  const position = state.subscriptions.get(topic)?.position;
  assert(position !== undefined, 'who reads a topic has a place in it');
  context.send(earlier.stream.owner, {
    type: 'subscribed',
    slot,
    topic,
    position,
    recovered: undefined,
  });
}

export function askAttach(
  state: RouterState,
  question: Attach,
  context: Turn,
  roomBytes = roomFor(question.subscription),
): void {
  const { topic } = question.subscription;
  const home = homeOf(topic, state.args.shards);
  const subscribers = state.subscriptions.get(topic)?.wanted ?? 0;
  const ref = state.pending.add(home, question);
  const { shard } = state.args;
  toHome(
    state,
    home,
    { type: 'attach', topic, subscribers, since: question.since, roomBytes, shard, ref },
    context,
  );
}

export function attached(state: RouterState, answer: Answer<'attached'>, context: Turn): void {
  const question = state.pending.take(answer.ref);
  if (question?.kind === 'reattach') {
    const local = state.subscriptions.get(question.topic);
    if (local !== undefined) moveTo(state, local, answer.position, context);
    return;
  }
  if (question?.kind !== 'attach') return;
  begin(state, question, answer, context);
  // The next one has less room by what this one brought.
  recoveryEnded(state, question, context);
}

function begin(
  state: RouterState,
  { subscription, slot, since }: Attach,
  answer: Answer<'attached'>,
  context: Turn,
): void {
  const { stream, topic, alsoAsked } = subscription;
  const { position, publications } = answer;
  const local = state.subscriptions.get(topic);
  // The client may have left, unsubscribed or subscribed anew while the home was asked.
  const isCurrent = stream.subscriptions.get(topic) === subscription && local !== undefined;
  const payloads = recoverable(state, subscription, publications);
  const recovered = since === undefined ? undefined : answer.recovered && payloads !== undefined;
  context.send(stream.owner, { type: 'subscribed', slot, topic, position, recovered });
  const readsAfter = recovered === true && since !== undefined ? since : position;
  for (const also of alsoAsked ?? []) {
    context.send(stream.owner, {
      type: 'subscribed',
      slot: also,
      topic,
      position: readsAfter,
      recovered: undefined,
    });
  }
  subscription.alsoAsked = undefined;
  if (!isCurrent) return;
  moveTo(state, local, position, context);
  // The answer's slot is still open: what was missed waits behind it, and what comes next behind that.
  for (const [index, publication] of publications.entries()) {
    const payload = payloads?.[index];
    if (payload === undefined) break;
    if (subscription.format === TO_OWNER)
      context.send(stream.owner, { type: 'delivered', publication });
    else state.delivery.write(stream, payload, publication, context);
  }
  state.subscriptions.attach(local, subscription);
}

/**
 * [BROKER-REC-4] A recovery that would not fit the reader's queue is not begun: undefined. Topics whose owner
 * writes their publications have equal shares of the queue, because what they recover comes there later.
 */
function recoverable(
  state: RouterState,
  { stream, topic, format }: RoutedSubscription,
  publications: readonly Publication[],
): readonly Payload[] | undefined {
  const isOwners = format === TO_OWNER;
  const wire = isOwners ? stream.ownFormat : state.delivery.formatOf(format);
  const overhead = isOwners
    ? OWNERS_OVERHEAD_BYTES + topic.length * 6 + stream.subscriptionsMax * PLACE_BYTES
    : 0;
  let left = roomFor({ stream, format }) - ANSWER_BYTES - topic.length * 12;
  const payloads: Payload[] = [];
  for (const publication of publications) {
    const payload = wire.encode(publication);
    if (payload === undefined) continue;
    left -= writeCost(payload) + overhead;
    if (left < 0) return undefined;
    payloads.push(payload);
  }
  return payloads;
}

function roomFor({ stream, format }: Pick<RoutedSubscription, 'stream' | 'format'>): number {
  const { roomBytes } = stream.outbox;
  return format === TO_OWNER ? Math.floor(roomBytes / stream.subscriptionsMax) : roomBytes;
}

/** The home has no room for the topic. */
export function refuse(state: RouterState, question: Attach, context: Turn): void {
  recoveryEnded(state, question, context);
  const { subscription, slot } = question;
  const { stream, topic, alsoAsked } = subscription;
  if (stream.subscriptions.get(topic) === subscription) {
    stream.subscriptions.delete(topic);
    drop(state, subscription, context);
  }
  for (const answered of [slot, ...(alsoAsked ?? [])]) {
    const reason = 'too-many-topics';
    context.send(stream.owner, { type: 'subscribeRefused', slot: answered, topic, reason });
  }
}

export function unsubscribe(state: RouterState, request: Ask<'unsubscribe'>, context: Turn): void {
  const { topic, slot } = request;
  const stream = state.streams.get(request.connection);
  if (stream === undefined) return;
  if (slot !== NO_SLOT) stream.outbox.openSlot(slot);
  giveUpRecovery(state, stream, topic, context);
  const subscription = stream.subscriptions.get(topic);
  if (subscription !== undefined) {
    stream.subscriptions.delete(topic);
    drop(state, subscription, context);
  }
  context.send(stream.owner, {
    type: 'unsubscribed',
    slot,
    topic,
    wasSubscribed: subscription !== undefined,
  });
}

export function leave(
  state: RouterState,
  { connection, isTold }: Ask<'leave'>,
  context: Turn,
): void {
  const stream = state.streams.get(connection);
  if (stream === undefined) return;
  if (isTold === true)
    context.send(stream.owner, { type: 'streamLeft', places: placesOf(state, stream) });
  state.streams.delete(connection);
  state.delivery.forget(stream, context);
  state.keptAlive.delete(stream);
  for (const subscription of stream.subscriptions.values()) drop(state, subscription, context);
  // Answers that are still on their way must not find the subscriptions of a stream that is gone.
  stream.subscriptions.clear();
  stream.toRecover = undefined;
}

function placesOf(state: RouterState, { subscriptions, outbox }: RoutedStream): StreamPlace[] {
  const waiting = outbox.waitingPublications;
  return [...subscriptions.keys()].map((topic) => ({
    topic,
    lastId: state.subscriptions.get(topic)?.lastId,
    unwrittenId: waiting.find((one) => one.topic === topic && one.id !== undefined)?.id,
  }));
}

/** Takes a wish back and lets the home know how many remain. */
function drop(state: RouterState, subscription: RoutedSubscription, context: Turn): void {
  const { topic } = subscription;
  const subscribers = state.subscriptions.unwant(subscription);
  const home = homeOf(topic, state.args.shards);
  toHome(state, home, { type: 'detach', topic, subscribers, shard: state.args.shard }, context);
}

export function reattach(state: RouterState, topic: Topic, context: Turn): void {
  const home = homeOf(topic, state.args.shards);
  const subscribers = state.subscriptions.get(topic)?.wanted ?? 0;
  if (subscribers === 0) return;
  const ref = state.pending.add(home, { kind: 'reattach', topic });
  toHome(
    state,
    home,
    { type: 'attach', topic, subscribers, since: undefined, shard: state.args.shard, ref },
    context,
  );
}

/** When a topic began anew, those who read its old life are told before anything of the new one. */
export function moveTo(
  state: RouterState,
  local: RoutedTopic,
  { epoch, offset }: Position,
  context: Turn,
): void {
  const last = local.position;
  // Only the place: a whole publication would keep its data alive for as long as the topic is followed.
  local.position = { epoch, offset };
  if (last === undefined || last.epoch === epoch) return;
  const { topic } = local;
  const gap: Gap = {
    topic,
    epoch: last.epoch,
    from: last.offset + 1,
    to: undefined,
    reason: 'restarted',
  };
  state.delivery.tellGap(local, gap, context);
}

/** Of one stream, under way at the same time. */
const RECOVERIES_MAX = 4;
/** What an owner may write around a publication beyond its own format: an envelope, and a place for each topic. */
const OWNERS_OVERHEAD_BYTES = 768;
const PLACE_BYTES = 32;
/** Kept free for the answer that a recovery waits behind, beside the topic's name. */
const ANSWER_BYTES = 512;
