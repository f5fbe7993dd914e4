import { HoldfastError } from "@holdfast/core/errors";
import { awsKmsKey } from "./aws-kms-key.ts";
import type { KeyWrapping } from "./key-wrapping.ts";
import { vaultKey } from "./vault-key.ts";
import type { PlainKey, WrappedKey } from "./wrapped-keys.ts";
import type { RemoteKey } from "./remote-key.ts";

export type KeyServices = (address: string) => KeyWrapping;

export function isServiceAddress(text: string): boolean {
  return /^(vault|aws-kms):/.test(text);
}

/**
 * Returns the same wrapping, with its cache of opened keys, for the same address.
 * @param environment contains the services' secrets
 */
export function openKeyServices(environment: Readonly<Record<string, string | undefined>>): KeyServices {
  const known = new Map<string, KeyWrapping>();
  return (address) => {
    const wrapping = known.get(address) ?? wrappingByRemoteKey(remoteKeyAt(address, environment));
    known.set(address, wrapping);
    return wrapping;
  };
}

function remoteKeyAt(address: string, environment: Readonly<Record<string, string | undefined>>): RemoteKey {
  const key = address.startsWith("vault:") ? vaultKey(address, environment) : awsKmsKey(address, environment);
  if (key !== undefined) return key;
  throw new HoldfastError(
    "usage",
    "HOLDFAST_KEY_ENCRYPTION_KEY is not a valid key: it must look like vault:https://vault.example.org:8200/transit/NAME or " +
      "aws-kms:alias/NAME?region=eu-central-1.",
  );
}

/** Epoch and time are sealed with the key. */
export function wrappingByRemoteKey(key: RemoteKey): KeyWrapping {
  // Cache by sealed bytes: a running server needs the service only for new keys.
  const opened = new Map<string, Uint8Array>();
  const open = async (sealed: Uint8Array): Promise<Uint8Array | undefined> => {
    const name = Buffer.from(sealed).toString("base64");
    const plain = opened.get(name) ?? (await key.open(sealed));
    if (plain !== undefined) opened.set(name, plain);
    return plain;
  };
  return {
    id: key.id,
    async wrap(plain) {
      const sealed = await key.seal(Buffer.concat([headOf(plain), plain.key]));
      const back = await open(sealed);
      if (back === undefined || Buffer.compare(back.subarray(-keyBytes), plain.key) !== 0) {
        throw new HoldfastError("failed", `${key.id} cannot decrypt what it has just encrypted. Nothing was changed.`);
      }
      return Buffer.concat([Uint8Array.of(wrappingVersion), sealed]);
    },
    async unwrap(wrapped) {
      if (wrapped.wrapped[0] !== wrappingVersion) return undefined;
      const plain = await open(wrapped.wrapped.subarray(1));
      const head = headOf(wrapped);
      if (plain?.length !== head.length + keyBytes || Buffer.compare(plain.subarray(0, head.length), head) !== 0) {
        return undefined;
      }
      return { key: Uint8Array.from(plain.subarray(head.length)), isUntimed: false };
    },
  };
}

const wrappingVersion = 3;
const keyBytes = 32;
const label = Buffer.from("holdfast data key 3");

function headOf({ epoch, createdAt }: Pick<PlainKey | WrappedKey, "epoch" | "createdAt">): Buffer {
  const head = Buffer.alloc(label.length + 12);
  label.copy(head);
  head.writeUInt32BE(epoch, label.length);
  head.writeBigInt64BE(BigInt(createdAt), label.length + 4);
  return head;
}
