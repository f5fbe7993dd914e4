import assert from "node:assert/strict";
import { test } from "node:test";
import { linkAddresses } from "./link-addresses.ts";

const { input, output } = linkAddresses("hfl_abc");
const inside = (path: string) => input({ url: new URL(path, "https://drive.example") }).href.slice(21);
const outside = (path: string) => output({ url: new URL(path, "https://drive.example") }).href.slice(21);

test("each internal place has one external address, which leads back to it", () => {
  for (const [place, address] of [
    ["/files", "/s/hfl_abc"],
    ["/files/01abc", "/s/hfl_abc?in=01abc"],
    ["/files/01abc?open=01def&sort=-size", "/s/hfl_abc?in=01abc&open=01def&sort=-size"],
    ["/files?open=01def", "/s/hfl_abc?open=01def"],
  ] as const) {
    assert.equal(outside(place), address);
    assert.equal(inside(address), place);
  }
});

test("the folder appears once in the address, and the link's root folder is the top", () => {
  assert.equal(outside("/files/01abc?in=01old&open=01def"), "/s/hfl_abc?in=01abc&open=01def");
  assert.equal(inside("/s/hfl_abc?in=root"), "/files");
  assert.equal(inside("/s/hfl_abc?in="), "/files");
});

test("internal paths outside the link lead to its top", () => {
  for (const place of ["/", "/edit/01abc", "/files/01abc/more"]) assert.equal(outside(place), "/s/hfl_abc");
});
