import type * as argon2Module from "@node-rs/argon2";
import { createRequire } from "node:module";

type Argon2 = typeof argon2Module;

/**
 * Loaded before the files of a batch. Hashes and verifies each password once per process: one call takes 15 ms, and the
 * tests use the same few passwords thousands of times. The only difference is that equal passwords get equal salts.
 * The long tier runs without it.
 */
const argon2 = createRequire(import.meta.url)("@node-rs/argon2") as Argon2;
const { hash, verify } = argon2;
const hashes = new Map<string, Promise<string>>();
const verified = new Map<string, Promise<boolean>>();

const hashOnce: Argon2["hash"] = (password, options) => {
  const key = JSON.stringify([String(password), options]);
  return keep(hashes, key, () => hash(password, options));
};

const verifyOnce: Argon2["verify"] = (hashed, password) => {
  const key = JSON.stringify([String(hashed), String(password)]);
  return keep(verified, key, () => verify(hashed, password));
};

function keep<T>(results: Map<string, Promise<T>>, key: string, compute: () => Promise<T>): Promise<T> {
  const known = results.get(key);
  if (known !== undefined) return known;
  const computed = compute();
  results.set(key, computed);
  return computed;
}

Object.assign(argon2, { hash: hashOnce, verify: verifyOnce });
