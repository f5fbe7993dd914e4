/**
 * Copies a text, also one that has to be fetched first: browsers allow that only if the copying begins with the click.
 * @throws if the browser does not allow it, as on plain http, or as `text` does
 */
export async function copyText(text: string | Promise<string>): Promise<void> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (typeof text === "string" && clipboard !== undefined) return clipboard.writeText(text);
  // Without a clipboard a failure to fetch is the more important one.
  const fetched = Promise.resolve(text);
  if (clipboard === undefined || typeof ClipboardItem === "undefined")
    return fetched.then(() => Promise.reject(new CopyFailed()));
  const blob = fetched.then((each) => new Blob([each], { type: "text/plain" }));
  const written = clipboard.write([new ClipboardItem({ "text/plain": blob })]).catch(() => new CopyFailed());
  const [outcome] = await Promise.all([written, fetched]);
  if (outcome instanceof CopyFailed) throw outcome;
}

/** The browser did not copy the text. */
export class CopyFailed extends Error {}
