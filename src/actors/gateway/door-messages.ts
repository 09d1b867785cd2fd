// What is said to the gateway doors of all shards about connections that only one of them knows: each shard's door
// knows the WebSocket sessions and held requests of its own shard by their Connection-Id.
// Refuses to know who asks and why. Obeys spec/grip.md, section "Commands".

import type { Address } from '../runtime/actor.ts';

export type DoorOrder =
  /** The session asks its origin now; a shard that does not know it does nothing. */
  | { readonly type: 'refresh'; readonly cid: string }
  /** Which of these connections are here? Answered even when none is. */
  | {
      readonly type: 'checkConnections';
      readonly ref: number;
      readonly ids: readonly string[];
      /** WebSockets only, or requests as well. */
      readonly areWebSockets: boolean;
      readonly replyTo: Address<ConnectionsChecked>;
    };

export interface ConnectionsChecked {
  readonly type: 'connectionsChecked';
  readonly ref: number;
  readonly shard: number;
  readonly found: readonly string[];
}
