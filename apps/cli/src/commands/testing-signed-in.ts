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
  /** A folder of the tests, which goes after them. */
  readonly folder: string;
  readonly server: Server;
  readonly run: (args: readonly string[], input?: string, cwd?: string) => Promise<CommandResult>;
  /** Of the server, where the command works with `--data`. */
  readonly data: string;
  /** What the command says with --json, whatever its exit code. */
  readonly json: (...args: readonly string[]) => Promise<any>; // oxlint-disable-line no-explicit-any -- each test knows the shape that it wants
}

/**
 * For the tests of one file or `describe`: a server of their own, and the command signed in to it as its administrator.
 * @param env of the server, and of the command where it works beside the data
 */
export function useSignedIn(name: string, env: NonNullable<ServerOptions["env"]> = {}): SignedIn {
  return useSignedInAt(startServer, name, env);
}

/** The same at a server that is started another way. */
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
  /** The administrator. */
  readonly owner: Run;
  /** Ann, with a configuration of her own. */
  readonly guest: Run;
  readonly ann: { readonly email: string; readonly password: string };
  /** What the command says; it has to end with 0. */
  readonly done: (run: Run, args: readonly string[], input?: string) => Promise<string>;
}

/** The same with a second account. */
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

/** Both ways of an administrator: by the server, and with what the command takes beside its data. */
export function bothPlaces({ data }: Pick<SignedIn, "data">) {
  return [
    ["signed in", []],
    ["beside the data", ["--data", data]],
  ] as const;
}
