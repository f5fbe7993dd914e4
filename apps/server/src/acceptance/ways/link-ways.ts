import { Api, ok } from "../testing.ts";
import { from, given, openerOf, openPage, type Preparation } from "./attempt.ts";
import { once, type Person } from "./people.ts";
import { held, newFolder } from "./token-ways.ts";
import type { PlainWay } from "./ways.ts";

const password = "what friends know";

export const linkWays = {
  link: async (person) => held(openerOf(person.house.server.url, await newLink(person))),
  "link with a password": async (person) => {
    const { house } = person;
    const token = await newLink(person, { password });
    return async (address) => {
      const opened = await new Api(house.server.url).call("POST", "/links/session", { token, password }, from(address));
      return given(house.server.url, opened);
    };
  },
  "page of a link": async (person) => {
    const token = await newLink(person);
    return held((address) => openPage(new Api(person.house.server.url), address, `/s/${token}`));
  },
  "page of a link with a password": async (person) => {
    const { house } = person;
    const token = await newLink(person, { password });
    const form = { method: "POST", body: new URLSearchParams({ password }) };
    return held(async (address) => {
      // Without the password the page shows only a password field.
      const api = new Api(house.server.url);
      const asked = await api.call("GET", `${house.server.url}/s/${token}`, undefined, from(address));
      if (asked.status === 200 && !/type="password"/.test(String(asked.body))) return "200 page";
      const { status } = await api.call("POST", `${house.server.url}/s/${token}`, undefined, {
        ...from(address),
        ...form,
      });
      // The POST reports a missing link as a wrong password, so the status of the GET counts.
      return status === 200 ? "opens" : `${asked.status} page`;
    });
  },
  "file from the page of a link": async (person) => {
    const token = await newLink(person);
    const id = await newFile(person);
    return held((address) => openPage(new Api(person.house.server.url), address, `/s/${token}/files/${id}`));
  },
} satisfies Partial<Record<PlainWay, Preparation>>;

/**
 * Creates an editable link to a folder, once for the same fields.
 * @param more further fields of the request
 */
export function newLink(person: Person, more: object = {}): Promise<string> {
  const asked = { link: true, role: "editor", ...more };
  return once(person, `link ${JSON.stringify(more)}`, async () => {
    const shared = await ok(person.api, "POST", `/files/${await newFolder(person)}/share`, asked);
    return shared.token;
  });
}

async function newFile(person: Person): Promise<string> {
  await newFolder(person);
  return once(person, "file", async () => (await person.api.put("/F/file", "content")).body.id);
}
