import { usage } from "../commands/command.ts";

/**
 * A path on the server as people write it: repeated slashes are one, and one at the end stays, since it asks for a folder.
 * Whether each name can be one is said by what takes the path apart.
 * @throws HoldfastError usage for an empty path, `.` and `..`
 */
export function parseRemotePath(text: string): string {
  if (text === "") throw usage("The path is empty. Use / for your root.");
  const path = `/${text}`.replaceAll(/\/{2,}/g, "/");
  const dots = path.split("/").find((name) => name === "." || name === "..");
  if (dots !== undefined) {
    throw usage(
      `${text} contains '${dots}'. Paths on the server start at your root, without '.' or '..' in them. Use / for your root.`,
    );
  }
  return path;
}
