import { forEachBounded } from "@holdfast/core/task-group";

/** Of one build: its page, and the scripts, styles and pictures that the page may ask for. The build writes it. */
export interface BuiltShell {
  /** Names the build. */
  readonly key: string;
  /** The content of the page; as `tagOf`. */
  readonly pageTag: string;
  /** Paths, and the tag of each one's content. */
  readonly files: readonly (readonly [path: string, tag: string])[];
}

/** The same for everybody, and no secret: not of an account, so it stays when somebody signs out. */
const prefix = "shell-";
/** Every place answers the same page. */
const anyPlace = "/files";
const atOnce = 6;

/**
 * Keeps all of a build, or nothing of it. A page or file with another content than the build's is refused: the server may be of another build by now.
 * @throws TypeError what could not be had
 */
export async function installShell(shell: BuiltShell): Promise<void> {
  // The page is kept last: who has it has all. It is so where the worker changed and the app did not.
  if ((await keptPage(shell)) !== undefined) return;
  const { key, pageTag, files } = shell;
  const name = prefix + key;
  const cache = await caches.open(name);
  const keep = async (path: string, tag: string, answer: Response) => {
    if (!answer.ok || answer.redirected || (await tagOf(answer.clone())) !== tag)
      throw new TypeError(`${path} is not as it was built.`);
    await cache.put(path, answer);
  };
  try {
    await forEachBounded(files, atOnce, async ([path, tag]) => {
      // What did not change since the build before it is not asked for again.
      await keep(path, tag, (await keptFile(path)) ?? (await fetch(path)));
    });
    await keep(anyPlace, pageTag, await fetch(anyPlace, { cache: "no-store" }));
  } catch (thrown) {
    await caches.delete(name);
    throw thrown;
  }
}

/** The page of this build, for when the server does not answer. */
export async function keptPage({ key }: BuiltShell): Promise<Response | undefined> {
  return caches.match(anyPlace, { cacheName: prefix + key, ignoreVary: true });
}

/** Of whichever build it is: its name tells its content. */
export async function keptFile(path: string): Promise<Response | undefined> {
  for (const cacheName of await shellNames()) {
    const kept = await caches.match(path, { cacheName, ignoreVary: true });
    if (kept !== undefined) return kept;
  }
  return undefined;
}

/** Pages of the build before this one may be open, and load the rest of it when they need it. Of those before it the server still has files. */
export async function dropOlderShells({ key }: BuiltShell, keptOthers: 0 | 1): Promise<void> {
  const others = (await shellNames()).filter((name) => name !== prefix + key);
  await Promise.all(others.slice(0, others.length - keptOthers).map((name) => caches.delete(name)));
}

/** The oldest first, as the browser lists them. */
async function shellNames(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

/** As the index of the build has it: the beginning of the SHA-256 of the content. */
async function tagOf(answer: Response): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer()));
  const text = btoa(String.fromCharCode(...digest));
  return text.replaceAll("+", "-").replaceAll("/", "_").slice(0, tagCharacters);
}

const tagCharacters = 22;
