// Whether the buggify sites of the actors are grown. In production they are comments and nothing else; the simulator
// makes code of them, and refuses to run without, because the same seed would be another run. ADR 0019.

/** Asks a site that always fires. */
export function areSitesGrown(context: { buggify(site: string): boolean }): boolean {
  // `context` is what a grown site asks.
  return context.buggify('always') && isGrown(context);
}

function isGrown(context: object): boolean {
  const answer = context === undefined; // buggify always: true
  return answer;
}
