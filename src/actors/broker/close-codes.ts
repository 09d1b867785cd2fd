// The close codes that a broker session says, with their reasons; the table of spec/broker.md "Close codes".
// Codes of the framing itself (1002, 1007, 1009) and of shutdown (1001, 1012) are the web edge's.

export const closeCodes = {
  /** [BROKER-CLOSE-1] */
  internalError: { code: 1011, reason: 'internal error' },
  /** [BROKER-CLOSE-2] The queue or the patience for a slow reader is used up. */
  tooSlow: { code: 1013, reason: 'too slow' },
  /** [BROKER-CLOSE-3] */
  pongTimeout: { code: 1011, reason: 'ping timeout' },
  /** The node has no room for another topic; event streams only, which show no code. */
  tooManyTopics: { code: 1013, reason: 'too many topics' },
  /** [BROKER-CLOSE-4] */
  tokenExpired: { code: 4401, reason: 'token expired' },
} as const;
