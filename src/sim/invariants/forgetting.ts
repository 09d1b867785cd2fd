// How long a home may be trusted to remember an id, as far as a trace tells: each id between two places took a place
// of its own, so a thousand ids forgotten lie at least a thousand places back.

/** [BROKER-DUP-2] What a topic remembers. */
export interface Memory {
  readonly ids: number;
  /** Nothing is forgotten sooner for want of memory. */
  readonly isSure: boolean;
}

export const PERFECT: Memory = { ids: Number.POSITIVE_INFINITY, isSure: true };

/** Nothing need be remembered. */
export const FORGETFUL: Memory = { ids: 0, isSure: false };

export function memoryOf(home: {
  readonly dedupeIdsMax: number;
  readonly historyBytesTotalMax: number;
}): Memory {
  // More bytes than any run publishes.
  return { ids: home.dedupeIdsMax, isSure: home.historyBytesTotalMax >= 16_777_216 };
}

/** What had the earlier place may have another now: its id may be forgotten. */
export function isForgotten(earlier: number, now: number, { ids, isSure }: Memory): boolean {
  return now > earlier && (!isSure || now > earlier + ids);
}
