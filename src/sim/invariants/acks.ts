// An ack of a publish is true: the same id has one place in an epoch however often it is sent, only what was sent
// before is a duplicate, and nothing is acknowledged that nobody sent. That readers see it there is `one-order`'s.

import type { EventOf } from '../trace.ts';
import { Ages } from './delivery/ages.ts';
import { ByEpoch } from './delivery/by-epoch.ts';
import { type Invariant, nameOf } from './invariant.ts';
import { FORGETFUL, isForgotten, type Memory, memoryOf, PERFECT } from './forgetting.ts';

interface Known {
  readonly offset: number;
  /** Somebody was told that it is new. */
  isTold: boolean;
}

export const acks: Invariant = {
  property: 'acks',
  requirements: ['BROKER-DUP-1', 'BROKER-FRAME-3', 'BROKER-PUB-3'],
  judge(report) {
    const ids = new ByEpoch<Map<string, Known>>(() => new Map());
    const sends: number[] = [];
    const ages = new Ages();
    let memory: Memory = PERFECT;
    return {
      began(event) {
        ages.began(event);
        memory = memoryOf(event.home);
      },
      publishSent(event) {
        const { publication } = event;
        ages.sent(event);
        sends[publication] = (sends[publication] ?? 0) + 1;
      },
      published(event) {
        const known = ages.isOver(event) ? FORGETFUL : memory;
        const sentence = check(event, sends[event.publication] ?? 0, ids, known);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function check(
  event: EventOf<'published'>,
  sends: number,
  ids: ByEpoch<Map<string, Known>>,
  memory: Memory,
): string | undefined {
  const { client, node, topic, id, position, isDuplicate } = event;
  if (id === undefined && sends > 0 && !isDuplicate) return undefined;
  const what = (): string => `client ${client} was told that ${nameOf(event)} of '${topic}'`;
  if (sends === 0) return `${what()} was published, and nobody sent it`;
  if (isDuplicate && (id === undefined || sends === 1))
    return `${what()} is a duplicate, and it was sent once`;
  if (id === undefined) return undefined;
  const offsets = ids.of(node, topic, position.epoch);
  const known = offsets.get(id);
  if (known === undefined || isForgotten(known.offset, position.offset, memory)) {
    offsets.set(id, { offset: position.offset, isTold: !isDuplicate });
    return undefined;
  }
  if (known.offset !== position.offset)
    return `${what()} is at ${position.offset}, and earlier at ${known.offset}`;
  if (!isDuplicate && known.isTold) return `${what()} is new for the second time`;
  known.isTold ||= !isDuplicate;
  return undefined;
}
