// Waits for what another process does, and fails with a sentence when it does not.

/** Resolves with how long it took; milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
): Promise<number> {
  const since = performance.now();
  while (!(await condition())) {
    if (performance.now() - since > withinMs)
      throw new Error(`${what} did not come in ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - since;
}
