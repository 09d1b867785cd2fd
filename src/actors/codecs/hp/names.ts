// What users and rooms may be called, and under which name they are known.
// Refuses to know who exists. Obeys spec/hp.md, section "Names".

const userForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const roomForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** [HP-NAME-1] */
export function isUserName(text: string): boolean {
  return userForm.test(text);
}

/** [HP-NAME-2] */
export function isRoomName(text: string): boolean {
  return roomForm.test(text);
}

/** [HP-NAME-1] Users are one whatever the case of their letters. */
export function userKey(user: string): string {
  return user.toLowerCase();
}
