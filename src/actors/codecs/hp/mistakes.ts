// What can be wrong with a message, in the protocol's own codes, and which of them end the connection.
// Texts are for people; the code is the contract. Refuses to know who is told. Obeys spec/hp.md, section "Errors".

export type ErrorCode =
  | LineCode
  | 'LINE_TOO_LONG'
  | 'MISSING_FIELD'
  | 'INVALID_VERSION'
  | 'UNSUPPORTED_VERSION'
  | 'INVALID_TYPE'
  | 'UNKNOWN_TYPE'
  | 'INVALID_ID'
  | 'INVALID_SOURCE'
  | 'INVALID_TIMESTAMP'
  | 'INVALID_PAYLOAD'
  | 'INVALID_STRING'
  | 'INVALID_NUMBER'
  | 'NOT_LOGGED_IN'
  | 'ALREADY_LOGGED_IN'
  | 'AUTH_FAILED'
  | 'AUTH_REQUIRED'
  | 'AUTH_METHOD'
  | 'LOGIN_TIMEOUT'
  | 'PING_TIMEOUT'
  | 'SESSION_EXPIRED'
  | 'SESSION_REPLACED'
  | 'SESSION_LIMIT'
  | 'USERNAME_TAKEN'
  | 'INVALID_ROOM'
  | 'NO_SUCH_ROOM'
  | 'NOT_IN_ROOM'
  | 'ROOM_FULL'
  | 'FORBIDDEN'
  | 'NO_SUCH_USER'
  | 'USER_OFFLINE'
  | 'BODY_TOO_LONG'
  | 'BODY_EMPTY'
  | 'RATE_LIMITED'
  | 'QUEUE_FULL'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'SLOW_CONSUMER'
  | 'SERVER_DRAINING'
  | 'INTERNAL';

/** The line itself is no message; enough of them end the connection. */
export type LineCode =
  | 'INVALID_UTF8'
  | 'INVALID_JSON'
  | 'INVALID_MESSAGE'
  | 'DUPLICATE_KEY'
  | 'TOO_DEEP';

export interface HpMistake {
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly message: string;
  /** Where in the message: `type`, `payload.body`. */
  readonly field?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

export type Refused = { readonly ok: false; readonly mistake: HpMistake };

export function refused(code: ErrorCode, message: string, field?: string): Refused {
  if (field === undefined) return { ok: false, mistake: { code, message } };
  // A key of somebody else's may be in it.
  return { ok: false, mistake: { code, message, field: shown(field) } };
}

/** [HP-ERR-2] Those after which the connection is closed, whoever caused them. */
export function isFatal(code: ErrorCode): boolean {
  return fatal.includes(code);
}

const fatal: readonly ErrorCode[] = [
  'INVALID_VERSION',
  'UNSUPPORTED_VERSION',
  'LOGIN_TIMEOUT',
  'PING_TIMEOUT',
  'SESSION_REPLACED',
  'SLOW_CONSUMER',
  'SERVER_DRAINING',
  'INTERNAL',
];

export function isLineCode(code: ErrorCode): code is LineCode {
  return lineCodes.includes(code);
}

const lineCodes: readonly ErrorCode[] = [
  'INVALID_UTF8',
  'INVALID_JSON',
  'INVALID_MESSAGE',
  'DUPLICATE_KEY',
  'TOO_DEEP',
];

/** [HP-ERR-4] Bad input as it may be shown: at most 64 characters, none of which does anything to a terminal. */
export function shown(input: string): string {
  const text = input.slice(0, SHOWN_MAX).replaceAll(UNSHOWN, escaped).slice(0, SHOWN_MAX);
  return input.length > SHOWN_MAX ? `${text}…` : text;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const SHOWN_MAX = 64;
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/gu;
