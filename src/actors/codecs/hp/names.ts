// What users and rooms may be called, and under which name they are known.
// Refuses to know who exists. Obeys spec/hp.md, section "Names".

const userForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const sideForm = /^[a-z]{1,16}$/;
const roomForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** [HP-NAME-1] */
export function isUserName(text: string): boolean {
  return userForm.test(text);
}

/** [BRIDGE-6] A user, or somebody who speaks over a bridge: the mark is no letter of names. */
export function isSpeaker(text: string): boolean {
  const [name = '', side, ...more] = text.split('@');
  return isUserName(name) && (side === undefined || sideForm.test(side)) && more.length === 0;
}

/** [HP-NAME-2] */
export function isRoomName(text: string): boolean {
  return roomForm.test(text);
}

/** [HP-NAME-1] Users are one whatever the case of their letters. */
export function userKey(user: string): string {
  return user.toLowerCase();
}
