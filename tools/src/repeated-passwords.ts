import type * as argon2Module from "@node-rs/argon2";
import { createRequire } from "node:module";

type Argon2 = typeof argon2Module;

/**
 * Loaded before the files of a batch. Hashes each password once per process: a hash takes 15 ms, and the tests use the
 * same few passwords thousands of times. A wrong password takes its time each time, as tests of the queue need. The only
 * difference is that equal passwords get equal salts. The long tier runs without it.
 */
const argon2 = createRequire(import.meta.url)("@node-rs/argon2") as Argon2;
const { hash, verify } = argon2;
const hashes = new Map<string, Promise<string>>();
const matches = new Set<string>();

const hashOnce: Argon2["hash"] = (password, options) => {
  const key = JSON.stringify([String(password), options]);
  const hashed = hashes.get(key) ?? hash(password, options);
  hashes.set(key, hashed);
  return hashed;
};

const verifyOnce: Argon2["verify"] = async (hashed, password) => {
  const key = JSON.stringify([String(hashed), String(password)]);
  if (matches.has(key)) return true;
  const isMatch = await verify(hashed, password);
  if (isMatch) matches.add(key);
  return isMatch;
};

Object.assign(argon2, { hash: hashOnce, verify: verifyOnce });
