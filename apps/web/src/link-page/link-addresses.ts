/** Address mapping of the router. It may modify its argument. */
interface Rewrite {
  readonly input: (given: { readonly url: URL }) => URL;
  readonly output: (given: { readonly url: URL }) => URL;
}

/**
 * Maps the address of a link page, `/s/{token}?in={folder}`, to the app's `/files/{folder}` and back. The link page has
 * a single path, which also works without JavaScript. With the mapping, the app's folder view works for links too.
 */
export function linkAddresses(token: string): Rewrite {
  return {
    input: ({ url }) => {
      const folder = url.searchParams.get("in") ?? "root";
      url.searchParams.delete("in");
      url.pathname = folder === "" || folder === "root" ? "/files" : `/files/${encodeURIComponent(folder)}`;
      return url;
    },
    output: ({ url }) => {
      const folder = /^\/files\/([^/]+)\/?$/.exec(url.pathname)?.[1];
      url.pathname = `/s/${token}`;
      const others = [...url.searchParams].filter(([name]) => name !== "in");
      url.search = new URLSearchParams([
        ...(folder === undefined ? [] : [["in", decodeURIComponent(folder)]]),
        ...others,
      ]).toString();
      return url;
    },
  };
}
