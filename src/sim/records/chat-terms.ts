// What judges of a chat have to know of its settings, and how an entry of a history is read. Refuses to know what they are for.

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
  readonly historyMax: number;
  readonly offlineMessagesMax: number;
  readonly resumeMessagesMax: number;
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
