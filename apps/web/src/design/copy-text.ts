/**
 * Accepts a promise, because browsers allow copying only if it starts in the click event.
 * @throws CopyFailed if the browser does not allow it, as on plain http; or the error of `text`
 */
export async function copyText(text: string | Promise<string>): Promise<void> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (typeof text === "string" && clipboard !== undefined) return clipboard.writeText(text);
  // Without a clipboard, an error of `text` takes precedence.
  const fetched = Promise.resolve(text);
  if (clipboard === undefined || typeof ClipboardItem === "undefined")
    return fetched.then(() => Promise.reject(new CopyFailed()));
  const blob = fetched.then((each) => new Blob([each], { type: "text/plain" }));
  const written = clipboard.write([new ClipboardItem({ "text/plain": blob })]).catch(() => new CopyFailed());
  const [outcome] = await Promise.all([written, fetched]);
  if (outcome instanceof CopyFailed) throw outcome;
}

export class CopyFailed extends Error {}
