import { spawn } from "node:child_process";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface TestKeyService {
  readonly url: string;
  readonly token: string;
  /** Same as `vault write -f transit/keys/NAME/rotate`. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

export async function startKeyService(port = 0): Promise<TestKeyService> {
  const token = "hvs.test";
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), String(port), token], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const endWithTest = () => void child.kill("SIGKILL");
  process.once("exit", endWithTest);
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    url,
    token,
    rotate: async () => {
      await fetch(`${url}/v1/transit/keys/holdfast/rotate`, { method: "POST", headers: { "x-vault-token": token } });
    },
    stop: async () => {
      process.off("exit", endWithTest);
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs in its own process. Fixed keys survive a restart. */
function serve(port: number, token: string): void {
  let version = 1;
  const server = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse((await textOf(request)) || "{}") as Record<string, string>;
      const target = String(request.headers["x-amz-target"] ?? "");
      const [status, answer] =
        target === "" ? vault(request, body) : kms(request, target.replace("TrentService.", ""), body);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    })();
  });
  const vault = (request: IncomingMessage, body: Record<string, string>): [number, object] => {
    if (request.headers["x-vault-token"] !== token) return [403, { errors: ["permission denied"] }];
    const path = request.url ?? "";
    if (path === "/v1/transit/keys/holdfast/rotate") return [200, { data: { version: (version += 1) } }];
    if (path === "/v1/transit/encrypt/holdfast") {
      const sealed = seal(version, Buffer.from(body["plaintext"] ?? "", "base64"));
      return [200, { data: { ciphertext: `vault:v${version}:${sealed.toString("base64")}`, key_version: version } }];
    }
    if (path !== "/v1/transit/decrypt/holdfast") return [404, { errors: ["no handler for route"] }];
    const [, found = "0", text = ""] = /^vault:v(\d+):(.+)$/.exec(body["ciphertext"] ?? "") ?? [];
    const plain = open(Number(found), Buffer.from(text, "base64"));
    if (plain === undefined) return [400, { errors: ["cipher: message authentication failed"] }];
    return [200, { data: { plaintext: plain.toString("base64") } }];
  };
  const kms = (request: IncomingMessage, action: string, body: Record<string, string>): [number, object] => {
    const signed =
      /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-test-1\/kms\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/;
    if (!signed.test(request.headers.authorization ?? ""))
      return [403, { __type: "MissingAuthenticationTokenException" }];
    if (body["KeyId"] !== "alias/holdfast") return [400, { __type: "NotFoundException" }];
    if (action === "Encrypt") {
      return [200, { CiphertextBlob: seal(99, Buffer.from(body["Plaintext"] ?? "", "base64")).toString("base64") }];
    }
    const plain = open(99, Buffer.from(body["CiphertextBlob"] ?? "", "base64"));
    return plain === undefined
      ? [400, { __type: "InvalidCiphertextException" }]
      : [200, { Plaintext: plain.toString("base64") }];
  };
  server.listen(port, "127.0.0.1", () => {
    process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}

function seal(version: number, plain: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32, version), nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(version: number, sealed: Buffer): Buffer | undefined {
  if (sealed.length < 28) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", Buffer.alloc(32, version), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]), process.argv[3] ?? "");
