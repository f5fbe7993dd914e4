import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import { within } from "../../base/within.ts";
import type { PictureType } from "./picture-types.ts";
import { frameHead, type PipeFrame, readFrames, words } from "./pipe-frames.ts";

/** Reason for a missing thumbnail: the library rejected the picture, crashed or was too slow. */
export type Failure = "unreadable" | "deadly" | "slow";

export interface Picture {
  readonly type: PictureType;
  readonly sizeBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const program = fileURLToPath(new URL("make-thumb.ts", import.meta.url));
/** Thumbnails are WebP of at most 2,048 pixels in width and height; uncompressed, four bytes per pixel. */
const answerBytesMax = 32 * 1024 * 1024;

/** Process that creates one thumbnail at a time. Not reused after a picture ended it. */
export class PictureProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncGenerator<PipeFrame, void, undefined>;
  readonly #timeoutMs: number | undefined;
  #isReady = false;
  #isOver = false;
  made = 0;

  /** @param timeoutMs limit for one picture, after the process has received it */
  constructor({ timeoutMs }: { readonly timeoutMs?: number | undefined } = {}) {
    this.#timeoutMs = timeoutMs;
    // The process gets none of the server's environment, which contains secrets.
    this.#child = spawn(process.execPath, ["--max-old-space-size=256", program], {
      stdio: ["pipe", "pipe", "ignore"],
      cwd: "/",
      env: { UV_THREADPOOL_SIZE: "2", MALLOC_ARENA_MAX: "2", VIPS_BLOCK_UNTRUSTED: "1" },
    });
    this.#child.once("error", () => (this.#isOver = true));
    this.#child.once("exit", () => (this.#isOver = true));
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.on("error", () => {});
    this.#answers = readFrames(this.#child.stdout, answerBytesMax);
    beNice(this.#child.pid);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** undefined if it did not start. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * @returns the WebP, or the reason for the failure
   * @throws HoldfastError unavailable if the process cannot run; errors of `picture`
   */
  async make({ type, sizeBytes, bytes }: Picture, size: ThumbSize): Promise<Buffer | Failure> {
    await this.#started();
    try {
      await this.#write(frameHead(size, sizeBytes));
      for await (const some of bytes) {
        if (this.#isOver) break;
        await this.#write(some);
      }
    } catch (error) {
      this.end();
      throw error;
    }
    const answer = await this.#answer(
      this.#timeoutMs ?? (type === "pdf" ? limits.thumbPdfTimeoutMs : limits.thumbTimeoutMs),
    );
    if (answer === "slow") this.end();
    if (typeof answer === "string") return answer;
    this.made += 1;
    return answer.word === words.made ? Buffer.from(answer.bytes) : "unreadable";
  }

  end(): void {
    this.#isOver = true;
    this.#child.kill("SIGKILL");
  }

  async #started(): Promise<void> {
    if (this.#isReady) return;
    const answer = await this.#answer(limits.thumbTimeoutMs);
    this.#isReady = typeof answer !== "string" && answer.word === words.ready;
    if (this.#isReady) return;
    this.end();
    throw new HoldfastError("unavailable", "The thumbnail process does not start.", {
      retryAfterSeconds: 60,
    });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { stdin } = this.#child;
    if (this.#isOver || stdin.write(bytes)) return;
    // Waits for either event, because an ended process drains nothing.
    const over = new AbortController();
    const { signal } = over;
    await Promise.race([once(stdin, "drain", { signal }), once(stdin, "close", { signal })]).catch(() => {});
    over.abort();
  }

  async #answer(timeoutMs: number): Promise<PipeFrame | "deadly" | "slow"> {
    const answer = this.#answers.next().then(
      ({ value }) => value ?? ("deadly" as const),
      () => "deadly" as const,
    );
    const first = await within(timeoutMs, answer, () => "slow" as const);
    if (first === "deadly") this.end();
    return first;
  }
}

/** Requests have priority over thumbnails. */
function beNice(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // The process has ended, or the system has no priorities.
  }
}
