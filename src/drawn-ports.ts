// Ports that the kernel chooses, drawn before the node starts: a node in a cluster tells others where it is called with
// the first thing that it says, and that may be before its door is open.
// Refuses to know who is told. Obeys spec/process.md, section "Ports".

import { createServer, type Server } from 'node:net';
import type { NodeOptions } from './config.ts';
import { placeOf } from './config/cluster-settings.ts';

/** [PROC-PORT-3] The options with the ports in them that other nodes have to know. */
export async function withDrawnPorts(options: NodeOptions): Promise<NodeOptions> {
  const { cluster, doors } = options;
  if (cluster === undefined) return options;
  const { chat } = doors;
  const [own, clients] = await drawn([
    cluster.port === 0 ? cluster.host : undefined,
    chat?.port === 0 ? chat.host : undefined,
  ]);
  const port = own ?? cluster.port;
  const { advertise, advertiseChat } = cluster.options;
  const places = {
    advertise: advertise === '' ? placeOf(cluster.host, port) : advertise,
    advertiseChat:
      advertiseChat === '' && chat !== undefined
        ? placeOf(chat.host, clients ?? chat.port)
        : advertiseChat,
  };
  return {
    ...options,
    doors: { ...doors, chat: chat && { ...chat, port: clients ?? chat.port } },
    cluster: { ...cluster, port, options: { ...cluster.options, ...places } },
  };
}

/** A port on each host, all of them different; none where nobody could listen, which the door itself will say. */
async function drawn(
  hosts: readonly (string | undefined)[],
): Promise<readonly (number | undefined)[]> {
  const servers = await Promise.all(hosts.map((host) => listening(host)));
  const ports = servers.map((server) => {
    const address = server?.address();
    return typeof address === 'object' ? address?.port : undefined;
  });
  await Promise.all(servers.map((server) => closed(server)));
  return ports;
}

function listening(host: string | undefined): Promise<Server | undefined> {
  if (host === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host, port: 0, exclusive: true }, () => resolve(server));
  });
}

function closed(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}
