// Sends one item to a node or to a Pushpin: by HTTP to its control door, or by ZeroMQ to its PULL socket.
// Refuses to know what the item says. Obeys spec/grip.md, section "Publishing".

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Push } from 'zeromq';
import { encodeTnetstring } from '../../actors/codecs/grip/tnetstring.ts';
import { connectTo } from '../zmq/specs.ts';
import { type Item, jsonOf } from './outgoing-item.ts';

export type Credentials =
  | { readonly kind: 'basic'; readonly userAndPassword: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** Undefined when it was taken; else why not. */
export type Sending = Promise<string | undefined>;

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1_048_576;

/** `spec` is a GRIP URL (`http:`, `https:`) or a ZeroMQ address. */
export function send(item: Item, spec: string, credentials: Credentials | undefined): Sending {
  if (/^https?:/.test(spec)) return sendByHttp(item, spec, credentials);
  return sendByZmq(item, spec);
}

function sendByHttp(item: Item, spec: string, credentials: Credentials | undefined): Sending {
  const url = /^https?:\/\//.test(spec) ? URL.parse(spec) : null;
  if (url === null) return Promise.resolve('invalid URL');
  const isSecure = url.protocol === 'https:';
  if (credentials !== undefined && !isSecure) {
    return Promise.resolve('Authentication requires https');
  }
  const body = Buffer.from(`{"items":[${jsonOf(item)}]}`);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...(credentials === undefined ? {} : { Authorization: authorization(credentials) }),
  };
  // What libraries write behind a `?` in a GRIP URL is for themselves.
  const path = `${url.pathname.replace(/\/+$/, '')}/publish/`;
  const { hostname, port } = url;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const options = { method: 'POST', host, port, path, headers, agent: false, timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    const asked = (isSecure ? httpsRequest : httpRequest)(options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk);
      });
      response.once('error', (error) => resolve(reasonOf(error)));
      response.once('end', () => {
        const { statusCode = 0 } = response;
        const said = Buffer.concat(chunks).toString().trim();
        resolve(statusCode === 200 ? undefined : said || `status ${statusCode}`);
      });
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer came in time')));
    asked.once('error', (error) => resolve(reasonOf(error)));
    asked.end(body);
  });
}

async function sendByZmq(item: Item, spec: string): Sending {
  // Nothing is queued for a peer that is not there, and what left is given time to arrive.
  const push = new Push({ immediate: true, sendTimeout: TIMEOUT_MS, linger: TIMEOUT_MS });
  try {
    connectTo(push, spec);
    await push.send(Buffer.from(encodeTnetstring(item)));
    return undefined;
  } catch (error) {
    const isLate = (error as NodeJS.ErrnoException).code === 'EAGAIN';
    return isLate ? `nobody took the message at ${spec}` : reasonOf(error);
  } finally {
    push.close();
  }
}

function authorization(credentials: Credentials): string {
  if (credentials.kind === 'bearer') return `Bearer ${credentials.token}`;
  return `Basic ${Buffer.from(credentials.userAndPassword).toString('base64')}`;
}

/** A name with several addresses fails with an error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
