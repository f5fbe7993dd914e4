import { createHash } from "node:crypto";
import { plain } from "../../features/thumbs/testing-pictures.ts";
import { Api, ok } from "../testing.ts";
import { from, type Preparation, refusal } from "./attempt.ts";
import { newLink } from "./link-ways.ts";
import { once, type Person } from "./people.ts";
import { appPassword, held, newFolder, personalToken } from "./token-ways.ts";
import { type SignedUse, type SignedWay, signedWays as all, type Signer } from "./ways.ts";

/** Earlier address that carries its own right. */
export const signedWays = Object.fromEntries(all.map(({ way, use, signer }) => [way, signed(use, signer)])) as Record<
  SignedWay,
  Preparation
>;

interface Place {
  readonly folder: string;
  readonly picture: string;
  readonly content: string;
}

type Sign = (api: Api, place: Place) => Promise<readonly [url: string, body?: Buffer]>;

const block = Buffer.from("a block that somebody else is to send");

const uses: Readonly<Record<SignedUse, Sign>> = {
  download: async (api, { picture }) => {
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id: picture, use: "download" }] });
    return [urls[0].url];
  },
  "block upload": async (api, { folder }) => {
    const asked = { hash: createHash("sha256").update(block).digest("hex"), size: block.length, into: folder };
    return [(await ok(api, "POST", "/blocks/upload-url", asked)).url, block];
  },
  thumbnail: async (api, { folder, content }) => {
    const { t } = await ok(api, "GET", `/folders/${folder}/contents?fields=row`);
    return [`${api.url}/api/v1/thumbs/${content}/s?t=${encodeURIComponent(t)}`];
  },
  export: async (api) => [(await ok(api, "POST", "/account/export", {})).url],
};

const credentials: Readonly<Record<Signer, (person: Person) => Promise<string>>> = {
  "a session": ({ api }) => Promise.resolve(api.token ?? ""),
  "a personal token": personalToken,
  "an app password": (person) => appPassword(person),
  "an app password of a folder": async (person) => appPassword(person, await newFolder(person)),
  "a link": (person) => newLink(person),
};

function signed(use: SignedUse, signer: Signer): Preparation {
  return async (person) => {
    const { url } = person.house.server;
    const api = new Api(url, await credentials[signer](person));
    const [address, body] = await uses[use](api, await newPlace(person));
    const init = body === undefined ? {} : { body: new Uint8Array(body) };
    return held(async (asker) => {
      const opened = await new Api(url).call(body === undefined ? "GET" : "PUT", address, undefined, {
        ...from(asker),
        ...init,
      });
      return opened.status < 300 ? "opens" : refusal(opened);
    });
  };
}

const picture = await plain("png", 64);

async function newPlace(person: Person): Promise<Place> {
  const folder = await newFolder(person);
  const put = async () => JSON.stringify((await person.api.put("/F/picture.png", picture)).body);
  const { id, content_id: content } = JSON.parse(await once(person, "picture", put));
  return { folder, picture: id, content };
}
