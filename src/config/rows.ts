// What a row of the table of settings is, and how one is written down.
// Refuses to know which settings there are.

import { isUserName } from '../actors/codecs/hp/names.ts';
import { isNodeName } from '../actors/codecs/hp-peer/peer-fields.ts';
import { anyText, type Kind, optional, wholeNumber } from './values.ts';

export interface Row<T> {
  readonly kind: Kind<T>;
  readonly fallback: T;
  readonly doc: string;
  /** Without dashes; `no-welcome` sets a yes-or-no to no. */
  readonly flag?: string;
  /** Set where the variable's name does not follow from the key. */
  readonly env?: string;
  /** What stands for a default that is found out when the node starts. */
  readonly fallbackText?: string;
}

export type Rows<T> = { readonly [K in keyof T]-?: Row<T[K]> };
export type ValuesOf<R> = { readonly [K in keyof R]: R[K] extends Row<infer T> ? T : never };

export function row<T>(
  kind: Kind<NoInfer<T>>,
  fallback: T,
  doc: string,
  names: Partial<Pick<Row<T>, 'flag' | 'env' | 'fallbackText'>> = {},
): Row<T> {
  return { kind, fallback, doc, ...names };
}

export const none: undefined = undefined;
export const count = (most: number): Kind<number> => wholeNumber(1, most);
export const MiB = 1_048_576;
export const file = optional(anyText('a path', 'file'));
export const host = anyText('an IP address or a host name', 'host');

function nameOf(whom: string, isName: (text: string) => boolean, most: number): Kind<string> {
  return {
    ...anyText('a name', 'name'),
    read(text) {
      if (isName(text)) return { ok: true, value: text };
      const wayOut = `Write up to ${most} letters, digits, and . _ -, a letter or digit first.`;
      return {
        ok: false,
        problem: `${JSON.stringify(text.slice(0, 80))} is no name of ${whom}`,
        wayOut,
      };
    },
  };
}

/** Other nodes would not take another one, nor would the tickets of clients. */
export const nodeName = nameOf('a node or cluster', isNodeName, 64);
export const userName = nameOf('a user', isUserName, 32);
