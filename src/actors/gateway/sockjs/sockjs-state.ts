// What one SockJS session is, and the words that its parts have in common.
// Refuses to know what is done with it: sockjs-session.actor.ts serves the WebSocket session, polling.ts the pages.

import type { RouterReply } from '../../routing/router-messages.ts';
import type { RouterMessage } from '../../routing/router-state.ts';
import type { FormatName, KeepAlive } from '../../routing/subscriptions.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt, WebCommand } from '../../runtime/edges.ts';
import type { ExchangeEvent, GatewayCommand } from '../../runtime/gateway-edges.ts';
import type { Admitted } from '../forward.ts';
import type { WsSessionMessage } from '../ws/ws-session.actor.ts';
import type { Transport } from './sockjs-paths.ts';

export interface SockJsSessionArgs {
  /** The request that begins the session. */
  readonly admitted: Admitted;
  readonly connectionId: string;
  /** Unique on this shard, also among connections that exist: a session that polls has none of its own. */
  readonly connection: ConnectionId;
  /** Undefined: the client has a WebSocket, which carries frames. */
  readonly first: SockJsAsked | undefined;
}

/** A request of a page that polls. */
export interface SockJsAsked {
  readonly type: 'sockJsAsked';
  readonly transport: Transport;
  readonly connection: ConnectionId;
  /** Where the exchange is: pages come to any shard. */
  readonly edge: Address<GatewayCommand>;
  readonly headers: Admitted['request']['headers'];
  readonly callback: string;
}

/** Such a request, under the session's own number: the shards of several pages give them the same ones. */
export interface Page extends SockJsAsked {
  readonly number: ConnectionId;
}

export type SockJsSessionMessage =
  | SockJsAsked
  | GatewayCommand
  | WebCommand
  | RouterMessage
  | RouterReply
  | ExchangeEvent
  | Receipt
  | ConnectionEvent
  | { readonly type: 'refresh' }
  | { readonly type: 'followAgain'; readonly shard: number }
  | { readonly type: 'draining'; readonly withinMs: number };

export interface State {
  readonly args: SockJsSessionArgs;
  readonly child: Address<WsSessionMessage>;
  life: 'opening' | 'open' | 'closed';
  /** What the page has not fetched yet. */
  texts: string[];
  /** What was said and not fetched, or written and not receipted. */
  owedBytes: number;
  /** What a page that comes is told last. */
  farewell: string | undefined;
  pages: number;
  poll: Page | undefined;
  /** Requests whose bodies are being read. */
  readonly sending: Map<ConnectionId, Page>;
  readonly formats: Map<string, FormatName>;
  keepAlive: KeepAlive | undefined;
  /** Too much waits for the origin: pages that send are answered later. */
  isHeld: boolean;
  unanswered: Page[];
  isGone: boolean;
  isChildGone: boolean;
}

export type Turn = Context<SockJsSessionMessage>;

export function isFramed({ args }: State): boolean {
  return args.first === undefined;
}
