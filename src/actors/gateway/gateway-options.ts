// What an operator may decide about the gateway, with the values it has when nothing is said. The names are ours; the
// file `pushpin.conf` is read into them by config/pushpin-conf.ts. Lengths in milliseconds, sizes in bytes.
// Refuses to know files and ports. Obeys spec/grip.md, section "Limits".

/** One step of what happens to `X-Forwarded-For`. */
export type ForwardedForRule =
  | { readonly kind: 'truncate'; readonly keep: number }
  | { readonly kind: 'append' };

export interface GatewayOptions {
  /** Signs requests to origins when a route says nothing else; without one they are signed with an empty key. */
  readonly sigKey: string | undefined;
  readonly sigIss: string;
  /** Whoever signs with it is a gateway behind which we stand: its requests pass untouched. */
  readonly upstreamKey: string | undefined;
  /** Every route answers with the details of what went wrong. */
  readonly isDebug: boolean;
  readonly isCrossOrigin: boolean;
  readonly acceptForwardedProtocol: boolean;
  /** `both` sets X-Forwarded-Proto and X-Forwarded-Protocol. */
  readonly setForwardedProtocol: 'none' | 'proto-only' | 'both';
  readonly forwardedFor: readonly ForwardedForRule[];
  readonly forwardedForTrusted: readonly ForwardedForRule[];
  readonly origHeadersNeedMark: readonly string[];
  readonly acceptPushpinRoute: boolean;
  readonly cdnLoop: string;
  readonly sockjsUrl: string;
  /** A line of the log for each request, channel that is followed, and item that is delivered. */
  readonly logRequests: boolean;
  readonly logFrom: boolean;
  readonly logUserAgent: boolean;

  readonly connectionsMax: number;
  /** Channels that one connection may follow; more are not followed. */
  readonly connectionSubscriptionsMax: number;
  /** A request's body that may be asked again, and an instruct's body. */
  readonly keptBodyBytesMax: number;
  /** Waiting for one slow client beyond its network window; more ends the connection. */
  readonly queueBytesMax: number;
  /** Items kept for a hold that is asking its origin. */
  readonly queuedItemsMax: number;
  readonly stallTimeoutMs: number;
  /** No byte in either direction for so long ends a connection. */
  readonly idleTimeoutMs: number;

  /** How long an item waits for the one before it. */
  readonly messageWaitMs: number;
  /** How long an item's id is known again; 0 knows none. */
  readonly idCacheTtlMs: number;
  /** Deliveries of a second; undefined: as fast as clients take them. */
  readonly messageRate: number | undefined;
  readonly messageHwm: number | undefined;
  readonly messageBlockBytes: number | undefined;
  readonly updateOnFirstSubscription: boolean;
  /** How long a channel outlives its last long-poll. */
  readonly subscriptionLingerMs: number;
}

export const gatewayDefaults: GatewayOptions = {
  sigKey: undefined,
  sigIss: 'hermod',
  upstreamKey: undefined,
  isDebug: false,
  isCrossOrigin: false,
  acceptForwardedProtocol: false,
  setForwardedProtocol: 'proto-only',
  forwardedFor: [],
  forwardedForTrusted: [],
  origHeadersNeedMark: [],
  acceptPushpinRoute: false,
  cdnLoop: '',
  sockjsUrl: 'https://cdn.jsdelivr.net/sockjs/0.3.4/sockjs.min.js',
  logRequests: false,
  logFrom: false,
  logUserAgent: false,
  connectionsMax: 50_000,
  connectionSubscriptionsMax: 20,
  keptBodyBytesMax: 100_000,
  queueBytesMax: 1_048_576,
  queuedItemsMax: 100,
  stallTimeoutMs: 30_000,
  idleTimeoutMs: 1_800_000,
  messageWaitMs: 5_000,
  idCacheTtlMs: 60_000,
  messageRate: undefined,
  messageHwm: undefined,
  messageBlockBytes: undefined,
  updateOnFirstSubscription: true,
  subscriptionLingerMs: 60_000,
};
