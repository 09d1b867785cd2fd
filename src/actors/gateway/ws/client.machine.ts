// The life of a client's WebSocket, as its session sees it.
// It rules when the client may be written to, and when it has been told to go; origins have a life of their own.
// Obeys spec/websocket-over-http.md, sections "Opening" and "Closing".

import { createMachine, lifeOf } from '../../runtime/machine.ts';

export type ClientState = 'waiting' | 'open' | 'closing' | 'gone';
export type ClientEvent = 'upgraded' | 'refused' | 'dismissed' | 'left';

export const clientMachine = createMachine({
  id: 'gateway-ws-client',
  initial: 'waiting',
  states: {
    /** The handshake waits until an origin has spoken. */
    waiting: { on: { upgraded: 'open', refused: 'gone', left: 'gone' } },
    open: { on: { dismissed: 'closing', left: 'gone' } },
    /** Nothing more is written but what waits already; then the connection is closed. */
    closing: { on: { left: 'gone' } },
    gone: { type: 'final' },
  },
});

export const clientLife = lifeOf<ClientState, ClientEvent>(
  clientMachine,
  ['waiting', 'open', 'closing', 'gone'],
  ['upgraded', 'refused', 'dismissed', 'left'],
);
