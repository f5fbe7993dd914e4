import assert from "node:assert/strict";
import { test } from "node:test";
import { mountEndpoints, mountPages, Places } from "./mount.ts";
import { openidEndpoints } from "./oauth/openid-endpoints.ts";
import { splitTarget } from "./route-tree.ts";

test("standard endpoints get their own path, regardless of the request's spelling", async () => {
  const places = new Places();
  const reached: string[] = [];
  mountEndpoints(places, openidEndpoints, ({ method, url }) => {
    reached.push(`${method} ${url}`);
    return Promise.resolve({ status: 204 });
  });
  const ask = async (method: string, target: string): Promise<boolean> => {
    const found = places.find(method, splitTarget(target)?.path ?? "");
    const params = found?.mounted.route.params?.safeParse(found.params);
    if (found === undefined || params?.success === false) return false;
    await found.mounted.handler({ url: target, params: params?.data, head: method === "HEAD" });
    return true;
  };
  assert.ok(await ask("GET", "/oauth/authorize?client_id=a"));
  assert.ok(await ask("HEAD", "http://any/oauth/authorize?client_id=a"));
  assert.ok(await ask("GET", "/oauth/%61uthorize"));
  assert.ok(await ask("GET", "/oauth/authorize/abc_-1?a=/../b"));
  assert.deepEqual(reached, [
    "GET /oauth/authorize?client_id=a",
    "HEAD /oauth/authorize?client_id=a",
    "GET /oauth/authorize",
    "GET /oauth/authorize/abc_-1?a=/../b",
  ]);
  // The provider's router would take these for the path without the last segment, or for another path.
  for (const last of ["", ".", "%2e", "..", "x\\..", "..\\userinfo", "a%2Fb"])
    assert.equal(await ask("GET", `/oauth/authorize/${last}?client_id=a`), false, last);
});

test("a second handler for the same request is an error", () => {
  const places = new Places();
  const pages = new Map([["/page", () => ({ status: 204 })]]);
  mountPages(places, pages, new Map());
  assert.throws(() => mountPages(places, pages, new Map()), { code: "internal" });
});
