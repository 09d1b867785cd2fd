// What is said on a simulated connection to a gateway door, above bytes: heads of HTTP, ends of bodies, frames.
// Bodies travel as bytes, and are cut and joined like any others. Refuses to know who says it.

import type { HeaderList, MessageKind } from '../../../actors/runtime/gateway-edges.ts';

export type GatewayWord =
  | {
      readonly say: 'request';
      readonly method: string;
      readonly path: string;
      readonly search: string;
      readonly host: string;
      readonly headers: HeaderList;
      readonly bodyBytes: number;
      readonly isWebSocket: boolean;
    }
  | {
      readonly say: 'head';
      readonly status: number;
      readonly reason: string;
      readonly headers: HeaderList;
    }
  | { readonly say: 'upgraded'; readonly headers: HeaderList }
  /** The body has come to its end. */
  | { readonly say: 'end' }
  | { readonly say: 'frame'; readonly kind: MessageKind; readonly bytes: Uint8Array }
  | { readonly say: 'close'; readonly code: number; readonly reason: string };
