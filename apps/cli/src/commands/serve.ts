import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const serveCommand: CommandMaker = (context) => {
  const command = newCommand("serve", "Run the server; the first start creates everything", [
    "serve",
    "serve --data /srv/holdfast --listen 127.0.0.1:8420",
    "serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem",
    "serve --acme drive.example.org",
    "serve --data /srv/holdfast --install-service",
  ])
    .option("--data <folder>", "where everything is kept")
    .option("--expect-data", "start only if the data is there, not as a new server: for a disk that is mounted late")
    .option("--listen <address>", "host and port, 127.0.0.1:8420 unless told")
    .option("--database-url <url>", "an external PostgreSQL instead of the embedded one")
    .option("--store <place>", "a folder or s3://… for the packs")
    .option("--second-store <place>", "another one that holds the same")
    .option("--redis-url <url>", "shares rate limits and wake-ups between several processes")
    .option("--tls-cert <file>", "certificate, with its chain, in PEM")
    .option("--tls-key <file>", "its private key in PEM")
    .option(
      "--acme <domain>",
      "get the certificate from Let's Encrypt, whose terms you agree to by this; may be given again",
      join,
    )
    .option("--acme-email <address>", "whom the authority may write to")
    .option("--behind-proxy [hops]", "a proxy ends TLS; trust the forwarded address of that many hops")
    .option("--roles <list>", "run only these parts, comma-separated")
    .option("--config <file>", "a JSON file with the same settings")
    .option(
      "--install-service",
      "write a service of systemd that runs this server: the system's as root, else your own",
    )
    .option("--user <name>", "with --install-service as root: whom it runs as, holdfast unless told")
    .option("--print", "with --install-service: only show it");
  return runs<[]>(context, command, async (run, options) => {
    if (options["installService"] === true) {
      const { installServer } = await import("../service/install-server.ts");
      return installServer(run, options);
    }
    for (const name of ["user", "print"])
      if (options[name] !== undefined) throw usage(`--${name} goes with --install-service.`);
    const server = await import("@holdfast/server/main");
    const { prepareApp } = await import("@holdfast/web/build/prepare-app");
    const { json: _json, quiet: _quiet, ...flags } = options;
    await server.serveCommand(flags, prepareApp);
  });
};

/** Several are one setting, as in the environment. */
function join(value: string, before?: string): string {
  return before === undefined ? value : `${before},${value}`;
}
