// What becomes of the frames of the gateway's WebSocket clients: every one reaches the owner, pings and closes too,
// because whoever stands behind the gateway answers them.
// Refuses to know what messages mean. Obeys spec/grip.md, section "WebSockets".

import type { Hearing, HearingHost } from '../streams/websocket.ts';

export function hearsEverything(host: HearingHost): Hearing {
  return {
    message({ id: connection, owner }, payload, isBinary) {
      host.deliver(owner, { type: 'messageReceived', connection, payload, isBinary });
    },
    ping({ id: connection, owner, isOpen }, payload) {
      if (isOpen)
        host.deliver(owner, { type: 'pingReceived', connection, payload: payload.slice() });
    },
    pong({ id: connection, owner }, payload) {
      host.deliver(owner, { type: 'pongReceived', connection, payload: payload.slice() });
    },
    close(speaker, code, reason) {
      // The answer to our own close ends it; a first one waits for the owner's.
      if (!speaker.isOpen) {
        speaker.closeReceived(code, reason);
        return;
      }
      speaker.peerClosed();
      const { id: connection, owner } = speaker;
      host.deliver(owner, { type: 'closeReceived', connection, code, reason });
    },
  };
}
