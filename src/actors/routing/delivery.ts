// The fan-out: one publication, encoded once per wire format, to every stream of this shard that follows its topic.
// What a stream cannot take now waits in its outbox under its policy; the others never notice.
// Refuses to know homes, and what the formats look like. Obeys ADR 0007 and spec/broker.md "Slow consumers".

import type { Address, Context } from '../runtime/actor.ts';
import { type ConnectionId, type Payload, type WebCommand, writeCost } from '../runtime/edges.ts';
import type { HomeMessage } from './home.actor.ts';
import type { GapEncoder } from './outbox.ts';
import { PACE_LOOK_EVERY_MS, Pacing } from './pacing.ts';
import type { Gap, Publication } from './publication.ts';
import type { RouterReply } from './router-messages.ts';
import {
  type FormatName,
  type Group,
  type LocalTopic,
  type Stream,
  TO_OWNER,
  type WireFormat,
} from './subscriptions.ts';
import { homeOf, type Topic } from './topic.ts';

type RoutedStream = Stream<RouterReply>;

export interface DeliveryArgs {
  readonly shard: number;
  readonly shards: number;
  readonly homeOfShard: (shard: number) => Address<HomeMessage>;
  readonly web: Address<WebCommand>;
  readonly formats: ReadonlyMap<FormatName, WireFormat>;
}

/** With a look every quarter of a second, keep-alives come a quarter to half a second early and never late. */
export const KEEP_ALIVE_LOOK_EVERY_MS = 250;
const KEEP_ALIVE_EARLY_US = 500_000;

/** What a fan-out may do to the world. */
type Turn = Pick<Context<never>, 'send' | 'count' | 'now' | 'after'>;

export class Delivery {
  readonly #args: DeliveryArgs;
  /** Streams with something waiting; looked through for those that make no progress. */
  readonly #lagging = new Set<RoutedStream>();

  readonly #pacing: Pacing<RoutedStream>;
  /** What pacing has to tell homes when the turn's own work is done. */
  readonly #lags: [Topic, boolean][] = [];

  /** One for each format, and not for each stream. */
  readonly #gapEncoders: ReadonlyMap<FormatName, GapEncoder>;

  constructor(args: DeliveryArgs) {
    this.#args = args;
    const encoders = Array.from(args.formats, ([name, format]): [FormatName, GapEncoder] => [
      name,
      (gap) => format.encodeGap(gap),
    ]);
    this.#gapEncoders = new Map(encoders);
    this.#pacing = new Pacing((topic, isLagging) => this.#lags.push([topic, isLagging]));
  }

  formatOf(name: FormatName): WireFormat {
    const format = this.#args.formats.get(name);
    if (format === undefined) throw new Error(`no wire format is called '${name}'`);
    return format;
  }

  gapEncoderOf(name: FormatName): GapEncoder {
    const encoder = this.#gapEncoders.get(name);
    if (encoder === undefined) throw new Error(`no wire format is called '${name}'`);
    return encoder;
  }

  /** One publication to everyone here who follows its topic. */
  fanOut(local: LocalTopic<RouterReply>, publication: Publication, context: Turn): void {
    for (const group of local.groups) {
      if (group.connections.length === 0) continue;
      context.count('deliveries', group.connections.length);
      if (group.format === TO_OWNER) tellOwners(group, publication, context);
      else this.#fanOutTo(group, publication, context);
    }
  }

  /** Publications are missing for everyone who follows the topic here. */
  tellGap(local: LocalTopic<RouterReply>, gap: Gap, context: Turn): void {
    for (const group of local.groups) {
      for (const { stream } of group.subscriptions) {
        if (group.format === TO_OWNER) context.send(stream.owner, { type: 'gapped', gap });
        else this.#writeGap(stream, this.formatOf(group.format).encodeGap(gap), context);
      }
    }
  }

  /** One payload to one stream, behind whatever already waits there. */
  write(
    stream: RoutedStream,
    payload: Payload,
    publication: Publication | undefined,
    context: Turn,
  ): void {
    if (stream.isFinishing) return;
    stream.wroteAt = context.now;
    const isDirect = stream.outbox.trySpend(writeCost(payload)); // buggify queue-first: false
    if (isDirect) {
      context.send(this.#args.web, { type: 'write', connections: [stream.connection], payload });
      return;
    }
    stream.outbox.offer(payload, publication);
    this.#settle(stream, context);
    if (publication !== undefined) this.#waited(stream, publication, context);
  }

  /** The stream takes nothing more; its owner hears `finished` when what waits has been written. */
  finish(stream: RoutedStream, context: Turn): void {
    if (stream.isFinishing) return;
    stream.isFinishing = true;
    if (!stream.outbox.isWaiting) context.send(stream.owner, { type: 'finished' });
  }

  /** The stream's owner hears `settled` when nothing waits any more. */
  settle(stream: RoutedStream, context: Turn): void {
    stream.isSettling = stream.outbox.isWaiting;
    if (!stream.isSettling) context.send(stream.owner, { type: 'settled' });
  }

  /** Tells those that were quiet for too long what keeps them alive. */
  keepAlive(streams: Iterable<RoutedStream>, context: Turn): void {
    for (const stream of streams) {
      const { keepAlive, outbox, isFinishing } = stream;
      if (keepAlive === undefined || outbox.isWaiting || isFinishing) continue;
      const quietUs = context.now - (keepAlive.isIdle ? stream.wroteAt : stream.toldAliveAt);
      if (quietUs < keepAlive.everyMs * 1_000 - KEEP_ALIVE_EARLY_US) continue;
      stream.toldAliveAt = context.now;
      context.count('keepAlives.sent');
      this.write(stream, keepAlive.payload, undefined, context);
    }
  }

  /** Answers an open slot. */
  fill(stream: RoutedStream, slot: number, payload: Payload, context: Turn): void {
    stream.outbox.fill(slot, payload);
    this.#settle(stream, context);
  }

  /** Gives an open slot's place up. */
  skip(stream: RoutedStream, slot: number, context: Turn): void {
    stream.outbox.closeSlot(slot);
    this.#settle(stream, context);
  }

  /** The network took bytes: what waited may go. */
  receipt(stream: RoutedStream, bytes: number, context: Turn): void {
    stream.progressAt = context.now;
    stream.outbox.receipt(bytes);
    if (stream.outbox.isWaiting) this.#settle(stream, context);
    this.#pacing.took(stream, bytes);
    this.#tellLags(context);
  }

  /** [BROKER-PACE-2] Looks whether those that pace their publishers still deserve it. */
  lookAtPace(context: Turn): void {
    this.#pacing.look(context.now);
    this.#tellLags(context);
    if (!this.#pacing.isIdle) context.after('pace', PACE_LOOK_EVERY_MS);
  }

  /** [BROKER-SLOW-5] Ends streams whose window has been full for too long without one receipt. */
  endStalled(context: Turn): void {
    for (const stream of this.#lagging) {
      const since = context.now - stream.stallTimeoutMs * 1_000;
      if (stream.outbox.isStalled && stream.progressAt <= since)
        this.#giveUp(stream, 'stalled', context);
    }
  }

  forget(stream: RoutedStream, context: Turn): void {
    this.#lagging.delete(stream);
    this.#pacing.forget(stream);
    this.#tellLags(context);
  }

  /** [BROKER-PACE-1] */
  #waited(stream: RoutedStream, { topic }: Publication, context: Turn): void {
    if (!stream.outbox.mayPace) return;
    const wasIdle = this.#pacing.isIdle;
    this.#pacing.waited(stream, topic, context.now);
    if (wasIdle && !this.#pacing.isIdle) context.after('pace', PACE_LOOK_EVERY_MS);
    this.#tellLags(context);
  }

  #tellLags(context: Turn): void {
    const { shard, shards, homeOfShard } = this.#args;
    for (const [topic, isLagging] of this.#lags.splice(0)) {
      const home = homeOfShard(homeOf(topic, shards));
      context.send(home, { type: 'lag', topic, shard, isLagging });
    }
  }

  #writeGap(stream: RoutedStream, words: Payload | undefined, context: Turn): void {
    if (words !== undefined) this.write(stream, words, undefined, context);
  }

  #fanOutTo(group: Group<RouterReply>, publication: Publication, context: Turn): void {
    const format = this.formatOf(group.format);
    const wish = format.toOwner?.(publication);
    if (wish !== undefined) {
      tellOwners(group, publication, context);
      if (wish === 'end')
        for (const { stream } of group.subscriptions) this.finish(stream, context);
      return;
    }
    const payload = format.encode(publication);
    if (payload === undefined) return;
    const skipped = format.skips?.(publication);
    const isEphemeral = format.isEphemeral?.(publication) === true;
    this.#writeToGroup(group, publication, { payload, skipped, isEphemeral }, context);
  }

  #writeToGroup(
    group: Group<RouterReply>,
    publication: Publication,
    { payload, skipped, isEphemeral }: Wording,
    context: Turn,
  ): void {
    const cost = writeCost(payload);
    let slow: RoutedStream[] | undefined;
    for (const { stream } of group.subscriptions) {
      if (stream.connection === skipped) {
        slow ??= [];
        slow.push(stream);
        continue;
      }
      stream.wroteAt = context.now;
      if (!stream.isFinishing && stream.outbox.trySpend(cost)) continue;
      slow ??= [];
      slow.push(stream);
    }
    const fast = slow === undefined ? group.connections : connectionsWithout(group, slow);
    const connections = fast; // buggify reverse-fan-out: fast.toReversed()
    if (connections.length > 0)
      context.send(this.#args.web, { type: 'write', connections, payload });
    for (const stream of isEphemeral ? [] : (slow ?? [])) {
      if (stream.isFinishing || stream.connection === skipped) continue;
      stream.outbox.offer(payload, publication);
      this.#settle(stream, context);
      this.#waited(stream, publication, context);
    }
  }

  /** Writes what the window allows, counts what had to be dropped, and ends the stream that is too slow. */
  #settle(stream: RoutedStream, context: Turn): void {
    const { outbox } = stream;
    outbox.flush((payload) => {
      stream.progressAt = context.now;
      context.send(this.#args.web, { type: 'write', connections: [stream.connection], payload });
    });
    const verdict = outbox.enforce();
    const dropped = outbox.takeDropped();
    if (dropped > 0) context.count('publications.dropped', dropped);
    if (verdict === 'overflow') {
      this.#giveUp(stream, 'overflow', context);
      return;
    }
    if (!outbox.isWaiting) {
      this.#lagging.delete(stream);
      if (stream.isSettling) this.settle(stream, context);
      if (stream.isFinishing) context.send(stream.owner, { type: 'finished' });
    } else if (!this.#lagging.has(stream)) {
      this.#lagging.add(stream);
      stream.progressAt = context.now;
    }
    // What waited for an answer, and not for the network, goes without a receipt.
    if (this.#pacing.isIdle) return;
    this.#pacing.took(stream, 0);
    this.#tellLags(context);
  }

  /** [BROKER-SLOW-2] A reader that is too slow is told so by the close code; its session does the rest. */
  #giveUp(stream: RoutedStream, why: 'overflow' | 'stalled', context: Turn): void {
    this.#lagging.delete(stream);
    // Until its session has let it go, the stream must not grow, nor be given up again.
    stream.outbox.end();
    context.count(`streams.closed.${why}`);
    context.send(stream.owner, { type: 'tooSlow' });
  }
}

/** What a group is told, and who of it is not. */
interface Wording {
  readonly payload: Payload;
  readonly skipped: ConnectionId | undefined;
  readonly isEphemeral: boolean;
}

function tellOwners(group: Group<RouterReply>, publication: Publication, context: Turn): void {
  for (const { stream } of group.subscriptions)
    context.send(stream.owner, { type: 'delivered', publication });
}

function connectionsWithout(
  group: Group<RouterReply>,
  slow: readonly RoutedStream[],
): ConnectionId[] {
  const [only] = slow;
  // As a rule that is whoever speaks.
  if (only !== undefined && slow.length === 1)
    return group.connections.toSpliced(group.connections.indexOf(only.connection), 1);
  const left = new Set<ConnectionId>(slow.map((stream) => stream.connection));
  return group.connections.filter((connection) => !left.has(connection));
}
