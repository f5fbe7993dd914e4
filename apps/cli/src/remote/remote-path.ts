import { isId } from "@holdfast/core/ids";
import { usage } from "../output/usage.ts";

/**
 * Repeated slashes become one. A trailing slash is kept, because it requires a folder. Names are checked later.
 * @throws HoldfastError usage for an empty path, `.` and `..`, and for a web address
 */
export function parseRemotePath(text: string): string {
  if (text === "") throw usage("The path is empty. Use / for your root.");
  refuseAddress(text);
  const path = `/${text}`.replaceAll(/\/{2,}/g, "/");
  const dots = path.split("/").find((name) => name === "." || name === "..");
  if (dots !== undefined) {
    throw usage(
      `${text} contains '${dots}'. Paths on the server start at your root, without '.' or '..' in them. Use / for your root.`,
    );
  }
  return path;
}

/** @throws HoldfastError usage for a web address */
export function refuseAddress(text: string): void {
  if (/^https?:\/\//i.test(text))
    throw usage(
      `${text} is not a path on the server. 'ls', 'tree', 'cat', 'get' and 'put' accept the whole address of a link (https://…/s/hfl_…); other commands need a path.`,
    );
}

/** Accepts lower and upper case. undefined for anything else, also for `/ID`, an item in the root with that name */
export function readId(text: string): string | undefined {
  const id = text.toLowerCase();
  return isId(id) ? id : undefined;
}

/** An ID and the path below it. undefined for a path from the root, also for `/ID` */
export function readIdPath(text: string): { readonly id: string; readonly below: string } | undefined {
  const [first = ""] = text.split("/", 1);
  const id = readId(first);
  return id === undefined ? undefined : { id, below: text.slice(id.length) };
}

/**
 * Reads a path for a command that does not accept IDs, and that would create an item with the ID as its name.
 * @throws HoldfastError usage, also for `.` and `..`
 */
export function parseNewPath(text: string): string {
  const shared = readIdPath(text);
  if (shared === undefined) return parseRemotePath(text);
  throw usage(
    `${text} begins with an ID, and this command needs a path. 'holdfast mount ${shared.id}' gives a shared folder a path in your files. For an item in your root with this name, use /${text}.`,
  );
}
