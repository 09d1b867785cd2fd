// What talkers say, as everybody who hears of it knows it: whose it is and to whom, when it was said, and what stands beside the
// text. All of that hangs on the name of the message, so that whoever hears it can tell what is wrong.
// Refuses to know who hears it.

import { type HpLine, nameOf, textOf, TIMESTAMP } from './hp-lines.ts';

/** How what crosses begins, wherever it is heard; the rest is its number in the run. */
export const PUBLICATION = 'pub:';

/** Of the talkers of a run, by number. */
export interface Speakers {
  userOf(client: number): string | undefined;
  /** As its sender has spelled its receiver. */
  receiverOf(message: string): string | undefined;
}

export function timestampOf(message: string): number {
  return TIMESTAMP + numbersIn(message).number;
}

/** What a notice or a goodbye says, in so far as judges look at it. */
export function noticeIn(payload: HpLine['payload']) {
  const code = textOf(payload, 'code');
  const servers = payload['servers'] as readonly string[] | undefined;
  return { code, servers, words: code === 'CLOCK_SKEW' ? textOf(payload, 'message') : undefined };
}

/** Beside every third. */
export function dataOf(message: string): unknown {
  const { number } = numbersIn(message);
  return number % 3 === 0 ? { about: [message, number, null], 'ä\n': number / 2 } : undefined;
}

/** What is wrong with a message that is heard, or read again; undefined when nothing is. */
export function wrongIn(
  payload: HpLine['payload'],
  timestamp: unknown,
  speakers: Speakers,
): string | undefined {
  const message = textOf(payload, 'body').trimEnd();
  const from = nameOf(payload, 'from');
  const data = JSON.stringify(payload['data']);
  if (message.startsWith(PUBLICATION))
    return [undefined, JSON.stringify(dataOf(message))].includes(data)
      ? undefined
      : `${message} with ${data}`;
  const author = speakers.userOf(numbersIn(message).client);
  if (from !== author) return `${message} of ${from}, and ${author} has said it`;
  if (timestamp !== timestampOf(message)) return `${message} at ${String(timestamp)}`;
  if (data !== JSON.stringify(dataOf(message))) return `${message} with ${data}`;
  const to = payload['to'];
  const receiver = speakers.receiverOf(message);
  if (to !== receiver) return `${message} to ${String(to)}, and it was said to ${receiver}`;
  return undefined;
}

/** Its id, but what crosses has its own there only where its publisher gave it one. */
export function messageIn(id: string, payload: HpLine['payload']): string {
  const body = textOf(payload, 'body');
  return body.startsWith(PUBLICATION) ? body : id;
}

function numbersIn(message: string): { readonly client: number; readonly number: number } {
  if (message.startsWith(PUBLICATION))
    return { client: -1, number: Number(message.slice(PUBLICATION.length)) };
  const [client = -1, number = 0] = message.slice(1).split('.').map(Number);
  return { client, number };
}
