// What the keepers of one user on different nodes say to each other. Read as strictly as a client's words: a peer that is
// broken must not break this node. Refuses to know links. Obeys spec/hp-peer.md, section "Direct messages".

import { isUserName } from '../../../codecs/hp/names.ts';
import type { Status } from '../../../codecs/hp/requests.ts';
import type { Direct, DirectStatus } from '../user-messages.ts';

export type PeerWord =
  | { readonly say: 'direct'; readonly message: Direct; readonly isDelayed: boolean }
  | {
      readonly say: 'outcome';
      readonly from: string;
      readonly id: string;
      readonly status: DirectStatus | 'noSession';
    }
  | { readonly say: 'carbon'; readonly message: Direct }
  | {
      readonly say: 'receipt';
      readonly id: string;
      readonly ref: string;
      readonly by: string;
      readonly state: 'delivered' | 'read';
      /** It came for this one alone, which has moved to the other node since. */
      readonly session?: string | undefined;
    }
  | { readonly say: 'typing'; readonly from: string; readonly on: boolean }
  | { readonly say: 'close'; readonly session: string }
  /** It waits at the speaking node; is to be held, in case that dies. */
  | { readonly say: 'hold'; readonly message: Direct }
  | { readonly say: 'held'; readonly from: string; readonly id: string }
  | { readonly say: 'release'; readonly from: string; readonly id: string }
  /** The other node may have lost it, with whoever kept it there. */
  | { readonly say: 'waits'; readonly message: Direct }
  /** Came for a session that has moved to the other node since. */
  | {
      readonly say: 'late';
      readonly session: string;
      readonly message: Direct;
      /** The session's user has sent it elsewhere. */
      readonly isSent: boolean;
      /** It had waited. */
      readonly isDelayed?: true | undefined;
    }
  /** The session's client has come to the speaking node. */
  | {
      readonly say: 'resume';
      readonly ref: number;
      readonly session: string;
      readonly secret: string;
    }
  /** What it had; not looked at here. */
  | { readonly say: 'luggage'; readonly ref: number; readonly luggage: unknown }
  /** The session is not here, or on its way somewhere already. */
  | { readonly say: 'notMoved'; readonly ref: number; readonly isBusy: boolean };

type Fields = Readonly<Record<string, unknown>>;

/** Undefined for what is none. */
export function readPeerWord(value: unknown): PeerWord | undefined {
  if (!isFields(value)) return undefined;
  const { say, from, id, status, ref, by, state, on, session, isDelayed } = value;
  switch (say) {
    case 'direct':
    case 'hold':
    case 'waits':
    case 'carbon': {
      const message = readDirect(value['message']);
      if (message === undefined) return undefined;
      return say === 'direct' ? { say, message, isDelayed: isDelayed === true } : { say, message };
    }
    case 'outcome': {
      const known = (['delivered', 'accepted', 'queued', 'noSession'] as const).find(
        (one) => one === status,
      );
      if (!isUser(from) || !isId(id) || known === undefined) return undefined;
      return { say, from, id, status: known };
    }
    case 'receipt': {
      const isState = state === 'delivered' || state === 'read';
      if (!isId(id) || !isId(ref) || !isUser(by) || !isState) return undefined;
      return {
        say,
        id,
        ref,
        by,
        state,
        session: typeof session === 'string' ? session : undefined,
      };
    }
    case 'late': {
      const message = readDirect(value['message']);
      if (message === undefined || typeof session !== 'string') return undefined;
      const delayed = isDelayed === true ? { isDelayed: true as const } : {};
      return { say, session, message, isSent: value['isSent'] === true, ...delayed };
    }
    case 'held':
    case 'release':
      return isUser(from) && isId(id) ? { say, from, id } : undefined;
    case 'typing':
      return isUser(from) && typeof on === 'boolean' ? { say, from, on } : undefined;
    case 'close':
      return typeof session === 'string' ? { say, session } : undefined;
    case 'resume': {
      const { secret } = value;
      if (!isRef(value['ref']) || typeof session !== 'string') return undefined;
      return typeof secret === 'string' ? { say, ref: value['ref'], session, secret } : undefined;
    }
    case 'luggage': {
      if (!isRef(value['ref'])) return undefined;
      return { say, ref: value['ref'], luggage: value['luggage'] };
    }
    case 'notMoved':
      if (!isRef(value['ref'])) return undefined;
      return { say, ref: value['ref'], isBusy: value['isBusy'] === true };
    default:
      return undefined;
  }
}

function isRef(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

export function readStatus(value: unknown): Status | undefined {
  return (['online', 'busy', 'away'] as const).find((one) => one === value);
}

export function readDirect(value: unknown): Direct | undefined {
  if (!isFields(value)) return undefined;
  const { id, timestamp, from, session, to, body, dataText } = value;
  const isWhole = typeof timestamp === 'number' && Number.isSafeInteger(timestamp);
  if (!isId(id) || !isWhole || !isUser(from) || !isUser(to)) return undefined;
  if (typeof session !== 'string' || typeof body !== 'string') return undefined;
  if (dataText !== undefined && !isJson(dataText)) return undefined;
  return { id, timestamp, from, session, to, body, dataText };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(value);
}

/** What is put into a line as it is must be one JSON value without LF: a CR between its tokens ends no line. */
export function isJson(value: unknown): value is string {
  if (typeof value !== 'string' || value.includes('\n')) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function isUser(value: unknown): value is string {
  return typeof value === 'string' && isUserName(value);
}
