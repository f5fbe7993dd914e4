import { HoldfastError } from "@holdfast/core/errors";

/** Code of a problem: a file that was changed here since it was fetched. */
export const changedHere = "changed_here";

/** Of what `get` leaves alone, since a person changed it here. */
export function keptHere(why = "has content here that was not downloaded"): HoldfastError {
  const message = `${why}, so it was kept. Use --overwrite to replace it.`;
  return new HoldfastError("conflict", message, { body: { reason: changedHere } });
}

/** As a problem has it: `changed_here` is told apart from other conflicts. */
export function problemCodeOf({ code, body }: HoldfastError): string {
  return body["reason"] === changedHere ? changedHere : code;
}
