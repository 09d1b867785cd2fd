// What publications and clients say of themselves, and whom a filter spares an item: written from spec/grip.md, section
// "Filters", apart from the gateway's own. Also which words promise another one. Refuses to know how that is asked for.

export type FilterName = 'skip-self' | 'skip-users' | 'require-sub';

export const filterNames: readonly FilterName[] = ['skip-self', 'skip-users', 'require-sub'];

/** Who a client is to its origin. */
export function userOf(client: number): string {
  return `u${client % USERS}`;
}

/** What is said beside an item. */
export function metaOf(item: number): Readonly<Record<string, string>> {
  return {
    sender: userOf(item),
    ...(item % 5 === 0 ? { skip_users: SKIPPED.join(', ') } : {}),
    ...(item % 3 === 0 ? { require_sub: REQUIRED } : {}),
  };
}

/** Who has a filter, on channels by their full names. */
export interface Filtered {
  readonly client: number;
  readonly channels: readonly string[];
  readonly filter?: FilterName | undefined;
}

export function isSpared({ client, channels, filter }: Filtered, item: number): boolean {
  const user = userOf(client);
  switch (filter) {
    case undefined:
      return false;
    case 'skip-self':
      return userOf(item) === user;
    case 'skip-users':
      return item % 5 === 0 && SKIPPED.includes(user);
    case 'require-sub':
      return item % 3 === 0 && !channels.some((channel) => channel.endsWith(`-${REQUIRED}`));
    default:
      return filter satisfies never;
  }
}

/** With the echo of each of these words an origin promises something that comes later. */
export function isDelaying(word: number): boolean {
  return word % 9 === 4;
}

const USERS = 4;
/** One of them is nobody, whose name begins as another one's does. */
const SKIPPED = ['u1', 'u22'];
/** A channel by its short name. */
const REQUIRED = 'a1';
