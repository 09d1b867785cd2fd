// The router's answers in the broker's words: frames for WebSocket clients, and the sentences that HTTP shares.
// Refuses to know slots, order and the session's life: one answer in, one frame out.
// Obeys spec/broker.md, sections "Frames" and "Errors".

import type { BrokerWire } from '../codecs/broker-wire.ts';
import type { RouterReply, Slot } from '../routing/router-messages.ts';
import type { Payload } from '../runtime/edges.ts';
import type { BrokerOptions } from './broker-options.ts';
import { nameOf } from './broker-topic.ts';
import { type Rights, visibleTopics } from './rights.ts';

/** What a question has told that its answer must know and the router does not. */
export type Note =
  | { readonly type: 'subscribe' }
  | { readonly type: 'publish'; readonly id: string | undefined };

export type SlottedReply = RouterReply & { readonly slot: Slot };

/** Who asked, as far as it matters to the answer. */
export interface AskedBy {
  readonly noted: Note | undefined;
  readonly rights: Rights;
  readonly options: Pick<BrokerOptions, 'subscriptionsMax'>;
}

/** Throws on a reply that answers no question. */
export function encodeAnswer(
  wire: BrokerWire,
  reply: SlottedReply,
  { noted, rights, options }: AskedBy,
): Payload {
  switch (reply.type) {
    case 'subscribed': {
      const { position, recovered, topic } = reply;
      const place = recovered === undefined ? position : { ...position, recovered };
      return wire.ackSubscribe(nameOf(topic), noted === undefined ? undefined : place);
    }
    case 'subscribeRefused':
      return wire.error(
        reply.reason === 'too-many-subscriptions'
          ? `Too many subscriptions: at most ${options.subscriptionsMax} per connection.`
          : 'Too many topics: the node has no room for another.',
      );
    case 'unsubscribed': {
      const name = nameOf(reply.topic);
      if (!reply.wasSubscribed) return wire.error(`Not subscribed to ${name}`);
      return wire.ackUnsubscribe(name);
    }
    case 'publishAnswered': {
      const name = nameOf(reply.topic);
      const { outcome } = reply;
      if (outcome.kind !== 'published') return wire.error(publishAnswerText(name, outcome.kind));
      const { position, subscribers, isDuplicate } = outcome;
      const given = noted?.type === 'publish' ? noted.id : undefined;
      const id = given ?? `${position.epoch}:${position.offset}`;
      return wire.ackPublish(name, subscribers, { ...position, id, duplicate: isDuplicate });
    }
    case 'topicsListed':
      return wire.topics(visibleTopics(reply.topics, rights));
    case 'topicInformed': {
      const { subscribers, position, historyCount: history } = reply.info;
      const { epoch = null, offset = null } = position ?? {};
      return wire.topicInfo({ topic: nameOf(reply.topic), subscribers, epoch, offset, history });
    }
    default:
      throw new Error(`no answer is known for ${reply.type}`);
  }
}

/** Why a publication was not made, or may not have been. */
export function publishAnswerText(name: string, kind: 'refused' | 'unknown'): string {
  return kind === 'refused'
    ? `Not published to ${name}: the node has no room for another topic.`
    : `It is not known whether this was published to ${name}: the shard that orders it restarted. Publish again with an id.`;
}
