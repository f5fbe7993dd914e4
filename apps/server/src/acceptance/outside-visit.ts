import { visitProvider } from "../features/issuer/testing-provider.ts";
import { Api, type ApiAnswer, ok } from "./testing.ts";

export class OutsideVisit {
  readonly #url: string;
  readonly #from: Readonly<Record<string, string>>;
  readonly #jar = new Map<string, string>();

  /** @param address origin as reported by a proxy */
  constructor(url: string, address?: string) {
    this.#url = url;
    this.#from = address === undefined ? {} : { "x-forwarded-for": address };
  }

  copy(): OutsideVisit {
    const copied = new OutsideVisit(this.#url);
    for (const [name, value] of this.#jar) copied.#jar.set(name, value);
    return copied;
  }

  async call(method: string, path: string, json?: object, token?: string): Promise<ApiAnswer> {
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await new Api(this.#url, token).call(method, path, json, {
      headers: { origin: this.#url, cookie, ...this.#from },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.#jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  async begin(): Promise<string> {
    return (await this.call("POST", "/sessions/outside", {})).body.url;
  }

  answer(back: URL): Promise<ApiAnswer> {
    return this.call("POST", "/sessions/outside/answer", Object.fromEntries(back.searchParams));
  }

  async ticket(login: string): Promise<string> {
    const { status, body } = await this.answer(await visitProvider(await this.begin(), login));
    if (status !== 200) throw new Error(`The issuer's answer was answered ${status}: ${JSON.stringify(body)}`);
    return body.ticket;
  }

  async signIn(login: string, factor: object = {}): Promise<ApiAnswer> {
    return this.call("POST", "/sessions/web/outside", { ticket: await this.ticket(login), ...factor });
  }

  async signedIn(login: string): Promise<Api> {
    const { status, body } = await this.signIn(login);
    if (status !== 200) throw new Error(`The sign-in was answered ${status}: ${JSON.stringify(body)}`);
    return new Api(this.#url, body.access_token);
  }

  /** From the settings of a signed-in user. @param meanwhile runs before the ticket is used */
  async link(api: Api, proof: object, login: string, meanwhile = async () => {}): Promise<ApiAnswer> {
    const begun = await this.call("POST", "/account/outside", proof, api.token);
    if (begun.status !== 200) return begun;
    const back = await this.answer(await visitProvider(begun.body.url, login));
    await meanwhile();
    return api.call("POST", "/account/outside/confirm", { ticket: back.body.ticket });
  }

  async prove(api: Api, login: string, factor: object = {}): Promise<ApiAnswer> {
    const begun = await this.call("POST", "/sessions/current/proof/outside", {}, api.token);
    if (begun.status !== 200) return begun;
    const { body } = await this.answer(await visitProvider(begun.body.url, login));
    return api.call("POST", "/sessions/current/proof/outside/confirm", { ticket: body.ticket, ...factor });
  }
}

export async function itemsOf(api: Api, path: string): Promise<ApiAnswer["body"][]> {
  return (await ok(api, "GET", path)).items;
}
