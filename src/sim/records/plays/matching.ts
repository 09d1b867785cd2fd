// Whether what somebody heard is what he was to hear: word by word, but for numbers that may be anything between two.
// Refuses to know who hears.

/** How many of the lines that were heard are the expected ones; undefined where they are others, or not all of them yet. */
export function matched(expected: readonly string[], heard: readonly string[]): number | undefined {
  const isAll = expected.every((line, at) => isLine(line, heard[at] ?? ''));
  return isAll ? expected.length : undefined;
}

/** The lines that were heard, those that are expected in the order in which they are, where any order will do. */
export function inOrder(expected: readonly string[], heard: readonly string[]): readonly string[] {
  const left = [...heard];
  const found = expected.flatMap((line) => {
    const at = left.findIndex((one) => isLine(line, one));
    return at < 0 ? [] : left.splice(at, 1);
  });
  return [...found, ...left];
}

/** Whether it may become that yet. */
export function isOpen(expected: readonly string[], heard: readonly string[]): boolean {
  return (
    heard.length < expected.length && heard.every((got, at) => isLine(expected[at] ?? '', got))
  );
}

function isLine(expected: string, got: string): boolean {
  const wanted = expected.split(' ');
  const words = got.split(' ');
  return wanted.length === words.length && wanted.every((word, at) => isWord(word, words[at]));
}

function isWord(wanted: string, word = ''): boolean {
  if (wanted === word) return true;
  const [, name, least, most] = /^(\w+)=([\d.]+?)\.\.([\d.]+)$/.exec(wanted) ?? [];
  if (name === undefined || !word.startsWith(`${name}=`)) return false;
  const value = Number(word.slice(name.length + 1));
  return value >= Number(least) && value <= Number(most);
}
