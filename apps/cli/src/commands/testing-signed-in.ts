import assert from "node:assert/strict";
import { after, before } from "node:test";
import {
  administrator,
  Api,
  type CommandResult,
  makeFolder,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runCommand } from "./testing-run.ts";

export interface SignedIn<Server extends RunningServer = RunningServer> {
  readonly folder: string;
  readonly server: Server;
  readonly run: (args: readonly string[], input?: string, cwd?: string) => Promise<CommandResult>;
  readonly data: string;
  /** Result with --json; accepts every exit code. */
  readonly json: (...args: readonly string[]) => Promise<any>; // oxlint-disable-line no-explicit-any -- each test knows the shape that it wants
}

/**
 * Starts a server for the tests of one file or `describe`, with the command signed in as its administrator.
 * @param env of the server, and of commands that run on the data folder
 */
export function useSignedIn(name: string, env: NonNullable<ServerOptions["env"]> = {}): SignedIn {
  return useSignedInAt(startServer, name, env);
}

export function useSignedInAt<Server extends RunningServer>(
  start: (options: ServerOptions) => Promise<Server>,
  name: string,
  env: NonNullable<ServerOptions["env"]> = {},
): SignedIn<Server> {
  const folder = makeFolder(name);
  let server: Server | undefined;
  const run: SignedIn["run"] = (args, input, cwd) =>
    runCommand({ ...env, HOLDFAST_CONFIG_DIR: `${folder}/config` }, args, { input, cwd });
  before(async () => {
    server = await start({ dataFolder: `${folder}/data`, env });
    const { email, password } = administrator;
    const login = await run(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`);
    assert.equal(login.code, 0, login.stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });
  return {
    folder,
    data: `${folder}/data`,
    get server() {
      assert.ok(server !== undefined);
      return server;
    },
    run,
    json: async (...args) => {
      const { stdout, stderr } = await run([...args, "--json"]);
      assert.notEqual(stdout, "", stderr);
      return JSON.parse(stdout) as unknown;
    },
  };
}

type Run = SignedIn["run"];

export interface TwoPeople {
  readonly folder: string;
  readonly server: RunningServer;
  readonly owner: Run;
  /** Runs commands as Ann, with a separate configuration. */
  readonly guest: Run;
  readonly ann: { readonly email: string; readonly password: string };
  /** Requires exit code 0. @returns the output */
  readonly done: (run: Run, args: readonly string[], input?: string) => Promise<string>;
}

export function useTwoPeople(name: string): TwoPeople {
  const signedIn = useSignedIn(name);
  const ann = { email: "ann@example.com", password: "the password of ann" };
  const guest: Run = (args, input) => runCommand({ HOLDFAST_CONFIG_DIR: `${signedIn.folder}/guest` }, args, { input });
  before(async () => {
    const { url } = signedIn.server;
    const admin = await Api.signIn(url);
    assert.equal((await admin.call("POST", "/admin/users", { ...ann, name: "Ann" })).status, 201);
    const login = await guest(["login", url, "--email", ann.email, "--password-stdin"], `${ann.password}\n`);
    assert.equal(login.code, 0, login.stderr);
  });
  return {
    folder: signedIn.folder,
    get server() {
      return signedIn.server;
    },
    owner: signedIn.run,
    guest,
    ann,
    done: async (run, args, input) => {
      const { code, stdout, stderr } = await run(args, input);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
  };
}

export function bothPlaces({ data }: Pick<SignedIn, "data">) {
  return [
    ["signed in", []],
    ["beside the data", ["--data", data]],
  ] as const;
}
