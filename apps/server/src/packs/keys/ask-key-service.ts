import { HoldfastError } from "@holdfast/core/errors";
import type { z } from "zod";

export interface Question {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;

/**
 * @returns the parsed response; undefined if the service rejects the request itself (400)
 * @throws HoldfastError unavailable while it does not respond; failed if it refuses
 */
export async function askKeyService<Answer>(
  { id, url, headers, body }: Question,
  schema: z.ZodType<Answer>,
): Promise<Answer | undefined> {
  let status: number;
  let text: string;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = answer.status;
    text = await answer.text();
  } catch (error) {
    throw away(id, reasonOf(error), error);
  }
  if (status === 400) return undefined;
  if (status >= 500 || status === 429) throw away(id, `it answers ${status}`);
  if (status !== 200) {
    throw new HoldfastError(
      "failed",
      `The key service denied this server access to the key ${id} (${status}). Check its token or credentials and their permissions. Nothing was changed.`,
    );
  }
  const parsed = text.length > answerBytesMax ? undefined : schema.safeParse(parseJson(text));
  if (parsed?.success !== true) throw away(id, "its response is not from a key service");
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function away(id: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    "unavailable",
    `The key ${id} cannot be used: ${reason}. Nothing was changed. Try again when its service is available.`,
    { cause, retryAfterSeconds: 5 },
  );
}
