import { Api, ok } from "./testing.ts";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly api: Api;
}

let people = 0;

export async function newPerson(admin: Api, password = "a sentence of somebody"): Promise<Person> {
  const account = { email: `person${++people}@example.com`, password };
  const { id } = await ok(admin, "POST", "/admin/users", account);
  return { ...account, id, api: await Api.signIn(admin.url, account) };
}
