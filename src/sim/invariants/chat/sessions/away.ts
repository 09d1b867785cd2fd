// For a client that is away no more waits than may: with the first message beyond that its session is over, so of no session
// that has too much does more come. Nor has it left more unacknowledged, where anything has come since.

import type { EventOf } from '../../../trace.ts';
import type { Invariant } from '../../invariant.ts';

export const away: Invariant = {
  property: 'away',
  requirements: ['HP-RES-6'],
  judge(report) {
    let [messagesMax, bytesMax] = [Infinity, Infinity];
    /** By session: what waited when it was seen last. */
    const seen = new Map<string, EventOf<'awaySeen'>>();
    return {
      chatBegan({ terms }) {
        [messagesMax, bytesMax] = [terms.resumeMessagesMax, terms.resumeBytesMax];
      },
      awaySeen(event) {
        const { session, messages, bytes, openMessages, openBytes, at } = event;
        if (openMessages > messagesMax || openBytes > bytesMax)
          report(
            event,
            `${openMessages} messages of ${openBytes} bytes are not acknowledged in ${session}, of ${messagesMax} and ${bytesMax} at most`,
          );
        const before = seen.get(session);
        seen.set(session, event);
        // It may have been back in between.
        if (before === undefined || at - before.at > LOOK_US || messages <= before.messages) return;
        if (messages > messagesMax || bytes > bytesMax)
          report(
            event,
            `${messages} messages of ${bytes} bytes wait for ${session}, of ${messagesMax} and ${bytesMax} at most`,
          );
      },
    };
  },
};

/** From one look to the next. */
const LOOK_US = 300_000;
