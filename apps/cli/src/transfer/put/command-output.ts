import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";

/**
 * Starts the command without a shell when its first bytes are read. Throws at the end unless the exit code is 0,
 * because half a dump must not be stored.
 */
export class CommandOutput implements AsyncIterable<Uint8Array> {
  readonly name: string;
  readonly #words: readonly string[];
  #child: ChildProcessByStdio<null, Readable, null> | undefined;
  /** The command has exited with code 0. Its output may still be uploading. */
  isWhole = false;

  constructor(words: readonly string[]) {
    this.#words = words;
    this.name = printable(words[0] ?? "");
  }

  /** @throws HoldfastError failed if the command fails; usage if it cannot be started */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const [file = "", ...args] = this.#words;
    try {
      const child = spawn(file, args, { stdio: ["inherit", "pipe", "inherit"] });
      this.#child = child;
      const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      // Prevents an unhandled rejection; awaited below.
      ended.catch(() => {});
      yield* child.stdout as AsyncIterable<Uint8Array>;
      const [code, signal] = await ended;
      if (code !== 0) {
        const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
        throw new HoldfastError("failed", `${this.name} ${how}; nothing was stored.`);
      }
      this.isWhole = true;
    } catch (thrown) {
      if (!(thrown instanceof Error && String(Reflect.get(thrown, "syscall")).startsWith("spawn"))) throw thrown;
      const code = String(Reflect.get(thrown, "code"));
      const why = code === "ENOENT" ? "was not found" : `cannot be started (${code})`;
      throw new HoldfastError("usage", `The command ${this.name} ${why}; nothing was stored.`, { cause: thrown });
    }
  }

  /** Does not wait for the command. A command that has ended receives no signal. */
  stop(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
    this.#child?.stdout.destroy();
    this.#child?.unref();
  }
}
