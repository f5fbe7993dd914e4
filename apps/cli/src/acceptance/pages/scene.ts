import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { eventually, launcher, makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { reservePort } from "@holdfast/tools/reserved-port";
import { root } from "./page-commands.ts";

export interface Script {
  /** Words of the page and their replacements, applied in order. `$` is expanded by the shell. */
  readonly standIns: readonly (readonly [word: string, here: string])[];
  /** Commands to run before a command of the page, which the page describes in its text. */
  readonly before?: Readonly<Record<string, string>>;
  /** Commands that run until they are ended, and output that shows success. `stays`: until the end of the page. */
  readonly endless?: Readonly<Record<string, { readonly shows: RegExp; readonly stays?: true }>>;
  readonly codes?: Readonly<Record<string, number>>;
  readonly notRun?: Readonly<Record<string, string>>;
}

const waitMs = 120_000;
const password = "correct horse battery staple";

export interface Said {
  readonly code: number | null;
  readonly output: string;
}

export class Scene {
  readonly home = makeFolder("page");
  readonly here = join(this.home, "here");
  readonly #port: number;
  readonly #children: ChildProcess[] = [];

  private constructor(port: number) {
    this.#port = port;
    mkdirSync(this.here);
    // npx finds the command here.
    symlinkSync(join(root, "node_modules"), join(this.here, "node_modules"));
    writeFileSync(join(this.here, "password.txt"), `${password}\n`);
  }

  static async open(): Promise<Scene> {
    return new Scene(await reservePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async close(): Promise<void> {
    for (const child of this.#children.toReversed()) await end(child, "SIGTERM");
    removeFolder(this.home);
  }

  async say(text: string): Promise<Said> {
    const child = this.#spawn(text);
    const code = await child.code;
    return { code, output: child.output() };
  }

  /**
   * Ends the command when its output matches, unless it stays.
   * @throws Error if the output does not match in time
   */
  async begin(text: string, shows: RegExp, stays = false): Promise<Said> {
    // Ctrl-C also reaches the shell, which must survive to report the command's exit code.
    const begun = this.#spawn(`trap : INT\n${text}`);
    let ended: number | null | undefined;
    void begun.code.then((code) => (ended = code));
    await eventually(
      `${text} shows ${String(shows)}: ${begun.output()}`,
      waitMs,
      () => ended !== undefined || shows.test(begun.output()) || undefined,
    );
    if (!shows.test(begun.output())) return { code: ended ?? null, output: begun.output() };
    if (stays) {
      this.#children.push(begun.child);
      return { code: 0, output: begun.output() };
    }
    await end(begun.child, "SIGINT");
    return { code: await begun.code, output: begun.output() };
  }

  #spawn(text: string) {
    const child = spawn("sh", ["-c", `${functions}\n${text}`], {
      cwd: this.here,
      // Own process group: a signal reaches all processes, like Ctrl-C on a terminal.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PATH: `${dirname(launcher)}:${process.env["PATH"] ?? ""}`,
        HOME: this.home,
        XDG_CONFIG_HOME: join(this.home, ".config"),
        SYSTEMD_UNIT_PATH: join(this.home, "etc/systemd/system"),
        ROOT: root,
        NODE: process.execPath,
        SERVER: this.url,
        NEW: password,
        HOLDFAST_LISTEN: `127.0.0.1:${this.#port}`,
        HOLDFAST_DATA: join(this.home, "data"),
        HOLDFAST_RATE_LIMIT_SIGN_IN: "0",
        HOLDFAST_ADMIN_EMAIL: "you@example.com",
        HOLDFAST_ADMIN_PASSWORD: password,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => (output += part));
    }
    const code = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    return { child, code, output: () => output };
  }
}

/**
 * `pick EXPRESSION` evaluates an expression on the JSON document `j` on standard input. `as NAME COMMAND…` runs a
 * command as another person.
 */
const functions = `pick() { "$NODE" -p "const j = JSON.parse(require('node:fs').readFileSync(0)); $1"; }
as() { export HOLDFAST_CONFIG_DIR="$HOME/$1"; shift; "$@"; code=$?; unset HOLDFAST_CONFIG_DIR; return $code; }
join() { holdfast admin users add "$1" --password-stdin < password.txt; as "$1" holdfast login $SERVER --email "$1" --password-stdin < password.txt; }
`;

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, signal);
  await ended;
}
