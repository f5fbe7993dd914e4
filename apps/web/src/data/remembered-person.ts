/** What is known of somebody where the server cannot be asked. No secret: it signs nobody in. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** Of the folder that all else is in. */
  readonly root_id: string;
}

const key = "holdfast-person";

/** @param person undefined at the end of the session */
export function rememberPerson(person: Person | undefined): void {
  try {
    if (person === undefined) return localStorage.removeItem(key);
    const { id, name, root_id: rootId } = person;
    localStorage.setItem(key, JSON.stringify({ id, name, root_id: rootId }));
  } catch {
    // Full or forbidden: then nobody is named while the server is away.
  }
}

/** @param account who was signed in last: of another nothing is told */
export function rememberedPerson(account: string | undefined): Person | undefined {
  try {
    const person = JSON.parse(localStorage.getItem(key) ?? "null") as Person | null;
    return person !== null && person.id === account ? person : undefined;
  } catch {
    return undefined;
  }
}
