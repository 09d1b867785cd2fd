// The gateway's share in a node's life: reads its routes and certificates, names its doors to the shards, opens what
// lives beside them (ZeroMQ, statistics), and passes changed routes on. Obeys spec/process.md, section "Gateway".

import { readFileSync } from 'node:fs';
import type { GatewayStart } from './actors/node.ts';
import type { GatewaySetup } from './config/gateway-setup.ts';
import { doorRefusal, reasonOf } from './transports/process/door-refusal.ts';
import type { Entry } from './transports/process/output.ts';
import { readPair } from './transports/process/tls.ts';
import { watchFiles, type Watching } from './transports/process/watched-files.ts';
import type { DoorSettings, Shards } from './transports/shards-contract.ts';

export type Opened =
  | { readonly ok: true; readonly doors: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly sentence: string };

export class GatewayDoors {
  readonly #setup: GatewaySetup;
  readonly #log: (entry: Entry) => void;
  #doors: Record<string, DoorSettings> = {};
  #routes = '';
  #watching: Watching | undefined = undefined;

  constructor(setup: GatewaySetup, log: (entry: Entry) => void) {
    this.#setup = setup;
    this.#log = log;
  }

  get doors(): Readonly<Record<string, DoorSettings>> {
    return this.#doors;
  }

  get start(): GatewayStart {
    const { gateway, commandSpec, pushInSpec, pushInSubSpecs } = this.#setup;
    return {
      options: gateway,
      routes: this.#routes,
      zmqUris: { command: commandSpec, publishPull: pushInSpec, publishSub: pushInSubSpecs[0] },
    };
  }

  get schemes(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.#doors).map(([door, { tls }]) => [
        door,
        tls === undefined ? 'http' : 'https',
      ]),
    );
  }

  /** Reads the files that the gateway cannot start without. */
  read(): { readonly ok: true } | { readonly ok: false; readonly sentence: string } {
    const { routeLines, routesFile } = this.#setup;
    if (routeLines.length > 0) this.#routes = routeLines.join('\n');
    else {
      try {
        this.#routes = readFileSync(routesFile, 'utf8');
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        const wayOut = 'Name the file of routes, or give routes with --route.';
        const sentence = `The routes file ${routesFile} cannot be read (${code}). ${wayOut}`;
        return { ok: false, sentence };
      }
    }
    return this.#nameDoors();
  }

  /** Opens what lives on the main thread, once the shards are there to hear it. */
  async open(shards: Shards): Promise<Opened> {
    const { routeLines, routesFile } = this.#setup;
    if (routeLines.length === 0) {
      // [GRIP-CONF] Changed routes count from now on; nobody who is here is sent away.
      this.#watching = watchFiles([routesFile], [this.#routes], ([text]) => {
        if (text === undefined) {
          this.#say('warn', 'gateway.routesUnreadable', { file: routesFile });
          return;
        }
        this.#routes = text;
        shards.changeRoutes(text);
      });
    }
    return { ok: true, doors: {} };
  }

  async close(): Promise<void> {
    this.#watching?.stop();
  }

  refusalOf(failed: {
    readonly door: string;
    readonly code: string;
    readonly message: string;
  }): string {
    const settings = this.#doors[failed.door];
    if (settings === undefined)
      return `The ${failed.door} door cannot open: ${reasonOf(failed.code)}.`;
    const { host, port } = settings;
    const isPushpin = this.#setup.isPushpin;
    const portSetting = isPushpin ? 'http_port in the pushpin.conf' : '--gateway-port';
    const hostSetting = isPushpin ? 'http_port in the pushpin.conf' : '--gateway-host';
    return doorRefusal({ ...failed, host, port, portSetting, hostSetting });
  }

  #nameDoors(): { readonly ok: true } | { readonly ok: false; readonly sentence: string } {
    const { httpAddresses, httpsAddresses, gateway, allowCompression } = this.#setup;
    const own = {
      headBytesMax: this.#setup.clientBufferBytes,
      messageBytesMax: this.#setup.messageBytesMax,
      connectionsMax: gateway.connectionsMax,
      idleTimeoutMs: gateway.idleTimeoutMs,
    };
    const doors: Record<string, DoorSettings> = {};
    const nameOf = (): string =>
      Object.keys(doors).length === 0 ? 'gateway' : `gateway-${Object.keys(doors).length + 1}`;
    for (const { host, port } of httpAddresses) {
      const settings = { host: host ?? '::', port, tls: undefined, deflate: allowCompression };
      doors[nameOf()] = { ...settings, gateway: own };
    }
    for (const { host, port } of httpsAddresses) {
      const { certificatesDirectory: directory, tls: named } = this.#setup;
      const files = named ?? {
        certFile: `${directory}/default_${port}.crt`,
        keyFile: `${directory}/default_${port}.key`,
      };
      const reading = readPair(files);
      if (!reading.ok) {
        const [first] = reading.problems;
        const sentence = `The certificate of port ${port} (${files.certFile}) cannot be used: ${first?.problem ?? ''}. ${first?.wayOut ?? ''}`;
        return { ok: false, sentence };
      }
      const settings = {
        host: host ?? '::',
        port,
        tls: reading.material,
        deflate: allowCompression,
      };
      doors[nameOf()] = { ...settings, gateway: own };
    }
    this.#doors = doors;
    return { ok: true };
  }

  #say(level: Entry['level'], event: string, fields: Entry['fields']): void {
    this.#log({ type: 'log', level, event, fields });
  }
}
