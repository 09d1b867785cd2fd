// What a client may follow and publish: topic patterns from its token, or everything where no token is asked.
// A pattern is a topic, or a beginning that ends in `*`. Refuses to know tokens and signatures.
// Obeys spec/process.md, section "Auth".

export interface Rights {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
}

export const ALL_RIGHTS: Rights = { subscribe: ['*'], publish: ['*'] };

export function mayUse(patterns: readonly string[], topic: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? topic.startsWith(pattern.slice(0, -1)) : pattern === topic,
  );
}
