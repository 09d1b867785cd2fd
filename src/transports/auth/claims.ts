// What a verified token allows: the claims `subscribe` and `publish`, each a list of topics, or of beginnings that
// end in `*`. Anything else in these two claims refuses the token, since a right that was meant otherwise must not be
// guessed. Refuses to know signatures. Obeys spec/process.md, section "Auth".

export interface ClaimedRights {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
}

export type RightsReading =
  | { readonly ok: true; readonly rights: ClaimedRights }
  | { readonly ok: false; readonly reason: string };

/** [PROC-AUTH-2] An absent claim allows nothing. */
export function rightsOf(payload: Readonly<Record<string, unknown>>): RightsReading {
  const subscribe = patternsOf(payload['subscribe']);
  if (subscribe === undefined) return malformed('subscribe');
  const publish = patternsOf(payload['publish']);
  if (publish === undefined) return malformed('publish');
  return { ok: true, rights: { subscribe, publish } };
}

function patternsOf(claim: unknown): readonly string[] | undefined {
  if (claim === undefined) return [];
  if (!Array.isArray(claim)) return undefined;
  const patterns = claim.filter((entry) => typeof entry === 'string' && entry !== '');
  return patterns.length === claim.length ? patterns : undefined;
}

function malformed(claim: string): RightsReading {
  return { ok: false, reason: `The claim "${claim}" must be a list of topics.` };
}
