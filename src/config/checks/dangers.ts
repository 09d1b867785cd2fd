// What is allowed, but should be somebody's decision: doors that are open to whoever reaches them.
// Refuses to know where a setting was given. Obeys spec/process.md, section "Configuration".

import { isRoom } from '../../actors/bridge/bridge.ts';
import type { NodeOptions } from '../../config.ts';

/** Warnings, one sentence or two each. */
export function dangers({ doors, broker, chat, bridge, cluster }: NodeOptions): readonly string[] {
  const warnings: string[] = [];
  if (doors.broker !== undefined && !isLoopback(doors.broker.host) && !broker.requireToken) {
    warnings.push(
      `The broker door listens on ${doors.broker.host} without auth: whoever reaches it may follow and publish everything. ` +
        'Set auth.secretFile, auth.publicKeyFile or auth.jwksFile, or listen on 127.0.0.1.',
    );
  }
  if (doors.admin !== undefined && !isLoopback(doors.admin.host)) {
    warnings.push(
      `The admin door listens on ${doors.admin.host} and has no auth: whoever reaches it may read the metrics.`,
    );
  }
  if (doors.chat !== undefined && !isLoopback(doors.chat.host) && chat.auth.includes('none')) {
    warnings.push(
      `The chat listens on ${doors.chat.host} without auth: whoever reaches it may call themselves what they like. ` +
        'Set chat.auth to password or token, or listen on 127.0.0.1.',
    );
  }
  if (cluster?.port !== undefined && !isLoopback(cluster.host) && cluster.tls === undefined) {
    warnings.push(
      `Links between nodes listen on ${cluster.host} without TLS: nobody can join unproved, but whoever is on the way may read and change what nodes say. ` +
        'Set cluster.tls.certFile and cluster.tls.keyFile, or keep the links in a network of their own.',
    );
  }
  const joinsRooms = bridge.some(({ one, other }) => isRoom(one) || isRoom(other));
  if (joinsRooms && !chat.auth.includes('none') && !broker.requireToken) {
    // [BRIDGE-11]
    warnings.push(
      'Users of the chat must prove who they are, but whoever reaches the broker door may speak in the rooms of bridge.topics. ' +
        'Set broker.requireToken.',
    );
  }
  return warnings;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127(?:\.\d+){3}$/i.test(host);
}
