import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";
import { addProof, type ProofOptions, withCode } from "./second-factor.ts";

export const addressesCommand: CommandMaker = (context) => {
  const command = newCommand("addresses", "Limit the networks from which your account can be used", [
    "addresses",
    "addresses only 192.0.2.0/24 2001:db8::/32",
    "addresses anywhere",
  ]);
  command.addCommand(only(context)).addCommand(anywhere(context));
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const state = await client.call("getOwnAddresses");
    await run.output.result(state, () => [
      state.addresses.length === 0 ? "Allowed from any network." : `Allowed only from ${state.addresses.join(", ")}.`,
      `Your current address is ${state.address}.`,
    ]);
  });
};

function only(context: Context) {
  const command = newCommand("only", "Allow only these networks", [
    "addresses only 192.0.2.0/24 2001:db8::/32",
  ]).argument(
    "<networks...>",
    "addresses and networks, replacing the current ones; they must include your current address",
  );
  return runs<[string[]]>(context, addProof(command), (run, networks, options: ProofOptions) =>
    set(run, networks, options),
  );
}

function anywhere(context: Context) {
  const command = newCommand("anywhere", "Remove the limit", ["addresses anywhere"]);
  return runs<[]>(context, addProof(command), (run, options: ProofOptions) => set(run, [], options));
}

async function set(run: Parameters<typeof withCode>[0], addresses: readonly string[], options: ProofOptions) {
  const { client } = await run.connect();
  const state = await withCode(run, options, (proof) =>
    client.call("setOwnAddresses", { body: { ...proof, addresses: [...addresses] }, asksOnce: true }),
  );
  await run.output.done(state, () => [
    state.addresses.length === 0
      ? "Your account can be used from any network."
      : `Your account can only be used from ${state.addresses.join(", ")}.`,
  ]);
}
