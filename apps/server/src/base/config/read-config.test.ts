import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { parseListen } from "./listen.ts";
import { flagNames, type OptionName, optionSchemas } from "./options.ts";
import { type ConfigSources, readConfig } from "./read-config.ts";
import { rewindReachMs, shownLifetimes } from "./retention-settings.ts";

const read = (sources: ConfigSources) => readConfig({ environment: { HOME: "/home/u" }, ...sources });
const messageOf = (sources: ConfigSources): string => {
  try {
    read(sources);
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.code === "usage" && error.exitCode === 2, String(error));
    return error.message;
  }
  return "accepted";
};

test("a server listens on loopback and stores everything in the platform's folder by default", () => {
  const config = read({});
  assert.deepEqual(config.listen, { host: "127.0.0.1", port: 8420 });
  assert.ok(config.dataFolder.endsWith("holdfast"));
  assert.deepEqual(
    [config.databaseUrl, config.store, config.redisUrl, config.tls, config.administrator],
    Array(5).fill(undefined),
  );
  assert.deepEqual([...config.roles], ["api", "blocks", "notify", "worker"]);
  assert.deepEqual(
    [config.proxyHops, config.logLevel, config.openRegistration, config.pollsMax],
    [0, "info", false, 64],
  );
  assert.deepEqual(config.rates.calls, { perSecond: 200, burst: 2000 });
  assert.deepEqual(config.rates.sign_in, { perSecond: 10 / 60, burst: 10 });
});

test("a flag overrides the environment, which overrides the file", () => {
  const file = JSON.stringify({ data: "/file", listen: "127.0.0.1:1", store: "/file-store" });
  const environment = { HOLDFAST_DATA: "/environment", HOLDFAST_LISTEN: "127.0.0.1:2", HOLDFAST_REDIS_URL: "" };
  const config = readConfig({ flags: { data: "/flag", listen: undefined }, environment, file });
  assert.deepEqual(
    [config.dataFolder, config.listen.port, config.store, config.redisUrl],
    ["/flag", 2, "/file-store", undefined],
  );
});

test("settings have their types in every source", () => {
  assert.equal(read({ flags: { "behind-proxy": true } }).proxyHops, 1);
  assert.equal(read({ flags: { "behind-proxy": "2" } }).proxyHops, 2);
  assert.equal(read({ file: '{"behind_proxy": 3}' }).proxyHops, 3);
  assert.equal(read({ environment: { HOLDFAST_OPEN_REGISTRATION: "true" } }).openRegistration, true);
  assert.deepEqual(read({ flags: { roles: "api, worker" } }).roles, new Set(["api", "worker"]));
  assert.equal(read({ environment: { HOLDFAST_RATE_LIMIT_USER: "0" } }).rates.calls, undefined);
  const topology = { shards: [{ id: "a", buckets: [[0, 4095]] }], cells: [{ id: "a", buckets: [[0, 4095]] }] };
  assert.equal(read({ environment: { HOLDFAST_TOPOLOGY: JSON.stringify(topology) } }).topology?.shards[0]?.id, "a");
  assert.deepEqual(read({ environment: { HOLDFAST_RATE_LIMIT_PRESET: "public" } }).rates.bytes, {
    perSecond: 10e9 / 60 / 60,
    burst: 10e9,
  });
  assert.deepEqual(read({}).rates.sign_up, { perSecond: 10 / 60 / 60, burst: 10 });
  assert.equal(read({ environment: { HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } }).rates.sign_up, undefined);
});

test("an invalid setting is rejected with the place where it was given", () => {
  assert.match(messageOf({ flags: { roles: "api,cook" } }), /^--roles: /);
  assert.match(messageOf({ environment: { HOLDFAST_LOG_LEVEL: "loud" } }), /^HOLDFAST_LOG_LEVEL: /);
  assert.match(messageOf({ file: '{"databas_url": "x"}' }), /databas_url, which does not exist/);
  assert.match(
    messageOf({ file: '{"database_url": "mysql://x"}' }),
    /database_url of the configuration file: must read like/,
  );
  assert.match(messageOf({ file: "[" }), /cannot be read as JSON/);
  assert.match(
    messageOf({ flags: { config: "/nowhere/holdfast.json" } }),
    /^\/nowhere\/holdfast\.json does not exist\.$/,
  );
  assert.match(messageOf({ flags: { "tls-cert": "c.pem" } }), /both --tls-cert and --tls-key/);
  assert.match(messageOf({ environment: { HOLDFAST_ADMIN_EMAIL: "a@b" } }), /must be given together/);
  // A password in a flag would be visible in the process list.
  assert.equal(read({ flags: { "admin-password": "p", "admin-email": "a@b" } }).administrator, undefined);
});

test("each setting's error message describes the values that it accepts", () => {
  const saidOf = (name: OptionName, value: string): string =>
    messageOf({ environment: { [`HOLDFAST_${name.toUpperCase()}`]: value } });
  for (const name of Object.keys(optionSchemas) as OptionName[])
    for (const value of ["§", "-1", "{}", "[1]", '{"shards": [{}]}', '{"My Plan": 1}', "x".repeat(5000)])
      assert.doesNotMatch(
        saidOf(name, value),
        /\b(?:expected|received|Invalid|Unrecognized)\b|>=|<=|undefined/,
        `${name} ${value}`,
      );
  for (const [name, value, said] of [
    ["open_registration", "maybe", "HOLDFAST_OPEN_REGISTRATION: must be true or false."],
    [
      "disk_reserve_bytes",
      "much",
      "HOLDFAST_DISK_RESERVE_BYTES: must be a number of bytes such as 1048576, 500M or 1.5G.",
    ],
    ["behind_proxy", "11", "HOLDFAST_BEHIND_PROXY: must be at most 10."],
    ["roles", "api,cook", "HOLDFAST_ROLES: entry 2 must be one of api, blocks, notify, worker."],
    ["log_level", "loud", "HOLDFAST_LOG_LEVEL: must be one of error, warn, info, debug, silent."],
    ["rate_limit_user", "many", "HOLDFAST_RATE_LIMIT_USER: must be a number."],
    ["rate_limit_user", "-1", "HOLDFAST_RATE_LIMIT_USER: must be at least 0."],
    ["connections_max", "1.5", "HOLDFAST_CONNECTIONS_MAX: must be a whole number."],
    ["disk_reserve_bytes", "2000T", "HOLDFAST_DISK_RESERVE_BYTES: must be at most 1,000,000,000,000,000."],
    ["topology", '{"shards": [{}], "cells": []}', "HOLDFAST_TOPOLOGY: shards[0].id is missing."],
    ["plans", '{"My Plan": 1}', "HOLDFAST_PLANS: My Plan must be 1 to 32 letters, digits, - and _ in lower case."],
  ] as const)
    assert.equal(saidOf(name, value), said);
});

test("booleans and sizes are read in their usual notations", () => {
  const isOpen = (value: string) => read({ environment: { HOLDFAST_OPEN_REGISTRATION: value } }).openRegistration;
  assert.deepEqual(["yes", "On", "TRUE", "1", "no", "off", "0"].map(isOpen), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  const reserve = (value: string) => read({ environment: { HOLDFAST_DISK_RESERVE_BYTES: value } }).diskReserveBytes;
  assert.deepEqual(["0", "500M", "1.5 GiB"].map(reserve), [0, 500 * 2 ** 20, 1.5 * 2 ** 30]);
});

test("mail requires a sender and a public address", () => {
  const smtp = "smtp://ann:p%40ss@mail.example.org";
  const mail = { HOLDFAST_SMTP_URL: smtp, HOLDFAST_MAIL_FROM: "Our drive <drive@example.org>" };
  assert.deepEqual(read({ environment: mail }).mail, {
    host: "mail.example.org",
    port: 587,
    tls: "needed",
    isCertificateChecked: true,
    login: { user: "ann", password: "p@ss" },
    from: { name: "Our drive", address: "drive@example.org" },
  });
  assert.match(messageOf({ environment: { HOLDFAST_SMTP_URL: smtp } }), /HOLDFAST_MAIL_FROM/);
  const behindProxy = { environment: mail, flags: { "behind-proxy": true } };
  assert.match(messageOf(behindProxy), /HOLDFAST_PUBLIC_URL/);
  const publicUrl = { HOLDFAST_PUBLIC_URL: "https://drive.example.org/" };
  assert.equal(read({ ...behindProxy, environment: { ...mail, ...publicUrl } }).publicUrl, "https://drive.example.org");
  for (const bad of ["drive.example.org", "ftp://a.b", "https://a.b/?x", "https://u:p@a.b", "https://a.b/#x"])
    assert.match(messageOf({ environment: { HOLDFAST_PUBLIC_URL: bad } }), /^HOLDFAST_PUBLIC_URL: /);
  for (const bad of ["a", "a@b <c@d>x", "A <a@b\r\nBcc: c@d>", "a@b, c@d"])
    assert.match(messageOf({ environment: { ...mail, HOLDFAST_MAIL_FROM: bad } }), /^HOLDFAST_MAIL_FROM: /);
  for (const bad of ["smtp://", "smtp://a:%ff@b", "smtp://a:secret@b/x", "smtp://a:secret@b?tls=off", "http://a"]) {
    const message = messageOf({ environment: { ...mail, HOLDFAST_SMTP_URL: bad } });
    assert.match(message, /^HOLDFAST_SMTP_URL: /);
    assert.ok(!message.includes("secret"), message);
  }
});

test("the server's name has 1 to 40 visible characters, without control or direction characters", () => {
  const named = (name: string) => read({ environment: { HOLDFAST_SERVER_NAME: name } }).serverName;
  assert.equal(read({}).serverName, "Holdfast");
  assert.equal(named("  Müllers Wolke & <Söhne> "), "Müllers Wolke & <Söhne>");
  for (const name of ["a", "雲".repeat(40), "🏳\u200d🌈".repeat(10), "می\u200cخواهم"]) assert.equal(named(name), name);
  for (const name of [
    " ",
    "\u00a0",
    "\u0301",
    "a".repeat(41),
    "a\nb",
    "a\u0000b",
    "a\u202eb",
    "\u2066a",
    "a\u200b",
    "a\u2028b",
  ])
    assert.match(
      messageOf({ environment: { HOLDFAST_SERVER_NAME: name } }),
      /^HOLDFAST_SERVER_NAME: must be 1 to 40 visible characters, without control or bidi characters/,
      JSON.stringify(name),
    );
  assert.match(messageOf({ file: '{"server_name": 7}' }), /server_name of the configuration file/);
});

test("a sender without a name uses the server's name", () => {
  const senderOf = (from: string, more: Record<string, string> = {}) =>
    read({ environment: { HOLDFAST_SMTP_URL: "smtp://localhost", HOLDFAST_MAIL_FROM: from, ...more } }).mail?.from.name;
  assert.equal(senderOf("drive@example.org"), "Holdfast");
  assert.equal(senderOf("drive@example.org", { HOLDFAST_SERVER_NAME: "Our drive" }), "Our drive");
  assert.equal(senderOf("Post <drive@example.org>", { HOLDFAST_SERVER_NAME: "Our drive" }), "Post");
});

test("only a local mail server, or one marked as insecure, is used without a checked certificate", () => {
  const tlsOf = (url: string) => {
    const { mail } = read({ environment: { HOLDFAST_SMTP_URL: url, HOLDFAST_MAIL_FROM: "a@b" } });
    return [mail?.tls, mail?.isCertificateChecked, mail?.port];
  };
  assert.deepEqual(tlsOf("smtp://mail.example.org"), ["needed", true, 587]);
  assert.deepEqual(tlsOf("smtps://mail.example.org"), ["connect", true, 465]);
  assert.deepEqual(tlsOf("smtp://localhost.example.org:25"), ["needed", true, 25]);
  for (const near of [
    "smtp://localhost:25",
    "smtp://127.0.0.1:25",
    "smtp://[::1]:25",
    "smtp://10.0.0.1:25?insecure=true",
  ])
    assert.deepEqual(tlsOf(near), ["offered", false, 25]);
});

test("a listen address is read in its usual forms, and one reachable from the network needs TLS or a proxy", () => {
  assert.deepEqual(parseListen("[::1]:0"), { host: "::1", port: 0 });
  assert.deepEqual(parseListen("9000"), { host: "127.0.0.1", port: 9000 });
  assert.deepEqual(parseListen("drive.example:443"), { host: "drive.example", port: 443 });
  for (const bad of ["", "a:b", "127.0.0.1:70000", "::1:80", "[127.0.0.1]:80", "a b:1"])
    assert.match(messageOf({ flags: { listen: bad } }), /--listen/);
  assert.match(
    messageOf({ flags: { listen: "127.0.0.1:99999" } }),
    /--listen 127\.0\.0\.1:99999: ports go from 1 to 65535/,
  );
  for (const open of ["0.0.0.0:8420", "[::]:8420", "192.168.1.2:80"]) {
    assert.match(messageOf({ flags: { listen: open } }), /unencrypted.*--tls-cert.*--behind-proxy/);
    assert.equal(messageOf({ flags: { listen: open, "behind-proxy": true } }), "accepted");
    assert.equal(messageOf({ flags: { listen: open, "tls-cert": "c", "tls-key": "k" } }), "accepted");
  }
});

test("there are three plans unless they are configured, and the default plan must be one of them", () => {
  const plans = (text: string, defaultPlan = "") =>
    read({ environment: { HOLDFAST_PLANS: text, HOLDFAST_DEFAULT_PLAN: defaultPlan } }).plans;
  assert.deepEqual(plans(""), {
    plans: { free: 15 * 2 ** 30, plus: 2 * 2 ** 40, business: null },
    defaultPlan: "business",
  });
  assert.equal(plans("", "free").defaultPlan, "free");
  const own = { plans: { team: null, guest: 0 }, defaultPlan: "guest" };
  assert.deepEqual(plans(JSON.stringify(own.plans), "guest"), own);
  assert.deepEqual(read({ file: JSON.stringify({ plans: own.plans, default_plan: "guest" }) }).plans, own);
  const units = '{"team": null, "guest": "500M", "free": "15 GB"}';
  assert.deepEqual(plans(units, "free").plans, { team: null, guest: 500 * 2 ** 20, free: 15 * 2 ** 30 });
  const refusal = (text: string, defaultPlan = "") =>
    messageOf({ environment: { HOLDFAST_PLANS: text, HOLDFAST_DEFAULT_PLAN: defaultPlan } });
  assert.match(refusal("{"), /^HOLDFAST_PLANS is not JSON/);
  assert.match(refusal('{"team": null}'), /^HOLDFAST_DEFAULT_PLAN must be one of team; business is not/);
  assert.match(refusal("", "gold"), /one of free, plus, business; gold is not/);
  assert.match(refusal('{"constructor": 1}', "toString"), /toString is not/);
  for (const bad of [
    "{}",
    "[]",
    "7",
    '{"Free": 1}',
    '{"free": -1}',
    '{"free": "15 files"}',
    '{"free": true}',
    '{"": 1}',
  ])
    assert.match(refusal(bad), /^HOLDFAST_PLANS: /, bad);
});

test("retention settings are given in days, hours, minutes or seconds", () => {
  const day = 24 * 3600_000;
  assert.deepEqual(read({}).retention, {
    versionsKept: 30,
    versionAgeMs: 30 * day,
    trashMs: 30 * day,
    blocksMs: 7 * day,
    doomedMs: day,
    packsMs: 7 * day,
    sessionsMs: 7 * day,
    auditMs: 365 * day,
    graceMs: 30 * day,
  });
  const environment = {
    HOLDFAST_RETENTION_VERSIONS: "5",
    HOLDFAST_RETENTION_VERSION_AGE: "90d",
    HOLDFAST_RETENTION_TRASH: "12h",
    HOLDFAST_RETENTION_BLOCKS: "5m",
    HOLDFAST_RETENTION_DOOMED: "1s",
    HOLDFAST_RETENTION_AUDIT: "90d",
    HOLDFAST_ACCOUNT_GRACE: "14d",
  };
  const { retention } = read({
    environment,
    file: '{"retention_packs": "48h", "retention_sessions": "2d", "retention_doomed": "3d"}',
  });
  assert.deepEqual(retention, {
    versionsKept: 5,
    versionAgeMs: 90 * day,
    trashMs: day / 2,
    blocksMs: 300_000,
    doomedMs: 1000,
    packsMs: 2 * day,
    sessionsMs: 2 * day,
    auditMs: 90 * day,
    graceMs: 14 * day,
  });
  assert.deepEqual(shownLifetimes(retention), {
    trash_lifetime_ms: day / 2,
    version_lifetime_ms: 90 * day,
    versions_kept_min: 5,
    rewind_reach_ms: day / 2,
    upload_lifetime_ms: 2 * day,
    account_grace_ms: 14 * day,
  });
  assert.equal(rewindReachMs({ ...retention, trashMs: 40 * day, versionAgeMs: 20 * day }), 20 * day);
  assert.equal(rewindReachMs({ ...retention, trashMs: 400 * day, versionAgeMs: 400 * day }), 90 * day);
  for (const bad of ["30", "d", "1w", "-1d", "1.5h", " 1d", "1 d", "0s", "36501d", "999999999d", "1e3s"]) {
    assert.match(
      messageOf({ environment: { HOLDFAST_RETENTION_TRASH: bad } }),
      /^HOLDFAST_RETENTION_TRASH: must (?:read like 30d, 12h, 5m or 1s|be at least 1s and at most 36500d)\.$/,
      bad,
    );
  }
  assert.match(messageOf({ file: '{"retention_blocks": 7}' }), /^retention_blocks of the configuration file: /);
  for (const bad of ["0", "-1", "1.5", "many"])
    assert.match(
      messageOf({ environment: { HOLDFAST_RETENTION_VERSIONS: bad } }),
      /^HOLDFAST_RETENTION_VERSIONS: /,
      bad,
    );
});

test("the intervals of metadata snapshots are given as durations or switched off", () => {
  assert.deepEqual(read({}).snapshots, { snapshotMs: 3600_000, journalMs: 60_000 });
  const said = (snapshot: string, journal: string) =>
    read({ environment: { HOLDFAST_SNAPSHOT_INTERVAL: snapshot, HOLDFAST_JOURNAL_INTERVAL: journal } }).snapshots;
  assert.deepEqual(said("1s", "2d"), { snapshotMs: 1000, journalMs: 2 * 24 * 3600_000 });
  assert.deepEqual(said("12h", "off"), { snapshotMs: 12 * 3600_000, journalMs: undefined });
  assert.deepEqual(said("0", "5m"), { snapshotMs: undefined, journalMs: undefined });
  assert.deepEqual(read({ file: '{"snapshot_interval": 0}' }).snapshots.snapshotMs, undefined);
  for (const bad of ["30", "1w", "-1d", "0s", "no", "36501d"])
    assert.match(
      messageOf({ environment: { HOLDFAST_JOURNAL_INTERVAL: bad } }),
      /^HOLDFAST_JOURNAL_INTERVAL: must (?:read like 1h, 5m or 30s, at least 1s, or be off|be at least 1s and at most 36500d)\.$/,
      bad,
    );
});

test("every setting is explained in docs/operation.md", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../../docs/operation.md"), "utf8");
  for (const name of Object.keys(optionSchemas) as OptionName[]) {
    assert.ok(text.includes(`\`HOLDFAST_${name.toUpperCase()}\``), name);
    if (flagNames.has(name)) assert.ok(text.includes(`\`--${name.replaceAll("_", "-")}`), name);
  }
});

test("--acme sets the public address to the first name, on port 443 by default", () => {
  const config = read({ flags: { acme: "Drive.Example.org., www.example.org,drive.example.org" } });
  assert.deepEqual(config.acme, {
    domains: ["drive.example.org", "www.example.org"],
    email: undefined,
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    rootCertificate: undefined,
  });
  assert.deepEqual([config.publicUrl, config.listen.port], ["https://drive.example.org", 443]);
  assert.ok(["::", "0.0.0.0"].includes(config.listen.host));
  const told = read({
    flags: { acme: "bücher.example", listen: "0.0.0.0:8420" },
    environment: { HOLDFAST_PUBLIC_URL: "https://b.example" },
  });
  assert.equal(told.acme?.domains[0], "xn--bcher-kva.example");
  assert.deepEqual([told.publicUrl, told.listen], ["https://b.example", { host: "0.0.0.0", port: 8420 }]);
  const own = { HOLDFAST_ACME: "nas.lan", HOLDFAST_ACME_DIRECTORY: "https://ca.lan/acme/directory" };
  assert.equal(read({ environment: own }).acme?.directory, own.HOLDFAST_ACME_DIRECTORY);
  assert.deepEqual(read({ file: '{"acme": ["a.example.org", "b.example.org"]}' }).acme?.domains.length, 2);
});

test("settings that cannot be combined with --acme are rejected", () => {
  const refused = (flags: Record<string, string | boolean>, environment = {}) =>
    messageOf({ flags: { acme: "a.example.org", ...flags }, environment });
  assert.match(refused({ "tls-cert": "/c", "tls-key": "/k" }), /cannot be combined with --tls-cert/);
  assert.match(refused({ "behind-proxy": true }), /behind a proxy, the proxy/);
  assert.match(refused({ listen: "0.0.0.0:0" }), /needs a fixed port/);
  assert.match(refused({ acme: "*.example.org" }), /--acme: .*list each name/);
  assert.match(refused({ acme: "192.168.1.20" }), /is an IP address/);
  assert.match(refused({ acme: "[::1]" }), /is an IP address/);
  for (const name of [
    "https://a.example.org",
    "a.example.org:443",
    "a b.example.org",
    "a..org",
    "",
    "a_b.org",
    "-a.org",
  ])
    assert.match(refused({ acme: name }), /is not a domain name/, name);
  for (const name of ["nas", "nas.local", "nas.home.arpa", "localhost"])
    assert.match(refused({ acme: name }), /public authorities issue no certificates/, name);
  assert.match(refused({}, { HOLDFAST_ACME_DIRECTORY: "http://ca.lan/directory" }), /must be the https address/);
  assert.match(refused({}, { HOLDFAST_ACME_CA: "/nowhere.pem" }), /HOLDFAST_ACME_CA: \/nowhere\.pem/);
  assert.match(refused({ "acme-email": "a@b.c?d" }), /must be an address like/);
  assert.match(messageOf({ environment: { HOLDFAST_ACME_EMAIL: "a@b.c" } }), /require --acme DOMAIN/);
});
