/** Account data for use while offline. Contains no secret. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly root_id: string;
}

const key = "holdfast-person";

/** @param person undefined: deletes it, at the end of the session */
export function rememberPerson(person: Person | undefined): void {
  try {
    if (person === undefined) return localStorage.removeItem(key);
    const { id, name, root_id: rootId } = person;
    localStorage.setItem(key, JSON.stringify({ id, name, root_id: rootId }));
  } catch {
    // Storage is full or blocked, so the name is missing while offline.
  }
}

/** @param account last signed-in account; data of others is not returned */
export function rememberedPerson(account: string | undefined): Person | undefined {
  try {
    const person = JSON.parse(localStorage.getItem(key) ?? "null") as Person | null;
    return person !== null && person.id === account ? person : undefined;
  } catch {
    return undefined;
  }
}
