/** Functions may modify their argument. */
interface Rewrite {
  readonly input: (given: { readonly url: URL }) => URL;
  readonly output: (given: { readonly url: URL }) => URL;
}

/**
 * Maps `/s/{token}?in={folder}`, which also works without JavaScript, to the app's `/files/{folder}` and back. So the
 * app's folder view works for links.
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
