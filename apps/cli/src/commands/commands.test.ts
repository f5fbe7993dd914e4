import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import type { Command } from "commander";
import { makeProgram } from "./program.ts";
import { parseQuota } from "./admin-users.ts";
import type { Context } from "../output/context.ts";
import { commandTable, helpGroups } from "./table.ts";
import { runHere } from "./testing-run.ts";

const launcher = resolve(import.meta.dirname, "../../bin/holdfast");
const home = mkdtempSync(join(tmpdir(), "holdfast-commands-"));
after(() => rmSync(home, { recursive: true }));

const environmentOf = (more: Record<string, string>) => ({
  PATH: process.env["PATH"] ?? "",
  HOLDFAST_CONFIG_DIR: join(home, "config"),
  ...more,
});

const holdfast = (args: readonly string[], environment: Record<string, string> = {}, input = "") =>
  runHere(environmentOf(environment), args, { input });

function spawned(args: readonly string[], environment: Record<string, string> = {}) {
  const env = environmentOf(environment);
  const { status, stdout, stderr } = spawnSync(launcher, args, { env, encoding: "utf8", input: "" });
  return { code: status, stdout, stderr };
}

const context: Context = {
  environment: {},
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  exitCode: 0,
};

test("the exit code shows the kind of failure", async () => {
  mkdirSync(join(home, "config"), { recursive: true });
  const nobody = { HOLDFAST_SERVER: "http://127.0.0.1:9", HOLDFAST_TOKEN: "t" };
  const table: [string[], Record<string, string>, number][] = [
    [["--version"], {}, 0],
    [["-v"], {}, 0],
    [["version"], {}, 0],
    [["--help"], {}, 0],
    [["help"], {}, 0],
    [["help", "ls"], {}, 0],
    [["help", "frobnicate"], {}, 2],
    [["ls", "-h"], {}, 0],
    [["put", "--help"], {}, 0],
    [[], {}, 2],
    [["frobnicate"], {}, 2],
    [["ls", "--frobnicate"], {}, 2],
    [["put", "only-one"], nobody, 2],
    [["token", "create", "x", "--scopes", "everything"], nobody, 2],
    [["login", "ftp://x"], {}, 2],
    [["login", "http://127.0.0.1:9"], {}, 2],
    [["completion", "tcsh"], {}, 2],
    [["whoami"], {}, 3],
    [["ls"], { HOLDFAST_SERVER: "http://127.0.0.1:9" }, 3],
    [["put", "does-not-exist", "/"], nobody, 4],
    [["ls", "/"], nobody, 7],
    [["sync", join(home, "Drive")], {}, 3],
    [["sync", join(home, "Drive"), "--once"], nobody, 7],
    [["sync", join(home, "no", "Drive")], nobody, 4],
    [["sync", "/"], nobody, 2],
    [["sync", ""], nobody, 2],
    [["sync", home], nobody, 7],
    [["sync", join(home, "config")], nobody, 2],
    [["sync", join(home, "Drive"), "--exclude", "../x"], nobody, 2],
    [["sync", join(home, "Drive"), "--brake", "0"], nobody, 2],
    [["sync", join(home, "Drive"), "--limit-up", "fast"], nobody, 2],
    [["sync", join(home, "Drive"), "--print"], nobody, 2],
    [["status"], {}, 0],
    [["status", home], {}, 4],
    [["pause"], {}, 0],
    [["conflicts", "ls"], {}, 0],
    [["conflicts", "keep", "none", home], {}, 2],
    [["conflicts", "keep", "both", join(home, "nowhere")], {}, 4],
    [["deletes", "approve"], {}, 1],
  ];
  for (const [args, environment, status] of table) {
    const ran = await holdfast(args, environment);
    assert.equal(ran.code, status, `holdfast ${args.join(" ")} said: ${ran.stderr}`);
  }
});

test("the process ends promptly with the exit code of its command", () => {
  const nobody = { HOLDFAST_SERVER: "http://127.0.0.1:9", HOLDFAST_TOKEN: "t" };
  const table: [string[], Record<string, string>, number][] = [
    [["--version"], {}, 0],
    [["frobnicate"], {}, 2],
    [["put", "does-not-exist", "/"], nobody, 4],
    [["sync", join(home, "Drive"), "--once"], nobody, 7],
  ];
  for (const [args, environment, status] of table) {
    const ran = spawned(args, environment);
    assert.equal(ran.code, status, `holdfast ${args.join(" ")} said: ${ran.stderr}`);
    assert.notEqual(ran.stdout + ran.stderr, "");
  }
});

test("the help of a command that prints several JSON documents says so", async () => {
  const jsonOf = async (...words: string[]): Promise<string> => {
    const { stdout } = await holdfast([...words, "--help"]);
    return /--json +([^]*?)\n {2}-/.exec(stdout)?.[1]?.replaceAll(/\s+/g, " ") ?? "";
  };
  assert.match(await jsonOf("sync"), /a JSON document per line .*; with --once, a single one at the end/);
  assert.match(await jsonOf("status"), /a JSON document .*; with --watch, one per line/);
  assert.match(await jsonOf("admin", "audit", "export"), /a JSON document per line/);
  assert.match(await jsonOf("ls"), /^print only a single JSON document/);
});

test("help and version accept all common forms", async () => {
  const said = async (...args: string[]) => (await holdfast(args)).stdout;
  assert.match(await said("--version"), /^\d+\.\d+\.\d+\n$/);
  for (const word of ["-v", "version"]) assert.equal(await said(word), await said("--version"));
  const asJson = { version: (await said("--version")).trim() };
  for (const words of [
    ["--version", "--json"],
    ["--json", "--version"],
    ["version", "--json"],
    ["-v", "--json"],
  ])
    assert.deepEqual(JSON.parse(await said(...words)), asJson);
  for (const words of [["-h"], ["help"]]) assert.equal(await said(...words), await said("--help"));
  for (const words of [
    ["help", "ls"],
    ["ls", "-h"],
  ])
    assert.equal(await said(...words), await said("ls", "--help"));
  assert.equal(await said("help", "devices", "rm"), await said("devices", "rm", "--help"));
  assert.equal(await said("admin", "help"), await said("help", "admin"));
  assert.equal(await said("admin", "help", "users"), await said("admin", "users", "--help"));
  assert.match(await said("help", "devices", "rm"), /Usage: holdfast devices rm/);
  assert.match(await said("help"), /\nHelp:\n(?: .*\n)* {2}help \[command\.\.\.\] .*\n(?: .*\n)* {2}version /);
  assert.equal(await said("help", "version"), await said("help"));
  assert.match((await holdfast(["version", "frobnicate"])).stderr, /unknown command 'version'/);
  assert.match((await holdfast(["help", "frobnicate"])).stderr, /unknown command 'frobnicate'/);
});

test("an unknown HOLDFAST variable is reported, and stops nothing", async () => {
  const mistyped = { HOLDFAST_SERVR: "https://drive.example", HOLDFAST_STORE: "/srv/store" };
  const result = await holdfast(["pause"], mistyped);
  assert.deepEqual(
    [result.code, result.stderr.split("\n")[0]],
    [0, "holdfast: HOLDFAST_SERVR is not a setting and is ignored (Did you mean HOLDFAST_SERVER?)"],
  );
  assert.doesNotMatch(result.stderr, /HOLDFAST_STORE/);
  for (const how of ["--quiet", "-q"]) assert.equal((await holdfast(["pause", how], mistyped)).stderr, "");
});

test("no password or token is sent to another machine unencrypted unless explicitly allowed", async () => {
  // An address of this machine that is not a loopback name, so that no packet leaves it.
  const elsewhere = "http://[::ffff:127.0.0.1]:9";
  const signIn = ["login", elsewhere, "--email", "me@example.org", "--password-stdin"];
  const run = (args: string[], more = {}) => holdfast(args, more, "correct horse\n");
  const refused = await run(signIn);
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /unencrypted.*https:\/\/.*--insecure/);
  assert.equal((await run([...signIn, "--insecure"])).code, 7);
  assert.equal((await run(["login", "http://127.0.0.1:9", ...signIn.slice(2)])).code, 7);
  const token = { HOLDFAST_SERVER: elsewhere, HOLDFAST_TOKEN: "hfp_x" };
  const unsent = await run(["ls"], token);
  assert.equal(unsent.code, 2, unsent.stderr);
  assert.match(unsent.stderr, /HOLDFAST_SERVER.*unencrypted.*HOLDFAST_INSECURE=1/);
  assert.equal((await run(["ls"], { ...token, HOLDFAST_INSECURE: "1" })).code, 7);
  assert.equal((await run(["ls"], { ...token, HOLDFAST_INSECURE: "0" })).code, 2);
});

test("without a login or a reachable server, sync leaves nothing behind and gives advice", async () => {
  const alone = mkdtempSync(join(tmpdir(), "holdfast-alone-"));
  try {
    const [root, config, taken] = [join(alone, "Drive"), join(alone, "config"), join(alone, "taken")];
    mkdirSync(taken);
    for (const folder of [root, taken]) {
      const signedOut = await holdfast(["sync", folder], { HOLDFAST_CONFIG_DIR: config });
      assert.equal(signedOut.code, 3);
      assert.match(signedOut.stderr, /holdfast login/);
      const nobody = { HOLDFAST_SERVER: "http://127.0.0.1:9", HOLDFAST_TOKEN: "t", HOLDFAST_CONFIG_DIR: config };
      const silent = await holdfast(["sync", folder], nobody);
      assert.equal(silent.code, 7);
      assert.match(silent.stderr, /127\.0\.0\.1:9 cannot be reached/);
    }
    assert.deepEqual(readdirSync(alone, { recursive: true }), ["taken"]);
  } finally {
    rmSync(alone, { recursive: true });
  }
});

test("a command that does not exist yet is not offered", async () => {
  for (const name of ["publish", "search"]) assert.equal((await holdfast([name])).code, 2);
  assert.doesNotMatch((await holdfast(["--help"])).stdout, /\bpublish\b/);
});

test("with --json a failure is also one document on stdout", async () => {
  const { stdout, stderr, code } = await holdfast(["whoami", "--json"]);
  assert.equal(code, 3);
  assert.equal(JSON.parse(stdout).error.code, "unauthenticated");
  assert.match(stderr, /holdfast login/);
});

test("with --json wrong use is one document on stdout, and a sentence naming the command on stderr", async () => {
  const table: [string[], RegExp][] = [
    [["ls", "--frobnicate", "--json"], /unknown option '--frobnicate'/],
    [["put", "--json"], /<paths> is missing\./],
    [["frobnicate", "--json"], /unknown command|unknown option/],
    [["doctor"], /unknown command 'doctor' \(Did you mean admin doctor\?\)/],
    [["delete", "/x"], /^holdfast: unknown command 'delete' \(Did you mean rm\?\)$/m],
    [["undelete", "/x"], /\(Did you mean trash restore\?\)$/m],
    [["hlep"], /\(Did you mean help\?\)$/m],
    [["help2"], /\(Did you mean help\?\)$/m],
    [["ls", "--help2"], /\(Did you mean --help\?\)$/m],
    [["mkdir", "/a\u001bb"], /^holdfast: The name "a\\u\{1b\}b" contains a control character\.$/m],
    [["devices", "remove", "x"], /\(Did you mean rm\?\)$/m],
    [["trash", "delete"], /^holdfast: unknown command 'delete'$/m],
    [["completion", "tcsh"], /^holdfast: 'tcsh' is not one of: bash, zsh, fish\./],
    [["ls", "--sort", "foo"], /foo is not a sort order\. Use name, natural/],
    [["search", "--type", "foo", "x"], /foo is not a type\. Use one of file, folder/],
    [["restore", "/x"], /Specify a version: --version N.*\nSee 'holdfast restore --help'\.$/m],
    [["put", "alone"], /^holdfast: Specify at least one source.*\nSee 'holdfast put --help'\.$/m],
    [["put", "alone", "--json"], /Specify at least one source, and then the path on the server\.$/m],
    [["put", "--from-command", "/x", "alone"], /the command after --.*\nSee 'holdfast put --help'\.$/m],
    [["mv", "/x"], /and then the target\.\nSee 'holdfast mv --help'\.$/m],
    [["cp", "/x"], /and then the target\.\nSee 'holdfast cp --help'\.$/m],
    [["rewind", "/x"], /Specify a time: .*\nSee 'holdfast rewind --help'\.$/m],
    [["versions", "prune", "/x"], /--keep N\.\nSee 'holdfast versions prune --help'\.$/m],
    [["transfer", "/x"], /--to EMAIL\.\nSee 'holdfast transfer --help'\.$/m],
    [["settings", "name"], /value for name\.\nSee 'holdfast settings --help'\.$/m],
    [["admin", "frobnicate"], /unknown command 'frobnicate'/],
    [["deletes", "aprove"], /unknown command 'aprove' \(Did you mean approve\?\)/],
    [["second-factor", "of", "--json"], /unknown command 'of'\s+\(Did you mean (one of )?[^)]*off/],
    [["conflicts", "x"], /unknown command 'x'/],
    [["token", "creat", "backup", "--scopes", "files:read"], /unknown command 'creat' \(Did you mean create\?\)/],
    [["token", "--frobnicate"], /unknown option '--frobnicate'/],
    [["token", "ls", "x"], /too many arguments for 'ls'/],
    [["rm", "-r", "/x"], /unknown option '-r' \(folders are removed without it\)/],
    [["conflicts", "keep", "none", "x"], /'none' is not one of: copy, original, both\./],
    [["devices", "rm", "--json"], /<device> is missing\./],
    [["share", "/x", "--json"], /--with <recipient> is missing\./],
    [["serve", "--host", "0.0.0.0"], /Did you mean --listen HOST:PORT\?/],
    [["put", "-dash.txt", "/"], /write -- before it, or \.\/-dash\.txt for a file here\.\)/],
    [["put", "a", "/", "--lmit=2.5M"], /unknown option '--lmit=2\.5M'$/m],
    [["serve", "--port", "80"], /unknown option '--port' \(Did you mean --listen HOST:PORT\?\)/],
    [["ls", "--bind", "80"], /unknown option '--bind'$/m],
    [["get", "/x", "-", "--json"], /so --json cannot be used/],
  ];
  for (const [args, expected] of table) {
    const { code, stdout, stderr } = await holdfast(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /^holdfast: /);
    assert.match(stderr, expected);
    if (!args.includes("--json")) continue;
    const { error } = JSON.parse(stdout);
    assert.equal(error.code, "usage");
    assert.match(error.message, expected);
  }
});

test("the password is requested only after the server has responded", async () => {
  const away = { HOLDFAST_SERVER: "http://127.0.0.1:9", HOLDFAST_TOKEN: "hfp_none" };
  for (const args of [
    ["passwd"],
    ["second-factor", "off"],
    ["app-passwords", "add", "camera"],
    ["account", "address", "ann@example.org"],
    ["admin", "users", "add", "ann@example.org"],
    ["admin", "users", "reset-password", "ann@example.org"],
  ]) {
    const { code, stderr } = await runHere(environmentOf(away), args, { typed: "" });
    assert.equal(code, 7, stderr);
    assert.match(stderr, /^holdfast: The server http:\/\/127\.0\.0\.1:9 cannot be reached/, args.join(" "));
  }
});

test("a new password that is too short is rejected before it is typed again", async () => {
  const args = ["admin", "users", "add", "ann@example.org", "--data", "/nowhere"];
  const { code, stderr } = await runHere(environmentOf({}), args, { typed: "short\n" });
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "Password for ann@example.org: \nholdfast: The password is too short: it needs at least 8 characters.\n",
  );
});

test("a group without a subcommand runs its ls", async () => {
  const groups = (command: Command, path: string[]): string[][] => [
    ...(command.registeredArguments.every(({ required }) => !required) &&
    command.commands.some((child) => child.name() === "ls")
      ? [path]
      : []),
    ...command.commands.flatMap((child) => groups(child, [...path, child.name()])),
  ];
  const all = groups(await makeProgram(context, "1.0.0"), []).filter((path) => path.length > 0);
  assert.ok(all.length > 12);
  for (const group of all) {
    const [alone, list] = [await holdfast([...group, "--json"]), await holdfast([...group, "ls", "--json"])];
    assert.deepEqual(alone, list, group.join(" "));
    assert.notEqual(alone.stdout, "", group.join(" "));
  }
});

test("each option of a group belongs to one of its commands", async () => {
  for (const args of [
    ["admin", "users", "--data", "/nowhere", "disable", "ann@example.org"],
    ["admin", "users", "disable", "ann@example.org", "--data", "/nowhere"],
  ])
    assert.match((await holdfast(args)).stderr, /There is no database in \/nowhere/);
  assert.equal(JSON.parse((await holdfast(["token", "--json", "ls"])).stdout).error.code, "unauthenticated");
});

test("every command accepts --json as its last argument", async () => {
  const leaves = (command: Command, path: string[]): [string[], Command][] => [
    ...(Reflect.get(command, "_actionHandler") ? [[path, command] as [string[], Command]] : []),
    ...command.commands.flatMap((child) => leaves(child, [...path, child.name()])),
  ];
  const names = leaves(await makeProgram(context, "1.0.0"), []).map(([path]) => path);
  assert.ok(names.length > 30);
  for (const path of names) {
    if (path[0] === "cat") continue;
    const program = await makeProgram(context, "1.0.0");
    const found = leaves(program, []).find(([each]) => each.join(" ") === path.join(" "))?.[1];
    assert.ok(found);
    let json: unknown;
    found.action(() => void (json = found.opts()["json"]));
    const values = found.registeredArguments.flatMap(
      ({ argChoices, variadic }) => argChoices?.[0] ?? (variadic ? ["./a", "./b"] : "./a"),
    );
    const needed = found.options.filter((option) => option.mandatory).flatMap(({ long }) => [long ?? "", "1"]);
    await program.parseAsync([...path, ...values, ...needed, "--json"], { from: "user" });
    assert.equal(json, true, path.join(" "));
  }
});

test("every command has help with examples, and its name matches its place in the table", async () => {
  const program = await makeProgram(context, "1.0.0");
  assert.deepEqual(
    program.commands.map((command) => command.name()),
    Object.keys(commandTable),
  );
  const check = (command: Command): void => {
    let help = "";
    command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp();
    assert.match(help, /Examples:\n {2}\$ /, `help of ${command.name()}`);
    assert.notEqual(command.description(), "");
    for (const child of command.commands) check(child);
  };
  for (const child of program.commands) check(child);
});

test("in 40 columns the help breaks no description within a word", async () => {
  for (const name of ["share", "serve", "admin"]) {
    const [command = assert.fail()] = (await makeProgram(context, "0", name)).commands;
    command.configureHelp({ ...command.configureHelp(), helpWidth: 40 });
    const long = command
      .helpInformation()
      .split("\n")
      .filter((line) => line.length > 40 && !line.startsWith("Usage:"));
    assert.deepEqual(long, [], name);
  }
});

test("the help lists each command under a title", () => {
  assert.deepEqual(Object.keys(helpGroups).toSorted(), Object.keys(commandTable).toSorted());
});

test("a command loaded alone is the same as in the whole tree", async () => {
  const program = await makeProgram(context, "1.0.0", "ls");
  assert.deepEqual(
    program.commands.map((command) => command.name()),
    ["ls"],
  );
});

test("the scripts for zsh and fish name every command", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { stdout, code } = await holdfast(["completion", shell]);
    assert.equal(code, 0);
    for (const name of [...Object.keys(commandTable), "reset-password"])
      assert.ok(stdout.includes(name), `${shell}: ${name}`);
  }
});

test("quotas are parsed in common notations", () => {
  assert.deepEqual(["5", "2K", "500M", "100G", "2TiB", "none"].map(parseQuota), [
    5,
    2048,
    500 * 2 ** 20,
    100 * 2 ** 30,
    2 ** 41,
    null,
  ]);
  for (const bad of ["", "-1", "5X", "1.5", "99999999999T"]) assert.throws(() => parseQuota(bad), { code: "usage" });
});
