// Paths as routes count their letters: one that is percent-encoded without need is the letter that it stands for, though
// origins get it as it came. Refuses to know routes. Obeys spec/grip.md, sections "Routes" and "Rewriting".

/** [GRIP-ROUTE-3] What is encoded without need counts as what it stands for. */
export function plainPath(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/%[0-9a-f]{2}/gi, (code) => letterOf(code) ?? code);
}

/** Where the path begins that is left when so many letters are taken from its front. */
export function endOfLetters(path: string, letters: number): number {
  if (!path.includes('%')) return letters;
  let at = 0;
  for (let left = letters; left > 0 && at < path.length; left -= 1)
    at += letterOf(path.slice(at, at + 3)) === undefined ? 1 : 3;
  return at;
}

/** Undefined for what is encoded for a reason, and for what is no code. */
function letterOf(code: string): string | undefined {
  if (!/^%[0-9a-f]{2}$/i.test(code)) return undefined;
  const letter = String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return /[\w.~-]/.test(letter) ? letter : undefined;
}
