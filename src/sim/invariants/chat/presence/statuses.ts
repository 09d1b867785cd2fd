// A user is what its sessions say together: when everything has come to rest, each answer about a status is the truth, of a
// user and of a member of a room. Judged where no session's own status is in doubt.

import type { Invariant } from '../../invariant.ts';
import { OwnStatuses } from './own-statuses.ts';

export const statuses: Invariant = {
  property: 'statuses',
  requirements: ['HP-PRES-2', 'HP-PRES-4', 'HP-ROOM-8'],
  judge(report) {
    const own = new OwnStatuses();
    let isRest = false;
    return {
      ...own.watcher,
      rested: (event) => {
        own.watcher.rested?.(event);
        isRest = true;
      },
      chatProbed: () => {
        isRest = false;
      },
      statusesTold(event) {
        if (!isRest) return;
        for (const [user, status] of event.statuses) {
          const truth = own.truthOf(user);
          if (truth !== undefined && status !== truth)
            report(
              event,
              `client ${event.client} on node ${event.node} sees that ${user} is ${status}, who is ${truth}`,
            );
        }
      },
      membersTold(event) {
        if (!isRest) return;
        const { client, node, room, users } = event;
        for (const [at, user] of users.entries()) {
          const status = event.statuses[at];
          const truth = own.truthOf(user, room);
          // Who is in a room that he has left is judged elsewhere.
          if (truth !== undefined && truth !== 'offline' && status !== truth)
            report(
              event,
              `client ${client} on node ${node} sees ${user} in '${room}' as ${status}, who is ${truth}`,
            );
        }
      },
    };
  },
};
