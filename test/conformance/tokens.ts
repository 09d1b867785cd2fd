// Tokens as an issuer makes them: JWTs in compact form, signed with HMAC-SHA-256 (RFC 7515, RFC 7519). Written apart
// from what the server verifies with.

import { createHmac } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

export function sign(secret: string | Uint8Array, claims: Claims, header: Claims = HS256): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
