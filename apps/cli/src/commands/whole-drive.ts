import type { NodeJson } from "@holdfast/protocol/values";
import type { Run } from "./command.ts";

/**
 * Sharing the root is often a slip. A person at a terminal is asked; otherwise the share goes on and a note says what it means.
 * @param readers who can open it from then on
 * @throws HoldfastError failed, if the person says no
 */
export async function confirmWholeDrive(
  run: Run,
  { path, role }: Pick<NodeJson, "path" | "role">,
  { readers, yes }: { readonly readers: string; readonly yes: true | undefined },
): Promise<void> {
  if (path !== "/" || role !== "owner") return;
  const meaning = `/ is your whole drive: ${readers} can open everything in it, and everything that you add to it later.`;
  if (yes === true || run.context.stdin.isTTY !== true) return run.output.note(meaning);
  const { assertConfirmed } = await import("../terminal.ts");
  await assertConfirmed(run.context, `${meaning} Share it?`, "Nothing was shared.");
}
