// The chat servers under measurement, each with its own folder and free ports: Hermod (one shard), and Debian's ngircd,
// prosody and ejabberd. Whatever would slow a client that speaks often is switched off in each, and nobody looks up names.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Family, freePorts, hermodCommand, startFamily } from './processes.ts';

export type ChatServerName = 'hermod' | 'ngircd' | 'prosody' | 'ejabberd';

export interface MeasuredChat extends Pick<Family, 'cpuSeconds' | 'stop'> {
  readonly port: number;
}

export async function startChat(name: ChatServerName): Promise<MeasuredChat> {
  const folder = mkdtempSync(join(tmpdir(), 'hermod-bench-'));
  const [port = 0, adminPort = 0, otherPort = 0] = await freePorts(3);
  const family = startFamily([commandOf(name, folder, port, adminPort, otherPort)]);
  return {
    port,
    cpuSeconds: () => family.cpuSeconds(),
    async stop() {
      await family.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function commandOf(
  name: ChatServerName,
  folder: string,
  port: number,
  adminPort: number,
  otherPort: number,
): readonly string[] {
  switch (name) {
    case 'hermod': {
      const file = join(folder, 'hermod.yaml');
      writeFileSync(
        file,
        `chat:
  messagesPerSecondMax: 1000000
  messagesBurstMax: 1000000
  bytesPerSecondMax: 1000000000
  bytesBurstMax: 1000000000
  pingEveryMs: 600000
  pingTimeoutMs: 700000
`,
      );
      return [
        ...[...hermodCommand, 'start', '--threads', '1', '--config', file],
        ...['--port', String(otherPort), '--admin-port', String(adminPort)],
        ...['--chat-port', String(port)],
      ];
    }
    case 'ngircd': {
      const file = join(folder, 'ngircd.conf');
      writeFileSync(
        file,
        `[Global]
Name = irc.test
Info = bench
Ports = ${port}
Listen = 127.0.0.1
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
`,
      );
      return ['ngircd', '-n', '-f', file];
    }
    case 'prosody': {
      const file = join(folder, 'prosody.cfg.lua');
      mkdirSync(join(folder, 'data'));
      writeFileSync(
        file,
        `run_as_root = true
data_path = "${join(folder, 'data')}"
pidfile = "${join(folder, 'prosody.pid')}"
log = { error = "*console" }
modules_enabled = { "saslauth" }
modules_disabled = { "s2s", "offline", "http" }
c2s_require_encryption = false
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
VirtualHost "localhost"
  authentication = "anonymous"
  allow_unencrypted_plain_auth = true
Component "rooms.localhost" "muc"
  restrict_room_creation = false
  muc_room_default_public = true
  muc_room_locking = false
  muc_room_default_presence_broadcast = { visitor = false, participant = false, moderator = false }
`,
      );
      return ['prosody', '-F', '--config', file];
    }
    case 'ejabberd': {
      const file = join(folder, 'ejabberd.yml');
      writeFileSync(
        file,
        `hosts: [localhost]
loglevel: 2
listen:
  - port: ${port}
    ip: 127.0.0.1
    module: ejabberd_c2s
    starttls_required: false
auth_method: [anonymous]
anonymous_protocol: sasl_anon
allow_multiple_connections: true
modules:
  mod_muc:
    hosts: [rooms.localhost]
    history_size: 0
    max_users: 5000
    default_room_options: { max_users: 5000, presence_broadcast: [] }
`,
      );
      // Without its script, which changes the user and starts a daemon; schedulers that find nothing to do sleep.
      return [
        ...['env', `EJABBERD_CONFIG_PATH=${file}`, `EJABBERD_LOG_PATH=${join(folder, 'log')}`],
        ...['ERL_LIBS=/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu', 'erl', '-noinput'],
        ...['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
        ...['-mnesia', 'dir', JSON.stringify(join(folder, 'mnesia')), '-s', 'ejabberd'],
      ];
    }
    default:
      return name satisfies never;
  }
}
