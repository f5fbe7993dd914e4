import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type {
  PasskeyAssertion,
  PasskeyCreation,
  PasskeyRegistration,
  PasskeyRequest,
} from "@holdfast/protocol/passkey-values";

interface Odd {
  readonly origin?: string;
  readonly rpId?: string;
  readonly unverified?: true;
  readonly crossOrigin?: true;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly credentialId?: string;
}

/** Device with a WebAuthn (level 3) passkey, made without the server's library. */
export class TestPasskey {
  readonly #key: KeyObject;
  readonly #publicKey: Buffer;
  readonly #origin: string;
  readonly #id = randomBytes(32);
  #counter: number;
  #userHandle = "";

  /** @param counter number of uses; with 0 it does not count, like password managers */
  constructor(origin: string, counter = 0) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    this.#key = privateKey;
    this.#publicKey = coseKey(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
    this.#origin = origin;
    this.#counter = counter;
  }

  get id(): string {
    return this.#id.toString("base64url");
  }

  create(asked: PasskeyCreation, odd: Odd = {}): PasskeyRegistration {
    this.#userHandle ||= asked.user.id;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#publicKey]);
    const data = Buffer.concat([this.#head(odd.rpId ?? asked.rp.id, odd, 0x40), credential]);
    return {
      id: this.id,
      response: {
        clientDataJSON: this.#clientData("webauthn.create", asked.challenge, odd),
        attestationObject: attestation(data).toString("base64url"),
        transports: ["internal"],
      },
    };
  }

  get(asked: PasskeyRequest, odd: Odd = {}): PasskeyAssertion {
    if (this.#counter > 0) this.#counter += 1;
    const data = this.#head(odd.rpId ?? asked.rpId, odd, 0);
    const clientDataJSON = this.#clientData("webauthn.get", asked.challenge, odd);
    const hash = createHash("sha256").update(Buffer.from(clientDataJSON, "base64url")).digest();
    return {
      id: odd.credentialId ?? this.id,
      response: {
        clientDataJSON,
        authenticatorData: data.toString("base64url"),
        signature: sign("sha256", Buffer.concat([data, hash]), this.#key).toString("base64url"),
        userHandle: odd.userHandle ?? this.#userHandle,
      },
    };
  }

  #head(rpId: string, { unverified, counter = this.#counter }: Odd, more: number): Buffer {
    const tail = Buffer.alloc(5);
    tail[0] = 0x01 | (unverified === true ? 0 : 0x04) | more;
    tail.writeUInt32BE(counter, 1);
    return Buffer.concat([createHash("sha256").update(rpId).digest(), tail]);
  }

  #clientData(type: string, challenge: string, odd: Odd): string {
    const data = { type, challenge, origin: odd.origin ?? this.#origin, crossOrigin: odd.crossOrigin ?? false };
    return Buffer.from(JSON.stringify(data)).toString("base64url");
  }
}

/** ES256, in CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}. */
function coseKey(x: Buffer, y: Buffer): Buffer {
  const bytes32 = Buffer.from([0x58, 32]);
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]);
  return Buffer.concat([head, bytes32, x, Buffer.from([0x22]), bytes32, y]);
}

/** {"fmt": "none", "attStmt": {}, "authData": data}, in CBOR. */
function attestation(data: Buffer): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);
  const length = Buffer.from([0x59, data.length >> 8, data.length & 0xff]);
  const parts = [Buffer.from([0xa3]), text("fmt"), text("none"), text("attStmt"), Buffer.from([0xa0])];
  return Buffer.concat([...parts, text("authData"), length, data]);
}
