import { formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const devicesCommand: CommandMaker = (context) => {
  const command = newCommand("devices", "List the devices that are signed in, or sign one out", [
    "devices",
    "devices rm 0198…",
  ]);
  command.addCommand(runs<[]>(context, newCommand("ls", "The same list", ["devices ls"]), list));
  return runs<[]>(context, command.addCommand(remove(context)), list);
};

async function list(run: Run): Promise<void> {
  const { client } = await run.connect();
  const page = await client.call("listDevices");
  await run.output.result(page, () =>
    formatTable(
      page.items.map((device) => [
        device.id,
        device.name,
        `seen ${formatTime(device.last_seen_at)}`,
        device.browser ? "browser" : "",
        device.current ? "this one" : "",
      ]),
    ),
  );
}

function remove(context: Context) {
  const command = newCommand("rm", "Sign a device out: its sessions end at once", ["devices rm 0198…"]).argument(
    "<id>",
    "as 'holdfast devices' lists it",
  );
  return runs<[string]>(context, command, async (run, id) => {
    const { client } = await run.connect();
    await client.call("deleteDevice", { params: { id } });
    await run.output.result({ id, revoked: true }, () => [`signed out ${id}`]);
  });
}
