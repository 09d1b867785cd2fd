// What is said of rooms, as those hear it who are there or keep them. Refuses to know who says it.

/** Whatever scripts ask has a number that no node gives. */
export const REF = 1_000_001;

/** As the node itself gives places. */
export function shownEntry(seq: number, id: string, from: string, session = '#1'): string {
  return JSON.stringify({
    ...{ id, timestamp: 'now', from, session, body: id },
    ...{ node: 'n1', seq, epoch: 'E1' },
  });
}

/** As a member hears it. */
export function heardIn(room: string, id: string, from: string, seq: number, more = ''): string {
  return `ROOM_MESSAGE id=${id} room=${room} from=${from} body=${id} seq=${seq}${more}`;
}
