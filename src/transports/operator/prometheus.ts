// The Prometheus endpoint under Pushpin's names, for dashboards that know them: plain HTTP, any path, no labels.
// The node's own metrics, which tell more, are at the admin door.
// Refuses to know what is counted. Obeys spec/grip.md, section "Statistics".

import { createServer, type Server } from 'node:http';
import type { Totals } from './figures.ts';
import { listenAt, type Listening } from './listening.ts';

export interface PrometheusOptions {
  readonly host: string;
  readonly port: number;
  /** Stands before each name. */
  readonly prefix: string;
}

const CONNECTIONS_MAX = 16;
const REQUEST_TIMEOUT_MS = 10_000;

export class PrometheusDoor {
  readonly #options: PrometheusOptions;
  readonly #server: Server;

  constructor(options: PrometheusOptions, totals: () => Readonly<Totals>) {
    this.#options = options;
    const limits = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
    this.#server = createServer(limits, (request, response) => {
      request.resume();
      // As Pushpin's, which is asked once on each connection.
      response.shouldKeepAlive = false;
      response.sendDate = false;
      const body = Buffer.from(prometheusText(totals(), options.prefix));
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length });
      response.end(body);
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  listen(): Promise<Listening> {
    return listenAt(this.#server, this.#options);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export function prometheusText(totals: Readonly<Totals>, prefix: string): string {
  const { requests, connections, minutes, received, sent } = totals;
  const rows: readonly (readonly [string, string, 'counter' | 'gauge', number])[] = [
    ['request_received', 'Number of requests received', 'counter', requests],
    ['connection_connected', 'Number of concurrent connections', 'gauge', connections],
    ['connection_minute', 'Number of minutes clients have been connected', 'counter', minutes],
    ['message_received', 'Number of messages received by the publish API', 'counter', received],
    ['message_sent', 'Number of messages sent to clients', 'counter', sent],
  ];
  return rows
    .map(([name, help, type, value]) => {
      const full = `${prefix}${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full} ${value}\n`;
    })
    .join('');
}
