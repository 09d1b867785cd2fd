// What an application tells the gateway of a WebSocket in words of its own: whom it is for, what it follows, and what is to come
// later. Written from the protocol's text. Refuses to know how the words are carried.

import { type FilterName, filterNames, isDelaying, userOf } from '../../records/gateway-traits.ts';

/** That its client asks for. */
export function filterOf({
  flags,
}: {
  readonly flags: ReadonlySet<string>;
}): FilterName | undefined {
  return filterNames.find((name) => flags.has(name));
}

/** In the beginning: who it is, and its channels. */
export function followingWords(
  client: number,
  channels: readonly string[],
  filter: FilterName | undefined,
): readonly string[] {
  const filters = filter === undefined ? {} : { filters: [filter] };
  const meta = { type: 'set-meta', name: 'user', value: userOf(client) };
  return [
    ...(filter === undefined ? [] : [meta]),
    ...channels.map((channel) => ({ type: 'subscribe', channel, ...filters })),
  ].map((control) => `c:${JSON.stringify(control)}`);
}

/** The echo of a word, behind what it promises. */
export function echoWords(word: number): readonly string[] {
  const control = { type: 'send-delayed', content: `d:${word}`, timeout: 1 };
  const promise = isDelaying(word) ? [`c:${JSON.stringify(control)}`] : [];
  return [...promise, `m:${word}`];
}
