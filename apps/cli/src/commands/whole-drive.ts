import type { NodeJson } from "@holdfast/protocol/values";
import type { Run } from "../invocation/run.ts";

/**
 * Asks at a terminal before the root is shared, which is often a mistake. Otherwise reports what the share includes.
 * @param readers accounts that get access
 * @throws HoldfastError failed if the answer is no
 */
export async function confirmWholeDrive(
  run: Run,
  { path, role }: Pick<NodeJson, "path" | "role">,
  { readers, yes }: { readonly readers: string; readonly yes: true | undefined },
): Promise<void> {
  if (path !== "/" || role !== "owner") return;
  const meaning = `/ is your whole drive: ${readers} can open everything in it, and everything that you add to it later.`;
  if (yes === true || run.context.stdin.isTTY !== true) return run.output.note(meaning);
  const { assertConfirmed } = await import("../invocation/terminal.ts");
  await assertConfirmed(run.context, `${meaning} Share it?`, "Nothing was shared.");
}
