// What is wrong with a file that a setting names, and what can be done about it.
// Refuses to know which files there are.

export interface FileProblem<Key extends string = string> {
  /** The setting, within its section. */
  readonly key: Key;
  readonly problem: string;
  readonly wayOut: string;
}
