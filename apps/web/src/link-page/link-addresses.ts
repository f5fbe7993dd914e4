/** As the router takes it, which changes what it is given. */
interface Rewrite {
  readonly input: (given: { readonly url: URL }) => URL;
  readonly output: (given: { readonly url: URL }) => URL;
}

/**
 * The page of a link has one path, which works without script too: `/s/{token}?in={folder}`. What shows folders in the app goes by
 * `/files/{folder}`; this turns the one into the other, so that it serves both.
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
