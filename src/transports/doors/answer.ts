// HTTP answers written by hand, for sockets that node:http has let go of or never saw.
// Refuses to send a header that would forge another. RFC 9112 §4, §5, §6.

import { STATUS_CODES } from 'node:http';
import type { Headers } from './request-head.ts';

const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const value = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The edge frames bodies; an actor's word on that is not heard. */
const framing = new Set(['content-length', 'transfer-encoding', 'connection', 'date']);

/** A whole answer after which the connection ends. */
export function encodeAnswer(status: number, headers: Headers, body: string): Buffer {
  const hasBody = status !== 204 && status !== 304;
  const length = hasBody ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : '';
  const head = `${encodeFields(status, headers)}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(hasBody ? body : '')]);
}

/**
 * The head of a body that ends with the connection. It is not chunked, so that what is written goes out as it is
 * and the same bytes serve every stream.
 */
export function encodeStreamHead(headers: Headers): Buffer {
  return Buffer.from(`${encodeFields(200, headers)}\r\n`, 'latin1');
}

/** An answer of the edge's own, in plain text. */
export function encodeRefusal(status: number, sentence: string): Buffer {
  return encodeAnswer(status, { 'content-type': 'text/plain; charset=utf-8' }, `${sentence}\n`);
}

/** Throws when a header cannot stand in a head: that is a bug of whoever made it. */
function encodeFields(status: number, headers: Headers): string {
  const upgrade = headers['connection'];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nDate: ${new Date().toUTCString()}\r\n`;
  head += `Connection: ${upgrade === undefined ? '' : 'upgrade, '}close\r\n`;
  for (const [field, content] of Object.entries(headers)) {
    if (framing.has(field.toLowerCase())) continue;
    if (!name.test(field) || !value.test(content)) {
      throw new Error(`the header ${JSON.stringify(field)} cannot be sent`);
    }
    head += `${field}: ${content}\r\n`;
  }
  return head;
}
