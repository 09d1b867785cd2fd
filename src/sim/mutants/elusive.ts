// Planted bugs that no seed has found yet, each with what the simulator probably lacks for it: a guess from reading,
// except that unit tests were seen to find those of which it is said. Refuses to excuse any other.

/** By name; what is found leaves the list. */
export const elusive: ReadonlyMap<string, string> = new Map([
  ['recovery-beyond-the-queue', 'Few recoveries are larger than the queue of their reader.'],
  [
    'epoch-forgotten-with-history',
    'No topic is quiet for as long as it takes to forget its whole history, and then asked about.',
  ],
  [
    'followed-topic-dropped',
    'Topics that are followed are seldom without a publication when room is made for others.',
  ],
  [
    'left-in-the-old-format',
    'Few clients follow a topic twice in different formats while it is published to.',
  ],
  [
    'queue-without-a-bound',
    'The bytes that wait in an actor are not sampled, only those that are out on a connection.',
  ],
  [
    'gaps-joined-across-a-restart',
    'A home seldom dies while a slow reader is owed two gaps of one topic.',
  ],
  ['stalled-reader-kept', 'Nobody judges how long a reader that takes nothing may stay.'],
  ['pacing-never-holds', 'Nobody judges how much waits when publishers are faster than homes.'],
  [
    'paced-publisher-never-let-go',
    'Publishers are seldom held back, and a new connection hides one that stays so.',
  ],
  [
    'release-lost',
    'Publishers are seldom held back, and a new connection hides one that stays so.',
  ],
  ['publishers-counted-twice', 'Publishers are seldom held back by several homes at once.'],
  [
    'info-lost-with-its-home',
    'A question about a topic is seldom on its way at the instant at which its home dies.',
  ],
  ['references-begin-at-one', 'No run counts so far that numbers come round.'],
  [
    'length-65536-in-two-bytes',
    'No message of the workload has exactly 65,536 bytes; unit tests have it.',
  ],
  [
    'large-length-upside-down',
    'No message of the workload that is taken is longer than 65,535 bytes; unit tests have it.',
  ],
  [
    'control-frame-ends-the-message',
    'No client sends a control frame between the parts of a message; unit tests do.',
  ],
  ['message-kept-with-its-room', 'Memory beside a message is not sampled; unit tests have it.'],
  ['last-duplicate-loses', 'Few requests say one key twice; unit tests have it.'],
  ['sse-newline-not-split', 'No data of the workload has a line end; unit tests have it.'],
  ['sse-cr-lf-is-two-lines', 'No data of the workload has a line end; unit tests have it.'],
  ['overflow-is-silent', 'No mailbox of the workload overflows; unit tests have it.'],
  ['failed-turn-half-done', 'No turn of the workload fails; unit tests have it.'],
  [
    'no-last-words',
    'No actor of the workload fails while somebody watches it; unit tests have it.',
  ],
  ['refused-is-counted-in', 'Topics are seldom refused while the room that is left is one place.'],
  [
    'shed-bytes-not-given-back',
    'Memory is seldom shed so often that what is not given back is missed.',
  ],
  [
    'recovered-stream-stands-at-its-end',
    'An event stream seldom drops anything right after its recovery.',
  ],
]);
