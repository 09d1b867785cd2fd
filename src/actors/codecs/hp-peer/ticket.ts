// What a client shows to resume its session: whose session it is, and a secret that only its node knows. In a cluster it is
// signed with what all nodes know, so that a node that has never seen the session can tell that another one has.
// Refuses to know whether the session is still there. Obeys spec/hp.md, section "Resume".

import { type Cap, knownCaps } from '../hp/requests.ts';
import { encodeText } from '../utf8-text.ts';
import type { Key } from './proof.ts';
import { base64Url, hmacSha256, isSameText } from './sha256.ts';

export interface Ticket {
  readonly user: string;
  readonly session: string;
  readonly secret: string;
  readonly caps: readonly Cap[];
  /** [HP-LOGIN-4] When what its user was known by ends; seconds since 1970. */
  readonly until?: number | undefined;
}

/** Whose tickets are good here. */
export interface Signers {
  readonly cluster: string;
  /** The first signs, all are believed. */
  readonly keys: readonly Key[];
}

/** [HP-RES-2] [HP-RES-9] */
export function ticketText(ticket: Ticket, signers: Signers | undefined): string {
  const { user, session, secret, caps, until } = ticket;
  const [key] = signers?.keys ?? [];
  if (signers === undefined || key === undefined) return [user, session, secret].join('~');
  const ends = until === undefined ? [] : [until];
  const proof = proofOf(ticket, signers.cluster, key);
  return [user, session, secret, caps.join('+'), ...ends, proof].join('~');
}

export interface ReadTicket extends Ticket {
  /** A node of the cluster has made it. */
  readonly isProved: boolean;
}

/** Undefined for what is none. */
export function readTicket(text: string, signers: Signers | undefined): ReadTicket | undefined {
  // Its fields are lines of what is signed: one with two lines in it would be another ticket with the same proof.
  if (text.includes('\n')) return undefined;
  const [user = '', session = '', secret = '', capsText, ...rest] = text.split('~');
  const proof = rest.pop();
  const [untilText, ...more] = rest;
  if (user === '' || session === '' || secret === '' || more.length > 0) return undefined;
  if (untilText !== undefined && !/^[0-9]{1,12}$/.test(untilText)) return undefined;
  const named = (capsText ?? '').split('+');
  const caps = knownCaps.filter((cap) => named.includes(cap));
  const ends = untilText === undefined ? {} : { until: Number(untilText) };
  const ticket = { user, session, secret, caps, ...ends };
  if (capsText === undefined) return { ...ticket, isProved: false };
  if (proof === undefined || signers === undefined) return undefined;
  const isProved = signers.keys.some((key) =>
    isSameText(proofOf({ ...ticket, caps: named }, signers.cluster, key), proof),
  );
  return isProved ? { ...ticket, isProved } : undefined;
}

interface Proved extends Omit<Ticket, 'caps'> {
  readonly caps: readonly string[];
}

function proofOf(
  { user, session, secret, caps, until }: Proved,
  cluster: string,
  key: Key,
): string {
  const ends = until === undefined ? [] : [`${until}`];
  const lines = ['hp1-resume', cluster, user, session, secret, caps.join('+'), ...ends];
  return base64Url(hmacSha256(key.secret, encodeText(lines.join('\n'))));
}
