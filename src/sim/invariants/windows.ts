// A subscription is a window in what a connection hears: between `ack_subscribe` and `ack_unsubscribe` publications
// of the topic come, outside of it none does.

import { type Invariant, PerSubscription } from './invariant.ts';

export const windows: Invariant = {
  property: 'windows',
  requirements: ['BROKER-SUB-2'],
  judge(report) {
    const open = new PerSubscription<true>();
    return (event) => {
      switch (event.kind) {
        case 'subscribed':
          open.set(event.connection, event.topic, true);
          return;
        case 'unsubscribed':
          open.delete(event.connection, event.topic);
          return;
        case 'closed':
          open.forget(event.connection);
          return;
        case 'message': {
          const topic = event.topic ?? event.saidTopic;
          if (open.get(event.connection, topic) === true) return;
          report(event, `client ${event.client} got a message of '${topic}' outside of a subscription`);
          return;
        }
        default:
      }
    };
  },
};
