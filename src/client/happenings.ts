// What happens in a chat, as its client tells it to whoever listens: values, and the one place where the payloads of the
// server are looked into. Refuses to know how it is shown. Obeys spec/hp.md, sections "Messages" and "Errors".

import type { JsonObject } from '../actors/codecs/hp/strict-json.ts';

/** Where something is said: a room, or a user behind an `@`. */
export type Place = string;

export type Happening =
  | { readonly kind: 'entered'; readonly user: string; readonly node: string }
  | { readonly kind: 'resumed'; readonly user: string; readonly replayed: number }
  | { readonly kind: 'joined'; readonly room: string; readonly count: number }
  | { readonly kind: 'left'; readonly room: string }
  | {
      readonly kind: 'message';
      readonly room: string;
      readonly from: string;
      readonly body: string;
      readonly timestamp: number;
    }
  | {
      readonly kind: 'direct';
      readonly from: string;
      readonly body: string;
      readonly timestamp: number;
    }
  /** One's own word, and what became of it; `elsewhere` when another session of the user said it. */
  | {
      readonly kind: 'sent';
      readonly place: Place;
      readonly status: string;
      readonly body: string;
      readonly timestamp: number;
    }
  | {
      readonly kind: 'past';
      readonly place: Place;
      readonly from: string;
      readonly body: string;
      readonly timestamp: number;
    }
  | {
      readonly kind: 'came' | 'went';
      readonly room: string;
      readonly user: string;
      readonly count: number;
    }
  /** So many are in it; of a large room no more is told. */
  | { readonly kind: 'counted'; readonly room: string; readonly count: number }
  | { readonly kind: 'members'; readonly room: string; readonly count: number }
  | {
      readonly kind: 'member';
      readonly room: string;
      readonly user: string;
      readonly status: string;
    }
  | { readonly kind: 'rooms'; readonly count: number; readonly hasMore: boolean }
  | { readonly kind: 'room'; readonly room: string; readonly count: number }
  | {
      readonly kind: 'presence';
      readonly user: string;
      readonly status: string;
      readonly note: string;
    }
  | { readonly kind: 'done'; readonly what: string }
  /** Some of what was said in the room meanwhile is not remembered any more. */
  | { readonly kind: 'gap'; readonly room: string }
  | { readonly kind: 'notice'; readonly code: string; readonly text: string }
  /** A request that will not be obeyed. */
  | {
      readonly kind: 'refused';
      readonly what: string;
      readonly code: string;
      readonly text: string;
    }
  /** The server cannot be reached; it is called again after so long. */
  | { readonly kind: 'lost'; readonly reason: string; readonly inMs: number };

export function textIn(payload: JsonObject, key: string): string {
  const value = payload[key];
  return typeof value === 'string' ? value : '';
}

export function numberIn(payload: JsonObject, key: string): number | undefined {
  const value = payload[key];
  return typeof value === 'number' ? value : undefined;
}

const RETRY_SECONDS_MAX = 86_400;

/** How long the server wants to be left alone. */
export function retryMsIn(payload: JsonObject): number {
  const seconds = numberIn(payload, 'retry_after') ?? 0;
  return Math.min(Math.max(0, seconds), RETRY_SECONDS_MAX) * 1_000;
}

export function objectIn(payload: JsonObject, key: string): JsonObject {
  const value = payload[key];
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

export function objectsIn(payload: JsonObject, key: string): readonly JsonObject[] {
  const value = payload[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

export function textsIn(payload: JsonObject, key: string): readonly string[] {
  const value = payload[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
