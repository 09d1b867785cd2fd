// What judges of a chat have to know of its settings, how an entry of a history is read, and what administrators are
// told. Refuses to know what they are for.

export interface ChatTerms {
  readonly isCluster: boolean;
  readonly suspectMs: number;
  readonly downMs: number;
  readonly lingerMs: number;
  readonly forgetMs: number;
  readonly joinTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  readonly loginTimeoutMs: number;
  /** Of a room, that is there for sure. */
  readonly historyMax: number;
  readonly offlineMessagesMax: number;
  readonly resumeMessagesMax: number;
  readonly resumeBytesMax: number;
  /** Bytes of all that waits for users are few, or it waits for a short time alone. */
  readonly isShort: boolean;
  readonly offlineAgeMaxMs: number;
  /** Somebody may find no place for the room that he wants. */
  readonly hasFewRooms: boolean;
  readonly roomMembersMax: number;
  readonly queueBytesMax: number;
  readonly emptyRoomMs: number;
  readonly roomEventsMax: number;
  readonly joinsPerSecondMax: number;
  readonly messagesPerSecondMax: number;
  readonly messagesBurstMax: number;
  readonly presenceEveryMs: number;
  readonly isLimited: boolean;
  readonly roomsPerSessionMax: number;
  readonly sessionsPerUserMax: number;
  readonly watchedUsersMax: number;
  /** Users who administer. */
  readonly admins: readonly string[];
  readonly policy: 'multi' | 'replace' | 'reject';
  readonly partitionPolicy: 'serve' | 'readonly-minority' | 'drain-minority';
  /** 0 where nobody says how many nodes there are. */
  readonly nodesExpected: number;
  readonly stableAfterMs: number;
}

export interface HistoryEntry {
  readonly seq: number;
  readonly epoch: number;
  readonly home: string;
  readonly from: string;
  readonly id: string;
}

/** What an administrator is told of all nodes. */
export interface StatsTold {
  readonly kind: 'statsTold';
  readonly node: number;
  readonly client: number;
  readonly connection: number;
  readonly users: number;
  readonly sessions: readonly (readonly [node: string, count: number])[];
  readonly rooms: number;
  readonly waiting: number;
}
