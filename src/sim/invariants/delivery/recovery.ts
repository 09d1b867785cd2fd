// Recovery tells the truth: with `recovered: true` all that was missed follows, once and in order; with `false`
// nothing of it does; and whoever has missed nothing is told `true`.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

interface Recovered {
  readonly epoch: string;
  /** Nothing up to here may come. */
  readonly known: number;
  /** The last place at the time of the ack. */
  readonly top: number;
  /** The next that must come while the recovery lasts; undefined when nothing was to be recovered. */
  next: number | undefined;
}

export const recovery: Invariant = {
  property: 'recovery',
  requirements: [
    ...['BROKER-REC-1', 'BROKER-REC-2', 'BROKER-REC-3', 'BROKER-REC-6'],
    ...['BROKER-FRAME-2', 'SSE-4'],
  ],
  judge(report) {
    const recovered: (Recovered | undefined)[] = [];
    return {
      subscribed(event) {
        const sentence = ack(event);
        if (sentence !== undefined) report(event, sentence);
        recovered[event.following] = stateAfter(event);
      },
      recoveryGivenUp(event) {
        const { topic, since, position } = event;
        const isAtTop = since.epoch === position.epoch && since.offset === position.offset;
        if (event.recovered === true && !isAtTop)
          report(
            event,
            `a recovery of '${topic}' from ${since.epoch}:${since.offset} was given up before its turn came, and brings all up to ${position.epoch}:${position.offset}`,
          );
      },
      gap({ following }) {
        const state = recovered[following];
        // What the reader's own queue could not hold is `offset-steps`' business from here on.
        if (state !== undefined) state.next = undefined;
      },
      message(event) {
        const state = recovered[event.following];
        const sentence = state === undefined ? undefined : follow(event, state);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function ack({
  client,
  topic,
  since,
  position,
  recovered,
}: EventOf<'subscribed'>): string | undefined {
  if (since === undefined) {
    return recovered === undefined
      ? undefined
      : `client ${client} was told of a recovery of '${topic}' it did not ask for`;
  }
  if (recovered === undefined || position === undefined)
    return `client ${client} was told nothing of its recovery of '${topic}'`;
  const isSameEpoch = since.epoch === position.epoch;
  if (recovered && (!isSameEpoch || since.offset > position.offset)) {
    return `'${topic}' at ${position.epoch}:${position.offset} cannot recover ${since.epoch}:${since.offset} for client ${client}`;
  }
  if (!recovered && isSameEpoch && since.offset === position.offset) {
    return `client ${client} had missed nothing of '${topic}' and was told that it had`;
  }
  return undefined;
}

function stateAfter(event: EventOf<'subscribed'>): Recovered | undefined {
  const { since, position } = event;
  if (position === undefined) return undefined;
  const { epoch, offset } = position;
  const isRecovering = event.recovered === true && since !== undefined && since.offset < offset;
  const known = isRecovering ? since.offset : offset;
  return { epoch, known, top: offset, next: isRecovering ? since.offset + 1 : undefined };
}

function follow(event: EventOf<'message'>, state: Recovered): string | undefined {
  const { client, position } = event;
  if (position === undefined || position.epoch !== state.epoch) return undefined;
  const { offset } = position;
  if (offset > state.known && state.next === undefined) return undefined;
  const topic = event.topic ?? event.saidTopic;
  if (offset <= state.known)
    return `client ${client} got ${offset} of '${topic}' again, it knows all up to ${state.known}`;
  if (offset !== state.next)
    return `client ${client} was promised all up to ${state.top} of '${topic}' and got ${offset} for ${state.next}`;
  state.next = offset < state.top ? offset + 1 : undefined;
  return undefined;
}
