// A subscription is a window in what a connection hears: between `ack_subscribe` and `ack_unsubscribe` publications
// of the topic come, outside of it none does.

import { type Invariant, PerSubscription } from './invariant.ts';

export const windows: Invariant = {
  property: 'windows',
  requirements: ['BROKER-SUB-2'],
  judge(report) {
    const open = new PerSubscription<true>();
    return (event) => {
      if (event.kind === 'subscribed') open.set(event.connection, event.topic, true);
      else if (event.kind === 'unsubscribed') open.delete(event.connection, event.topic);
      else if (event.kind === 'closed') open.forget(event.connection);
      else if (event.kind === 'message') {
        const topic = event.topic ?? event.saidTopic;
        if (open.get(event.connection, topic) === true) return;
        report(
          event,
          `client ${event.client} got a message of '${topic}' outside of a subscription`,
        );
      }
    };
  },
};
