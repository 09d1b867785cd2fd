// A subscription is a window in what a connection hears: between `ack_subscribe` and `ack_unsubscribe` publications
// of the topic come, outside of it none does.

import type { Invariant } from '../invariant.ts';

export const windows: Invariant = {
  property: 'windows',
  requirements: ['BROKER-SUB-2', 'BROKER-SUB-4'],
  judge(report) {
    const open: boolean[] = [];
    return {
      subscribed({ following }) {
        open[following] = true;
      },
      unsubscribed({ following }) {
        open[following] = false;
      },
      message(event) {
        if (open[event.following] === true) return;
        const { client, topic, saidTopic } = event;
        report(
          event,
          `client ${client} got a message of '${topic ?? saidTopic}' outside of a subscription`,
        );
      },
    };
  },
};
