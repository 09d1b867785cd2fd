// What clients ask, as values: one kind for each type of message, with its payload read.
// Refuses to know who asks and what becomes of it. Obeys spec/hp.md, section "Messages".

export type Status = 'online' | 'busy' | 'away';
export type AuthMethod = 'none' | 'password' | 'token';

/** What a client can do beyond the least. */
export const knownCaps = ['ack', 'echo', 'receipts', 'resume'] as const;
export type Cap = (typeof knownCaps)[number];

export interface Credentials {
  /** Of other methods than ours nothing is read. */
  readonly method: string;
  readonly password: string;
  readonly token: string;
}

export interface Page {
  readonly limit: number;
  /** Names after this one. */
  readonly after: string | undefined;
}

/** The last that a client has heard of a room. Numbers of one epoch alone compare for certain. */
export interface GivenPlace {
  readonly seq: number;
  readonly epoch: number | undefined;
}

export type HpRequest =
  | { readonly type: 'HELLO'; readonly caps: readonly Cap[]; readonly versions: readonly string[] }
  | {
      readonly type: 'LOGIN';
      readonly user: string;
      readonly auth: Credentials;
      readonly caps: readonly Cap[];
      readonly device: string | undefined;
      readonly status: Status;
    }
  | {
      readonly type: 'RESUME';
      readonly token: string;
      /** The last `seq` that the client has of each room. */
      readonly rooms: ReadonlyMap<string, GivenPlace>;
    }
  | { readonly type: 'LOGOUT' | 'BYE'; readonly reason: string | undefined }
  | { readonly type: 'PING'; readonly echo: string | undefined }
  | { readonly type: 'PONG' | 'WHOAMI' | 'STATS' }
  | { readonly type: 'JOIN'; readonly room: string; readonly historyMax: number }
  | { readonly type: 'LEAVE'; readonly room: string }
  | { readonly type: 'ROOM_LIST'; readonly prefix: string; readonly page: Page }
  | { readonly type: 'ROOM_MEMBERS'; readonly room: string; readonly page: Page }
  | {
      readonly type: 'ROOM_MESSAGE';
      readonly room: string;
      readonly body: string;
      readonly dataText: string | undefined;
    }
  | {
      readonly type: 'DIRECT_MESSAGE';
      readonly to: string;
      readonly body: string;
      readonly dataText: string | undefined;
    }
  | { readonly type: 'ACK'; readonly refs: readonly string[] }
  | {
      readonly type: 'RECEIPT';
      readonly ref: string;
      readonly to: string;
      readonly state: 'delivered' | 'read';
    }
  | { readonly type: 'PRESENCE_SET'; readonly status: Status; readonly note: string | undefined }
  | {
      readonly type: 'PRESENCE_SUBSCRIBE' | 'PRESENCE_UNSUBSCRIBE' | 'PRESENCE_QUERY';
      readonly users: readonly string[];
    }
  | {
      readonly type: 'HISTORY';
      readonly of: { readonly room: string } | { readonly with: string };
      readonly after: number | undefined;
      readonly before: number | undefined;
      readonly limit: number;
    }
  | {
      readonly type: 'TYPING';
      readonly in: { readonly room: string } | { readonly to: string };
      readonly on: boolean;
    };

export type RequestOf<T extends HpRequest['type']> = Extract<HpRequest, { readonly type: T }>;
