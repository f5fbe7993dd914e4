import { keepCompiledCode } from "../config/compiled-code.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";

export const serveCommand: CommandMaker = (context) => {
  const command = newCommand("serve", "Run the server; the first start creates everything it needs", [
    "serve",
    "serve --data /srv/holdfast --listen 127.0.0.1:8420",
    "serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem",
    "serve --acme drive.example.org",
    "serve --data /srv/holdfast --install-service",
  ])
    .option("--data <folder>", "folder for all of the server's data")
    .option(
      "--expect-data",
      "start only if the folder already contains data, never as a new server; for a disk that may be mounted late",
    )
    .option("--listen <address>", "host and port; default 127.0.0.1:8420")
    .option("--database-url <url>", "use an external PostgreSQL instead of the embedded one")
    .option("--store <place>", "folder or s3://… bucket for file content")
    .option("--second-store <place>", "second store with the same content")
    .option("--redis-url <url>", "Redis server that shares rate limits and wake-ups between processes")
    .option("--tls-cert <file>", "certificate with its chain, in PEM")
    .option("--tls-key <file>", "private key of the certificate, in PEM")
    .option("--acme <domain>", "get a certificate from Let's Encrypt and agree to its terms; can be repeated", join)
    .option("--acme-email <address>", "contact address for the certificate authority")
    .option("--behind-proxy [hops]", "a proxy terminates TLS; number of proxies whose forwarded addresses are trusted")
    .option("--roles <list>", "run only these roles, comma-separated")
    .option("--config <file>", "read settings from a JSON file")
    .option(
      "--install-service",
      "install a systemd service that runs this server: system-wide as root, otherwise for your user",
    )
    .option("--user <name>", "with --install-service as root: user that the service runs as; default holdfast")
    .option("--print", "with --install-service: only print the service");
  return runs<[]>(context, command, async (run, options) => {
    if (options["installService"] === true) {
      const { installServer } = await import("../service/install-server.ts");
      return installServer(run, options);
    }
    for (const name of ["user", "print"])
      if (options[name] !== undefined) throw usage(`--${name} can only be used with --install-service.`);
    const { json: _json, quiet: _quiet, ...rest } = options;
    const { readConfig } = await import("@holdfast/server/base/config/read-config");
    const { folderLockName } = await import("@holdfast/server/base/data-folder/folder-lock");
    const config = readConfig({ flags: toFlags(rest), environment: process.env });
    // Writes nothing to an empty folder, because it may be the mount point of a disk that is mounted later.
    keepCompiledCode(config.dataFolder, folderLockName);
    const { serveCommand: serve } = await import("@holdfast/server/main");
    const { prepareApp } = await import("@holdfast/web/build/prepare-app");
    await serve(config, prepareApp);
  });
};

/** Joins repeated options, as in the environment. */
function join(value: string, before?: string): string {
  return before === undefined ? value : `${before},${value}`;
}

/** Returns the option names of the command line, because commander turns `--tls-cert` into `tlsCert`. */
function toFlags(options: Readonly<Record<string, unknown>>): Record<string, string | boolean | undefined> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      typeof value === "string" || typeof value === "boolean" ? value : undefined,
    ]),
  );
}
