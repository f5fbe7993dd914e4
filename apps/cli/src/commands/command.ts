import { existsSync } from "node:fs";
import type { ReadStream } from "node:tty";
import type { Readable, Writable } from "node:stream";
import { Command, CommanderError } from "commander";
import type { OptionValues } from "commander";
import { HoldfastError } from "@holdfast/core/errors";
import type { Transport } from "@holdfast/api-client/transport";
import type { Connection } from "../config/connection.ts";
import type { LinkAddress } from "../links/link-address.ts";
import type { LimitedTraffic } from "../config/limited-transport.ts";
import { Output } from "../output/output.ts";
import type { ConnectionRemarks } from "../output/connection-remarks.ts";

/** Environment and streams of a command, which tests replace. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & Partial<Pick<ReadStream, "isTTY" | "setRawMode">>;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  exitCode: number;
}

/** Imports of a command happen when it runs. */
export type CommandMaker = (context: Context) => Command;

export class Run {
  readonly context: Context;
  readonly output: Output;
  /** Results so far of a command that fails, for --json. */
  doneBefore: object = {};
  #connection: Connection | undefined;
  #remarks: ConnectionRemarks | undefined;
  #limit: { readonly bytesPerSecond: number; readonly traffic: LimitedTraffic } | undefined;

  constructor(context: Context, output: Output) {
    this.context = context;
    this.output = output;
  }

  /** Applies from the next connection on. */
  limit(bytesPerSecond: number): void {
    this.#limit = { bytesPerSecond, traffic: { sentBytes: 0, receivedBytes: 0, contentBytes: 0 } };
  }

  /** Undefined without a limit. */
  get traffic(): LimitedTraffic | undefined {
    return this.#limit?.traffic;
  }

  async connect(): Promise<Connection> {
    const { connect } = await import("../config/connection.ts");
    this.#connection ??= await connect(this.context.environment, {
      ...(await this.#choices()),
      prove: async (client) => {
        // From here on the command also waits for the person.
        (await this.remarks()).isWaitSaid = true;
        await (await import("./prove.ts")).prove(this, client);
      },
    });
    return this.#connection;
  }

  /** Asks for a secret after the server has confirmed the login. @throws HoldfastError usage without a terminal */
  async askSecret(question: string): Promise<string> {
    const { askSecret, requireTerminal } = await import("../terminal.ts");
    requireTerminal(this.context, question);
    const { client } = await this.connect();
    await client.call("getAccount");
    return askSecret(this.context, question);
  }

  async remarks(): Promise<ConnectionRemarks> {
    const { ConnectionRemarks } = await import("../output/connection-remarks.ts");
    this.#remarks ??= new ConnectionRemarks(this.output, this.context.stderr.isTTY === true);
    return this.#remarks;
  }

  async #choices() {
    const { onSilence, onBusy, onSlow } = await this.remarks();
    return { onSilence, onBusy, onSlow, wrap: await this.#wrap() };
  }

  async #wrap(): Promise<((transport: Transport) => Transport) | undefined> {
    const limit = this.#limit;
    if (limit === undefined) return undefined;
    const { limitedTransport } = await import("../config/limited-transport.ts");
    return (transport) => limitedTransport(transport, limit.bytesPerSecond, limit.traffic);
  }

  /**
   * Connects to the server of a link, and makes the link's item the root. On a terminal, asks for the password of the
   * link.
   * @param reads false for a command that only uploads
   * @returns undefined if the address is not a link
   */
  async connectByLink(address: string, readsPassword: boolean, reads: boolean): Promise<LinkAddress | undefined> {
    const { connectByLink, readLinkAddress } = await import("../links/link-address.ts");
    const link = readLinkAddress(address);
    if (link === undefined && readsPassword) throw usage("--password-stdin can only be used with a link.");
    if (link === undefined) {
      // Rejects a wrong address before anyone is asked to sign in.
      const { refuseAddress } = await import("../remote/remote-path.ts");
      refuseAddress(address);
      return undefined;
    }
    const { askSecret, firstLine } = await import("../terminal.ts");
    const password = readsPassword ? await firstLine(this.context.stdin) : undefined;
    this.#connection = await connectByLink(this.context.environment, link, {
      password,
      askPassword:
        this.context.stdin.isTTY === true ? () => askSecret(this.context, "Password of the link: ") : undefined,
      reads,
      ...(await this.#choices()),
    });
    return link;
  }

  close(): Promise<void> {
    return this.#connection?.client.close() ?? Promise.resolve();
  }
}

const oneDocument = "print a single JSON document to standard output and nothing else";

/**
 * Creates a command with --json, --quiet and examples.
 * @param json help of --json, if its output is not one document
 */
export function newCommand(name: string, summary: string, examples: readonly string[], json = oneDocument): Command {
  const command = new Command(name)
    .description(summary)
    .option("--json", json)
    .option("-q, --quiet", "print only errors, warnings, questions and what was asked for");
  return withExamples(command, examples);
}

/** Creates a group of commands.  @param alone a second instance of its `ls`, which runs if no command is named */
export function newGroup(
  name: string,
  summary: string,
  examples: readonly string[],
  commands: readonly Command[],
  alone = new Command(),
): Command {
  const group = withExamples(alone.name(name).description(summary), examples);
  for (const command of commands) group.addCommand(command);
  return group;
}

const examplesOf = new WeakMap<Command, readonly string[]>();

function withExamples(command: Command, examples: readonly string[]): Command {
  const isFirst = !examplesOf.has(command);
  examplesOf.set(command, examples);
  return isFirst ? command.addHelpText("after", () => shownExamples(examplesOf.get(command) ?? [])) : command;
}

/** @param examples text after `holdfast`, or a whole pipe that ends in it */
function shownExamples(examples: readonly string[]): string {
  const lines = examples.map((example) => (example.includes("| holdfast ") ? example : `holdfast ${example}`));
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

/** Errors of `body` become a message on stderr and an exit code. */
export function runs<Arguments extends unknown[]>(
  context: Context,
  command: Command,
  body: (run: Run, ...args: [...Arguments, OptionValues]) => Promise<void>,
): Command {
  return command.action(async (...given: unknown[]) => {
    // Options of a group apply too: `admin users --data DIR disable ANN`. The command's own options take precedence.
    const options = { ...command.optsWithGlobals(), ...command.opts() };
    const args = [...given.slice(0, -2), options] as [...Arguments, OptionValues];
    const run = new Run(context, new Output(options, context.stdout, context.stderr));
    try {
      await body(run, ...args);
    } catch (thrown) {
      if (thrown instanceof CommanderError) throw thrown;
      const { toSentence } = await import("../output/system-failure.ts");
      const error = toSentence(thrown);
      if (error.code === "internal" && context.environment["HOLDFAST_DEBUG"] !== undefined)
        for (const line of String(error.stack).split("\n")) run.output.note(line);
      await run.output.failure(error, run.doneBefore);
      context.exitCode = error.exitCode;
    } finally {
      await run.close();
    }
  });
}

/** Fails with "unknown command" and suggests a similar name for the first argument. */
export function unknownCommand(command: Command): void {
  Reflect.apply(Reflect.get(command, "unknownCommand") as () => void, command, []);
}

/** For a group that accepts a folder: a word that is not a folder is reported as a mistyped command. */
export function refuseMistyped(command: Command): void {
  command.hook("preAction", (_, acting) => {
    const [folder] = acting.args;
    if (acting === command && folder !== undefined && !folder.includes("/") && !existsSync(folder))
      unknownCommand(command);
  });
}

const titleCharactersMax = 200;

/** Checks the name of a person, device or token. @throws HoldfastError usage, with the name of the option */
export function checkTitle(text: string, what: string): string {
  if (text.trim() === "") throw usage(`${what} is empty.`);
  if (text.length > titleCharactersMax)
    throw usage(`${what} is too long: the maximum is ${titleCharactersMax} characters.`);
  return text;
}

/** @returns undefined if the option is absent @throws HoldfastError usage, with the name of the option */
export function parseCount(text: unknown, option: string): number | undefined {
  if (typeof text !== "string") return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw usage(`${option} takes a whole number of at least 1, not ${text}.`);
}

/** Fails like commander for a missing argument, with a reference to the command's help. */
export function missing(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}

export function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
