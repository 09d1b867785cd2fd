// A socket in the file system: the file that an earlier process left is taken away, and the new one gets the owner and
// the permissions that it is to have. Refuses to know what is said on it. Obeys spec/grip.md, section "Clients".

import { chmod, chown, lstat, readFile, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

export interface LocalSocketOptions {
  readonly path: string;
  readonly mode: number | undefined;
  /** Names, or numbers in digits. */
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** Takes away a socket that nobody answers at; anything else is left for the system to complain of. */
export async function clearPath(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true && !(await answers(path))) await unlink(path);
}

/** Rejects with the system's error when the wish cannot be met. */
export async function dressSocket({ path, mode, user, group }: LocalSocketOptions): Promise<void> {
  if (user !== undefined || group !== undefined) {
    const owner = user === undefined ? -1 : await idIn('/etc/passwd', user);
    const owning = group === undefined ? -1 : await idIn('/etc/group', group);
    await chown(path, owner, owning);
  }
  if (mode !== undefined) await chmod(path, mode);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Both files have the number in their third field. */
async function idIn(file: string, name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const lines = (await readFile(file, 'utf8')).split('\n');
  const id = lines.map((line) => line.split(':')).find(([first]) => first === name)?.[2];
  if (id !== undefined) return Number(id);
  throw Object.assign(new Error(`${file} knows no ${name}`), { code: 'ENOENT' });
}
