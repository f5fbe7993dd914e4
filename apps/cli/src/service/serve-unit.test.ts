import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { serveUnit, systemDataFolder } from "./serve-unit.ts";

test("a system service may listen on a privileged port only if told to", () => {
  const unit = (args: readonly string[], user: string | undefined = "holdfast") =>
    serveUnit({ program: ["/bin/sh", "/h"], args, dataFolder: "/srv/holdfast", environmentFile: "/e", user });
  const right = "AmbientCapabilities=CAP_NET_BIND_SERVICE";
  const acme = "--acme=drive.example.org,www.example.org";
  for (const args of [[acme], [acme, "--listen=[::]:443"], ["--listen=0.0.0.0:443", "--tls-cert=/c"]])
    assert.ok(unit(args).includes(right), args.join(" "));
  for (const args of [[], [acme, "--listen=0.0.0.0:8420"], ["--listen=0.0.0.0:8443"]])
    assert.ok(!unit(args).includes(right), args.join(" "));
  assert.ok(!unit([acme], "root").includes(right));
  assert.ok(unit([acme]).includes(`"${acme}"`));
});

test("the unit of a process whose roles run apart restarts and is restricted like that of one server", () => {
  const shipped = readFileSync(new URL("../../../../deploy/systemd/holdfast@.service", import.meta.url), "utf8");
  const written = serveUnit({
    program: ["/bin/sh", "/opt/holdfast/apps/cli/bin/holdfast"],
    args: [],
    dataFolder: systemDataFolder,
    environmentFile: "/etc/holdfast/serve.env",
    user: "holdfast",
  });
  const own = /^(?:#|\[|$|Description=|RequiresMountsFor=|ExecStart=|EnvironmentFile=|StateDirectory=)/;
  const missing = written.split("\n").filter((line) => !own.test(line) && !shipped.includes(`\n${line}\n`));
  assert.deepEqual(missing, []);
});
