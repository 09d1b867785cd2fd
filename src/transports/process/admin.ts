// The admin door: health, readiness and metrics over HTTP, for probes and Prometheus. It shows numbers and states,
// never settings, tokens or topics, and takes no orders. It is served by the main thread, so it answers while shards
// are busy. Refuses to know where the answers come from. Obeys spec/process.md, section "Admin door".

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { ClusterTold } from '../../actors/cluster/links/members-state.ts';
import { listenAt, type Listening } from '../operator/listening.ts';
import type { TlsMaterial } from '../shards-contract.ts';

export interface AdminSettings {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly tls: TlsMaterial | undefined;
}

/** What the door asks the node. */
export interface AdminSources {
  health(): Readonly<Record<string, unknown>>;
  readiness(): { readonly isReady: boolean; readonly status: string };
  /** Nothing when no answer comes. */
  cluster(): Promise<ClusterTold | 'alone' | undefined>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const ALONE = 'This node is in no cluster.';
const NOT_NOW = 'This node cannot say it now: no answer came in time.';
const PATHS = ['/metrics', '/healthz', '/readyz', '/cluster'];
const CONNECTIONS_MAX = 100;
const REQUEST_TIMEOUT_MS = 10_000;
const HEAD_BYTES_MAX = 8_192;

export class AdminDoor {
  readonly #settings: AdminSettings;
  readonly #sources: AdminSources;
  readonly #server: Server | TlsServer;

  constructor(settings: AdminSettings, sources: AdminSources) {
    this.#settings = settings;
    this.#sources = sources;
    const limits = {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    };
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#answer(request, response);
    };
    const { tls } = settings;
    this.#server =
      tls === undefined
        ? createServer(limits, answer)
        : createTlsServer({ ...limits, cert: tls.cert, key: tls.key }, answer);
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  listen(): Promise<Listening> {
    return listenAt(this.#server, this.#settings);
  }

  /** [PROC-TLS-2] New connections get the new certificate. */
  reloadTls(material: TlsMaterial): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(material);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** [PROC-ADMIN-1] */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nothing is taken in, so nothing that is sent is read for long.
    request.resume();
    const path = request.url?.split('?', 1)[0];
    if (path === undefined || !PATHS.includes(path)) {
      const error = 'Nothing is here. There are /metrics, /healthz, /readyz and /cluster.';
      this.#send(request, response, 404, { error });
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      this.#send(request, response, 405, { error: 'Only GET is answered here.' });
    } else if (path === '/healthz') {
      this.#send(request, response, 200, this.#sources.health());
    } else if (path === '/readyz') {
      const { isReady, status } = this.#sources.readiness();
      this.#send(request, response, isReady ? 200 : 503, { status });
    } else if (path === '/cluster') {
      await this.#sendCluster(request, response);
    } else await this.#sendMetrics(request, response);
  }

  /** [PROC-ADMIN-2] */
  async #sendCluster(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const told = await this.#sources.cluster();
    if (told === 'alone') this.#send(request, response, 404, { error: ALONE });
    else if (told === undefined) this.#send(request, response, 503, { error: NOT_NOW });
    else {
      const { type: _, ref: __, ...known } = told;
      this.#send(request, response, 200, known);
    }
  }

  async #sendMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { contentType, text } = await this.#sources.metrics();
      write(request, response, 200, contentType, text);
    } catch {
      this.#send(request, response, 500, { error: 'The metrics could not be collected.' });
    }
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    body: Readonly<Record<string, unknown>>,
  ): void {
    const text = `${JSON.stringify(body)}\n`;
    write(request, response, status, 'application/json; charset=utf-8', text);
  }
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
