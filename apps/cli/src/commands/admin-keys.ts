import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { count } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import type { Context } from "../output/context.ts";

type Rotation = RouteAnswer<typeof routes.adminRotateKeys>;

export function rotateKeysCommand(context: Context) {
  const command = newAdminCommand(
    "rotate-keys",
    "Replace the key-encryption key; stored content is not rewritten, and a running server continues",
    ["admin rotate-keys", "admin rotate-keys --data-key", "admin rotate-keys --data /srv/holdfast"],
  ).option("--data-key", "create a new data key instead, for content stored from now on");
  return runs<[]>(context, command, async (run, { data, dataKey }) => {
    const body = dataKey === true ? { data_key: true } : {};
    const rotation = await adminCall(run, data, "adminRotateKeys", { body });
    await run.output.result(rotation, () => lines(rotation));
  });
}

function lines({ rotated, cells, key_fingerprint, key_file, old_key_file }: Rotation): string[] {
  if (rotated === "data_key") {
    return cells.map(({ cell, epoch }) => `cell ${cell}: new content is sealed with the data key of epoch ${epoch}`);
  }
  const dataKeys = cells.reduce((sum, cell) => sum + cell.data_keys, 0);
  const done = `a new key-encryption key (${key_fingerprint}) wraps ${count(dataKeys, "data key")}`;
  return key_file === null
    ? [
        done,
        "Now start every server with the new key as HOLDFAST_KEY_ENCRYPTION_KEY and without HOLDFAST_NEW_KEY_ENCRYPTION_KEY.",
        "Keep the old key as long as you keep backups made before this change.",
      ]
    : [
        done,
        `Copy ${key_file} to another place now. The old key can no longer open the stored data.`,
        ...(old_key_file === null ? [] : [`The old key is ${old_key_file}. Earlier backups still need it.`]),
      ];
}
