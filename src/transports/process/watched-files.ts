// Tells when the text of some files, taken together, has changed. It watches the folders, so that files replaced by
// rename and the symbolic links that Kubernetes swaps are seen, and looks by itself now and then, since network file
// systems tell nothing. Refuses to know what is in the files.

import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Watching {
  /** Looks now, without waiting for a notice. */
  look(): void;
  stop(): void;
}

export interface WatchPace {
  /** Writers change several files one after the other: wait until they have been quiet for so long. */
  readonly settleMs: number;
  readonly lookEveryMs: number;
}

/** undefined where a file cannot be read. */
export type FileTexts = readonly (string | undefined)[];

const pace: WatchPace = { settleMs: 200, lookEveryMs: 5_000 };

/**
 * Calls `changed` with all the texts each time when one of them differs from what it was, `known` at first.
 * Does not keep the process alive.
 */
export function watchFiles(
  files: readonly string[],
  known: FileTexts,
  changed: (texts: FileTexts) => void,
  ofPace?: WatchPace,
): Watching {
  let last = known;
  const look = async (isStopped: () => boolean): Promise<void> => {
    const texts = await Promise.all(files.map(textOf));
    if (isStopped() || texts.every((text, index) => text === last[index])) return;
    last = texts;
    changed(texts);
  };
  return watchFolders(
    files.map((file) => dirname(file)),
    look,
    ofPace,
  );
}

/** Calls `look` when something may have changed in one of the folders, and now and then. */
export function watchFolders(
  folders: readonly string[],
  look: (isStopped: () => boolean) => Promise<void> | void,
  { settleMs, lookEveryMs }: WatchPace = pace,
): Watching {
  let settling: NodeJS.Timeout | undefined;
  let isStopped = false;
  // One look after the other: an older one must not come in last and undo a newer one.
  let looked = Promise.resolve();

  const lookNext = (): void => {
    looked = looked.then(async () => {
      if (!isStopped) await look(() => isStopped);
    });
  };
  const noticed = (): void => {
    clearTimeout(settling);
    settling = setTimeout(lookNext, settleMs).unref();
  };
  const watchers = [...new Set(folders)].map((folder) => watchFolder(folder, noticed));
  // What changed between reading the files and watching them is seen now.
  lookNext();
  const looking = setInterval(lookNext, lookEveryMs).unref();

  return {
    look: lookNext,
    stop() {
      isStopped = true;
      clearTimeout(settling);
      clearInterval(looking);
      for (const watcher of watchers) watcher?.close();
    },
  };
}

/** undefined where the platform cannot watch: then the regular look has to do. */
function watchFolder(folder: string, noticed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, noticed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
