// What an operator is told, in words that an errand may write down. Refuses to know who listens.

import type { OperatorNotice } from '../../../actors/runtime/gateway-edges.ts';

/** Undefined for what is about nobody. */
export function noticeWords(notice: OperatorNotice): string | undefined {
  switch (notice.type) {
    case 'channelFollowed':
      return `follows ${notice.mode} ${notice.subscribers}`;
    case 'messageSent': {
      const { itemId = 'no id', transport, receivers, blocks = 'no' } = notice;
      return `${transport} ${itemId} to ${receivers} in ${blocks} blocks`;
    }
    case 'clientConnected':
      return `${notice.isSecure ? 'secure ' : ''}${notice.kind} comes`;
    case 'clientDisconnected':
      return 'goes';
    case 'activity':
      return `is active ${notice.count}`;
    default:
      return undefined;
  }
}
